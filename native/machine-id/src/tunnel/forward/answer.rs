//! What a proxy itself answers.

use http::header::{CONNECTION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;

use crate::error::{Code, Error};

/// Tells our answers from the application's (RFC 9209).
const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// A body on its way to a client.
pub(super) type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// An answer of ours: one line for people.
pub(super) fn said(status: StatusCode, text: &str, kind: &'static str) -> Response<Body> {
    let mut response = Response::new(body(format!("machine-id: {text}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(PROXY_STATUS, HeaderValue::from_static(kind));
    response
}

/// Why an application can't be reached. The connection ends with it, so that the cluster can be asked why.
pub(super) fn failed(error: &Error) -> Response<Body> {
    let (status, kind) = match error.code() {
        Code::TargetUnknown => (StatusCode::NOT_FOUND, "machine-id; error=destination_not_found"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "machine-id; error=connection_timeout"),
        _ => (StatusCode::BAD_GATEWAY, "machine-id; error=destination_unavailable"),
    };
    let mut response = said(status, &error.to_string(), kind);
    if status != StatusCode::NOT_FOUND {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What isn't done here.
pub(super) fn not_done(text: &str) -> Response<Body> {
    said(StatusCode::NOT_IMPLEMENTED, text, "machine-id; error=proxy_configuration_error")
}

/// A request that makes no sense.
pub(super) fn nonsense(text: &str) -> Response<Body> {
    said(StatusCode::BAD_REQUEST, text, "machine-id; error=http_request_error")
}

/// The way is open: what follows is the client's own.
pub(super) fn opened() -> Response<Body> {
    Response::new(empty())
}

/// A body without anything in it.
pub(super) fn empty() -> Body {
    body(String::new())
}

fn body(text: String) -> Body {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed_unsync()
}
