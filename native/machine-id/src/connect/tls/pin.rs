//! CA pins: SHA-256 over the SubjectPublicKeyInfo of the host CA (protocol B2).

use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

use crate::config::CaPin;
use crate::connect::error::{ConnectError, TransportError, TrustError};

use super::trust;

/// The pin as it is configured and as `tctl status` prints it.
#[must_use]
pub fn pin_text(pin: &CaPin) -> String {
    format!("sha256:{}", hex::encode(pin.0))
}

/// Pins of every certificate in `pem`.
///
/// # Errors
/// [`TransportError::BadReply`] when one can't be read.
pub fn pins_of(pem: &str) -> Result<Vec<CaPin>, ConnectError> {
    let bad =
        |reason: String| ConnectError::Transport(TransportError::BadReply { call: "the request for its CA", reason });
    let certificates = trust::parse(pem.as_bytes(), "it").map_err(|error| bad(error.to_string()))?;
    let pin = |der: &[u8]| {
        let certificate = Certificate::from_der(der)?;
        let key = certificate.tbs_certificate.subject_public_key_info.to_der()?;
        Ok(CaPin(Sha256::digest(key).into()))
    };
    let pins: Result<Vec<_>, x509_cert::der::Error> = certificates.iter().map(|der| pin(der)).collect();
    pins.map_err(|error| bad(error.to_string()))
}

/// Every CA that the cluster shows must be pinned: in a rotation there is a pin for each.
///
/// # Errors
/// [`TrustError::PinMismatch`] with what was expected and seen.
pub(crate) fn check(address: &str, expected: &[CaPin], host_ca_pem: &str) -> Result<(), ConnectError> {
    let seen = pins_of(host_ca_pem)?;
    if seen.iter().all(|pin| expected.contains(pin)) {
        return Ok(());
    }
    Err(TrustError::PinMismatch { address: address.to_owned(), expected: texts(expected), seen: texts(&seen) }.into())
}

/// The pinned CAs of a join's reply, which lists user CAs first: none must be missing, and no other come after them.
///
/// # Errors
/// [`TrustError::UnpinnedReply`] with what was expected and seen.
pub(crate) fn hosts_of_reply(expected: &[CaPin], pem: &str) -> Result<Vec<String>, ConnectError> {
    let seen = pins_of(pem)?;
    let users = seen.iter().position(|pin| expected.contains(pin)).unwrap_or(seen.len());
    let hosts = seen.get(users..).unwrap_or_default();
    if hosts.is_empty() || !hosts.iter().all(|pin| expected.contains(pin)) {
        return Err(TrustError::UnpinnedReply { expected: texts(expected), seen: texts(&seen) }.into());
    }
    Ok(trust::blocks(pem).split_off(users))
}

fn texts(pins: &[CaPin]) -> Vec<String> {
    pins.iter().map(pin_text).collect()
}
