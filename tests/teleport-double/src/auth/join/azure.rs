//! Method `azure` (join-methods 3.3), with a stand-in for Microsoft's signatures.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::auth::refusal::Refusal;
use crate::control::{AzureOptions, attested_document};

/// What a client sends.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) attested: &'a [u8],
    /// On `teleport.join.v1` only.
    pub(crate) intermediate: Option<&'a [u8]>,
    pub(crate) access_token: &'a str,
}

/// 32 characters of URL-safe base64.
pub(super) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(std::array::from_fn::<u8, 24, _>(|_| fastrand::u8(..)))
}

/// What stands in the PKCS#7 message: found by its beginning, since all of it is compared in the end.
fn content(message: &[u8]) -> Option<Value> {
    let begin = message.windows(9).position(|part| part == br#"{"nonce":"#)?;
    serde_json::Deserializer::from_slice(message.split_at(begin).1).into_iter().next()?.ok()
}

pub(super) fn check(token: &str, options: &AzureOptions, challenge: &str, sent: &Sent<'_>) -> Result<(), Refusal> {
    let broken = || Refusal::plain("asn1: structure error: tags don't match");
    let document: Value = serde_json::from_slice(sent.attested)
        .map_err(|_| Refusal::plain("invalid character looking for beginning of value"))?;
    let signature = document.get("signature").and_then(Value::as_str).ok_or_else(broken)?;
    let inner = STANDARD.decode(signature).map_err(|_| broken())?;
    let inner = content(&inner).ok_or_else(broken)?;
    let field = |name: &str| inner.get(name).and_then(Value::as_str).unwrap_or_default();
    if field("nonce") != challenge {
        return Err(Refusal::denied("challenge is missing or does not match"));
    }
    // Microsoft's signature covers the content alone, but no client has a reason to write it anew.
    if sent.attested != attested_document(challenge, field("vmId"), &options.signer).as_bytes() {
        return Err(broken());
    }
    if options.intermediate.as_deref().is_some_and(|due| sent.intermediate.is_some_and(|sent| sent != due)) {
        return Err(Refusal::plain("x509: certificate signed by unknown authority"));
    }
    if sent.access_token != options.access_token {
        return Err(Refusal::plain("failed to verify signature: failed to verify id token signature"));
    }
    if field("vmId") != options.vm_id {
        return Err(Refusal::denied("vm ID does not match"));
    }
    if !options.allowed {
        let vm = &options.vm_id;
        return Err(Refusal::denied(format!("instance {vm} did not match any allow rules in token {token}")));
    }
    Ok(())
}
