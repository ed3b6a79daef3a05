//! HTTP replies with the headers and bodies of the real thing (protocol section B1).

use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use tonic::body::Body;

/// What every service of the double answers.
pub(crate) type Reply = Response<Body>;

const HEADERS: [(&str, &str); 8] = [
    ("cache-control", "no-cache, no-store, must-revalidate"),
    ("expires", "0"),
    ("pragma", "no-cache"),
    ("referrer-policy", "strict-origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
];

fn with(status: u16, content_type: &'static str, body: Body) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// 200 with a JSON text and its length.
pub(crate) fn json(text: String) -> Reply {
    with(200, "application/json", Body::new(Full::new(Bytes::from(text))))
}

/// 200 with a JSON text in chunks, as long replies come.
pub(crate) fn chunked(text: String) -> Reply {
    let frame = Ok::<_, std::io::Error>(Frame::data(Bytes::from(text)));
    let stream = StreamBody::new(futures_util::stream::iter([frame]));
    with(200, "application/json", Body::new(stream))
}

/// Plain text.
pub(crate) fn text(status: u16, text: &str) -> Reply {
    with(status, "text/plain; charset=utf-8", Body::new(Full::new(Bytes::from(text.to_owned()))))
}

/// What unknown paths and wrong methods get.
pub(crate) fn not_found() -> Reply {
    text(404, "404 page not found\n")
}

/// An error in Teleport's form.
pub(crate) fn error(status: u16, message: &str) -> Reply {
    error_within(status, message, &[])
}

/// An error in Teleport's form with the texts around it, the nearest first (join-methods 5).
pub(crate) fn error_within(status: u16, message: &str, wraps: &[String]) -> Reply {
    let message = serde_json::Value::from(message);
    let wraps: Vec<_> =
        wraps.iter().map(|wrap| format!("        {}", serde_json::Value::from(wrap.as_str()))).collect();
    let messages =
        if wraps.is_empty() { String::new() } else { format!(",\n    \"messages\": [\n{}\n    ]", wraps.join(",\n")) };
    let body = format!("{{\n    \"error\": {{\n        \"message\": {message}\n    }}{messages}\n}}");
    with(status, "application/json", Body::new(Full::new(Bytes::from(body))))
}

/// A status that a fault asked for.
pub(crate) fn failure(status: u16, retry_after: Option<u64>) -> Reply {
    let message = match status {
        429 => format!("max rate reached: retry-in {}s", retry_after.unwrap_or(0)),
        _ => StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("failure").to_owned(),
    };
    let mut reply = error(status, &message);
    if let Some(seconds) = retry_after {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// The first half of `reply`, without a hint that something is missing but the broken content.
pub(crate) async fn truncated(reply: Reply) -> Reply {
    let (parts, body) = reply.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let half = bytes.slice(..bytes.len() / 2);
    Response::from_parts(parts, Body::new(Full::new(half)))
}
