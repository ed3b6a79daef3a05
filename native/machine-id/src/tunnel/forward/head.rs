//! The heads of requests and answers on their way.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Uri, Version, request, response};

/// What belongs to one connection, and not to what is carried (RFC 9110, section 7.6.1), beside what `Connection` names.
/// Who reads the body answers `Expect` by itself.
const OF_CONNECTIONS: [&str; 10] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request as the cluster's proxy at `address` takes it. It knows the application by the certificate.
pub(super) fn outgoing(head: &mut request::Parts, address: &str) {
    let path = head.uri.path_and_query().filter(|path| path.as_str().starts_with('/'));
    head.uri = Uri::from(path.cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
    head.version = Version::HTTP_11;
    clean(&mut head.headers);
    head.headers.remove(header::HOST);
    // It can only fail for an address that no connection leads to.
    if let Ok(host) = HeaderValue::from_str(address) {
        head.headers.insert(header::HOST, host);
    }
}

/// An answer as the client takes it.
pub(super) fn incoming(head: &mut response::Parts) {
    head.version = Version::HTTP_11;
    clean(&mut head.headers);
}

fn clean(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Which application is meant, and how long the body is, nobody takes away.
        .filter(|name| *name != header::HOST && *name != header::CONTENT_LENGTH)
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in OF_CONNECTIONS {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};

    fn sent(request: http::request::Builder) -> request::Parts {
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        outgoing(&mut head, "proxy.example.com:443");
        head
    }

    #[test]
    fn a_request_goes_on_without_what_belongs_to_its_connection() {
        let head = sent(
            Request::post("http://grafana/api?x=1")
                .header("Host", "grafana")
                .header("Connection", "keep-alive, X-Mine, content-length")
                .header("X-Mine", "1")
                .header("X-Theirs", "2")
                .header("Content-Length", "3")
                .header("Expect", "100-continue")
                .header("Upgrade", "websocket")
                .header("Proxy-Authorization", "Basic secret")
                .header("Authorization", "Bearer theirs"),
        );
        assert_eq!(head.uri.to_string(), "/api?x=1");
        let mut left: Vec<_> = head.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        left.sort();
        assert_eq!(
            left,
            [
                "authorization: \"Bearer theirs\"",
                "content-length: \"3\"",
                "host: \"proxy.example.com:443\"",
                "x-theirs: \"2\""
            ]
        );
        assert_eq!(sent(Request::get("http://grafana")).uri.to_string(), "/");
        assert_eq!(sent(Request::options("*").header("Host", "grafana")).uri.to_string(), "/");
    }

    #[test]
    fn an_answer_comes_back_without_what_belongs_to_its_connection() {
        let (mut head, ()) = Response::builder()
            .version(Version::HTTP_10)
            .header("Connection", "close, X-Mine")
            .header("X-Mine", "1")
            .header("Set-Cookie", "a=1")
            .header("Set-Cookie", "b=2")
            .body(())
            .unwrap()
            .into_parts();
        incoming(&mut head);
        assert_eq!(head.version, Version::HTTP_11);
        let left: Vec<_> = head.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        assert_eq!(left, ["set-cookie: \"a=1\"", "set-cookie: \"b=2\""]);
    }
}
