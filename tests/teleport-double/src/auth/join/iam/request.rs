//! Reads the one HTTP/1.1 request as Go's server does: names in any case, bare line feeds, a body as long as told.

use hyper::body::Bytes;

use crate::auth::refusal::Refusal;

/// The request to STS.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) uri: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let unexpected = || Refusal::plain("unexpected EOF");
        let mut rest = bytes;
        let mut line = || -> Result<String, Refusal> {
            let end = rest.iter().position(|&byte| byte == b'\n').ok_or_else(unexpected)?;
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            String::from_utf8(line.to_vec()).map_err(|_| Refusal::plain("malformed HTTP request"))
        };
        let first = line()?;
        let mut parts = first.split(' ');
        let (Some(method), Some(uri), Some("HTTP/1.1"), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::plain(format!("malformed HTTP request {first:?}")));
        };
        let (method, uri) = (method.to_owned(), uri.to_owned());
        let mut headers = Vec::new();
        loop {
            let text = line()?;
            if text.is_empty() {
                break;
            }
            let (name, value) = text
                .split_once(':')
                .filter(|(name, _)| !name.is_empty() && !name.contains(' '))
                .ok_or_else(|| Refusal::plain(format!("malformed MIME header line: {text}")))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.as_str());
        let length: usize =
            length.map_or(Ok(0), str::parse).map_err(|_| Refusal::plain(format!("bad Content-Length {length:?}")))?;
        let body = rest.get(..length).ok_or_else(unexpected)?.to_vec();
        Ok(Self { method, uri, headers, body })
    }

    /// The same of a request that came by HTTP.
    pub(super) fn from_http(request: &http::Request<Bytes>) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let uri = request.uri().path().to_owned();
        let method = request.method().as_str().to_owned();
        Self { method, uri, headers: headers.collect(), body: request.body().to_vec() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
