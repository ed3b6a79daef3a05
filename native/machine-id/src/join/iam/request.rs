//! What proves who we are: a signed request to STS that the auth server sends on (facts: join-methods 3.2).

use std::time::SystemTime;

use zeroize::Zeroizing;

use super::keys::Credentials;
use super::region::StsHost;
use super::sigv4::{Request, Scope, Stamp};

/// The server compares it byte by byte.
const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The request for `challenge`, headers in the order of the official bot. Without `Accept: application/json` STS would
/// answer in XML, which the server doesn't read.
pub(super) fn identity(
    credentials: &Credentials,
    challenge: &str,
    now: SystemTime,
    host: &StsHost,
) -> Zeroizing<Vec<u8>> {
    let time = Stamp::new(now);
    let length = BODY.len().to_string();
    let mut headers = vec![
        ("Host", host.name()),
        ("Accept", "application/json"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("Content-Length", length.as_str()),
        ("X-Amz-Date", time.as_str()),
    ];
    if let Some(token) = &credentials.token {
        headers.push(("X-Amz-Security-Token", token.expose()));
    }
    headers.push(("X-Teleport-Challenge", challenge));
    let scope = Scope { region: host.region(), service: "sts", time: &time };
    let authorization = Request { method: "POST", headers: &headers, body: BODY.as_bytes() };
    let authorization = authorization.authorization(credentials, &scope);
    headers.push(("Authorization", authorization.as_str()));
    let size = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
    // All at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(size + BODY.len() + 64));
    text.extend_from_slice(b"POST / HTTP/1.1\r\n");
    for (name, value) in headers {
        for part in [name, ": ", value, "\r\n"] {
            text.extend_from_slice(part.as_bytes());
        }
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(BODY.as_bytes());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::iam::region;
    use crate::secret::Secret;

    fn bytes(token: Option<&str>) -> String {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            token: token.map(|token| Secret::new(token.to_owned())),
        };
        let now = humantime::parse_rfc3339("2026-11-28T07:08:09Z").unwrap();
        let host = region::hosts("eu-central-1", false).remove(0);
        let bytes = identity(&credentials, "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWe+/", now, &host);
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// The signatures were computed by a second implementation (Python's hmac and hashlib).
    #[test]
    fn the_request_is_the_official_bots_to_the_byte() {
        let expected = "POST / HTTP/1.1\r\n\
            Host: sts.eu-central-1.amazonaws.com\r\n\
            Accept: application/json\r\n\
            Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
            Content-Length: 43\r\n\
            X-Amz-Date: 20261128T070809Z\r\n\
            X-Amz-Security-Token: IQoJb3JpZ2luX2VjEXAMPLE\r\n\
            X-Teleport-Challenge: q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWe+/\r\n\
            Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261128/eu-central-1/sts/aws4_request, \
            SignedHeaders=accept;content-length;content-type;host;x-amz-date;x-amz-security-token;x-teleport-challenge, \
            Signature=40563973aecc245d5fe7b7f88546d8c42a7de1e705322f16ced4a7ced8ae92e8\r\n\
            \r\n\
            Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(bytes(Some("IQoJb3JpZ2luX2VjEXAMPLE")), expected);
    }

    #[test]
    fn long_term_keys_have_no_token_header() {
        let bytes = bytes(None);
        assert!(!bytes.to_lowercase().contains("security-token"), "{bytes}");
        let end = "SignedHeaders=accept;content-length;content-type;host;x-amz-date;x-teleport-challenge, \
            Signature=41b7a700284a1206bbad9f0fd7c4f9461f8bfb3cc4d713b25c87bf622ef17ae0\r\n\r\nAction=GetCallerIdentity&Version=2011-06-15";
        assert!(bytes.ends_with(end), "{bytes}");
    }
}
