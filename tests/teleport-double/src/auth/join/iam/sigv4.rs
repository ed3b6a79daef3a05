//! AWS Signature Version 4, from AWS's public description, as STS computes it anew.

use std::time::{Duration, SystemTime};

use ring::hmac;
use sha2::{Digest, Sha256};

use super::host::region;
use super::request::Request;
use crate::auth::refusal::Refusal;
use crate::control::IamOptions;

/// AWS takes a request for this long around its date.
const SPAN: Duration = Duration::from_secs(15 * 60);

/// The header of that name.
#[derive(Debug)]
pub(super) struct Authorization {
    access_key: String,
    /// Date, region, service, `aws4_request`.
    scope: [String; 4],
    pub(super) headers: Vec<String>,
    signature: String,
}

impl Authorization {
    /// As the auth server reads it: the parts are separated by a comma and a blank.
    pub(super) fn parse(header: &str) -> Result<Self, Refusal> {
        let bad = Refusal::bad_parameter;
        let parts = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or_else(|| bad("empty AWS SigV4 header"))?;
        let part =
            |name: &str| parts.split(", ").filter_map(|part| part.split_once('=')).find(|(known, _)| *known == name);
        let credential = part("Credential").map_or("", |(_, value)| value);
        let sections: Vec<String> = credential.split('/').map(str::to_owned).collect();
        let [access_key, scope @ ..]: [String; 5] =
            sections.try_into().map_err(|_| bad("invalid size of \"Credential\" section"))?;
        let signature = part("Signature").map_or("", |(_, value)| value);
        if signature.is_empty() {
            return Err(bad("invalid signature"));
        }
        let headers = part("SignedHeaders").map_or("", |(_, value)| value);
        Ok(Self {
            access_key,
            scope,
            headers: headers.split(';').map(str::to_owned).collect(),
            signature: signature.to_owned(),
        })
    }
}

/// Status, code and message of a refusal by STS.
pub(super) type StsError = (&'static str, &'static str, String);

/// What STS checks.
pub(super) fn verify(
    request: &Request,
    signed: &Authorization,
    options: &IamOptions,
    now: SystemTime,
) -> Result<(), StsError> {
    let denied = |code: &'static str, message: &str| Err(("403 Forbidden", code, message.to_owned()));
    if signed.access_key != options.access_key_id
        || request.header("x-amz-security-token") != options.session_token.as_deref()
    {
        return denied("InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    let stamp = request.header("x-amz-date").unwrap_or_default();
    let [date, scope_region, service, end] = &signed.scope;
    let scoped = [scope_region.as_str(), service, end]
        == [region(request.header("host").unwrap_or_default()).unwrap_or_default(), "sts", "aws4_request"];
    if !scoped || !stamp.starts_with(date.as_str()) {
        return denied("SignatureDoesNotMatch", "Credential should be scoped to a valid region.");
    }
    let at = instant(stamp).ok_or(("400 Bad Request", "IncompleteSignature", "bad X-Amz-Date".to_owned()))?;
    if at + SPAN < now || now + SPAN < at {
        return denied("SignatureDoesNotMatch", "Signature expired or not yet current.");
    }
    let needed = ["host", "x-amz-date", "x-amz-security-token"];
    let left_out = |name: &&&str| request.header(name).is_some() && !signed.headers.iter().any(|known| known == *name);
    let sorted = signed.headers.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if needed.iter().any(|name| left_out(&name)) || !sorted {
        return denied("SignatureDoesNotMatch", "'Host' and 'X-Amz-…' must be signed headers, in order.");
    }
    if signature(request, signed, &options.secret_access_key) != signed.signature {
        let text = "The request signature we calculated does not match the signature you provided.";
        return denied("SignatureDoesNotMatch", text);
    }
    Ok(())
}

fn signature(request: &Request, signed: &Authorization, secret: &str) -> String {
    let mut canonical = format!("{}\n{}\n\n", request.method, request.uri);
    for name in &signed.headers {
        let value = request.header(name).unwrap_or_default();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        canonical.push_str(&format!("{name}:{value}\n"));
    }
    canonical.push_str(&format!("\n{}\n{}", signed.headers.join(";"), hex::encode(Sha256::digest(&request.body))));
    let stamp = request.header("x-amz-date").unwrap_or_default();
    let hash = hex::encode(Sha256::digest(canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{}\n{hash}", signed.scope.join("/"));
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in signed.scope.iter().chain([&to_sign]) {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex::encode(key)
}

/// `20261128T064329Z`.
fn instant(stamp: &str) -> Option<SystemTime> {
    let digits = |range: std::ops::Range<usize>| stamp.get(range);
    let (year, month, day) = (digits(0..4)?, digits(4..6)?, digits(6..8)?);
    let (hour, minute, second) = (digits(9..11)?, digits(11..13)?, digits(13..16)?);
    humantime::parse_rfc3339(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Suite `aws-sig-v4-test-suite`, `post-x-www-form-urlencoded`: published by AWS.
    #[test]
    fn the_published_vector_comes_out() {
        let text = "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\nContent-Length:13\n\
                    Host:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n\nParam1=value1";
        let request = Request::parse(text.as_bytes()).unwrap();
        let header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date, Signature=\
                      ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
        let signed = Authorization::parse(header).unwrap();
        assert_eq!(signature(&request, &signed, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), signed.signature);
    }

    #[test]
    fn a_date_is_read() {
        let at = instant("20150830T123600Z").unwrap();
        assert_eq!(humantime::format_rfc3339_seconds(at).to_string(), "2015-08-30T12:36:00Z");
        assert_eq!(instant("20150830"), None);
    }
}
