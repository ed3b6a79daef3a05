//! Method `iam` (join-methods 3.2): the checks of the auth server, in its order, and STS in one.

mod host;
mod request;
mod sigv4;

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper::body::Bytes;

use crate::auth::refusal::Refusal;
use crate::control::{Core, IamOptions};
use request::Request;

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const CHALLENGE: &str = "x-teleport-challenge";

/// 43 characters of standard base64 without padding, `+` and `/` always among them.
pub(super) fn challenge() -> String {
    loop {
        let text = STANDARD_NO_PAD.encode(std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..)));
        if text.contains('+') && text.contains('/') {
            return text;
        }
    }
}

/// What STS answers to a signed request, for a key that it knows: who owns it, or why the request isn't good.
#[must_use]
pub fn sts(options: &IamOptions, request: &http::Request<Bytes>, now: SystemTime) -> http::Response<String> {
    let answer = |status: &str, body: serde_json::Value| {
        let status = status.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or(500_u16);
        let mut answer = http::Response::new(body.to_string());
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        answer
    };
    let refused = |(status, code, message): sigv4::StsError| answer(status, sts_error(code, &message));
    let request = Request::from_http(request);
    let Ok(signed) = sigv4::Authorization::parse(request.header("authorization").unwrap_or_default()) else {
        return refused(("400 Bad Request", "IncompleteSignature", "no Authorization header".to_owned()));
    };
    match sigv4::verify(&request, &signed, options, now) {
        Err(error) => refused(error),
        Ok(()) => {
            let owner = serde_json::json!({"Account": options.account, "Arn": options.arn, "UserId": "AROAEXAMPLE"});
            answer(
                "200 OK",
                serde_json::json!({"GetCallerIdentityResponse": {"GetCallerIdentityResult": owner,
                "ResponseMetadata": {"RequestId": "01234567-89ab-cdef-0123-456789abcdef"}}}),
            )
        }
    }
}

fn sts_error(code: &str, message: &str) -> serde_json::Value {
    serde_json::json!({ "Error": { "Code": code, "Message": message, "Type": "Sender" } })
}

/// What a server of the configured version says about the request.
pub(super) fn check(
    core: &Core,
    token: &str,
    options: &IamOptions,
    challenge: &str,
    sent: &[u8],
) -> Result<(), Refusal> {
    let request = Request::parse(sent)?;
    if request.uri != "/" {
        return Err(Refusal::denied(format!("unexpected sts identity request URI: {:?}", request.uri)));
    }
    host::check(&core.settings, request.header("host").unwrap_or_default())?;
    if request.method != "POST" {
        // It prints an empty text, a quirk.
        return Err(Refusal::denied("sts identity request method \"\" does not match expected method \"POST\""));
    }
    if request.header(CHALLENGE) != Some(challenge) {
        return Err(Refusal::denied("sts identity request does not include challenge header or it does not match"));
    }
    let header = request.header("authorization").unwrap_or_default();
    let signed = sigv4::Authorization::parse(header)?;
    if !signed.headers.iter().any(|name| name == CHALLENGE) {
        return Err(Refusal::denied(format!(
            "sts identity request auth header {header:?} does not include x-teleport-challenge as a signed header"
        )));
    }
    if request.body != BODY.as_bytes() {
        let body = String::from_utf8_lossy(&request.body);
        return Err(Refusal::bad_parameter(format!("sts request body {body:?} does not equal expected {BODY:?}")));
    }
    if let Err((status, code, message)) = sigv4::verify(&request, &signed, options, core.now()) {
        let body = sts_error(code, &message).to_string();
        return Err(Refusal::denied(format!("aws sts api returned status: {status:?} body: {body:?}")));
    }
    // Without this STS answers with XML, which the auth server can't read.
    if request.header("accept") != Some("application/json") {
        return Err(Refusal::plain("invalid character '<' looking for beginning of value"));
    }
    if options.account.is_empty() {
        return Err(Refusal::bad_parameter("received empty AWS account ID from sts API"));
    }
    if !options.allowed {
        let arn = &options.arn;
        return Err(Refusal::denied(format!("instance {arn} did not match any allow rules in token {token}")));
    }
    Ok(())
}
