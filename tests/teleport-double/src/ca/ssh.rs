//! SSH certificates (protocol section F1).

use std::collections::BTreeMap;
use std::time::SystemTime;

use rsa::pkcs8::EncodePublicKey;
use ssh_key::certificate::{Builder, CertType};
use ssh_key::public::KeyData;
use ssh_key::rand_core::OsRng;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::key::SshKey;
use super::x509::Span;
use crate::error::DoubleError;

/// `type base64`, without comment and without line feed.
pub(crate) fn public_line(key: &KeyData) -> Result<String, DoubleError> {
    Ok(ssh_key::PublicKey::new(key.clone(), "").to_openssh()?.trim_end().to_owned())
}

/// Reads the key of an authorized_keys line.
pub(crate) fn parse_line(line: &[u8]) -> Option<KeyData> {
    let text = std::str::from_utf8(line).ok()?;
    ssh_key::PublicKey::from_openssh(text.trim()).ok().map(|key| key.key_data().clone())
}

/// What an SSH certificate says.
#[derive(Debug)]
pub(crate) struct SshSubject<'a> {
    pub(crate) kind: CertType,
    pub(crate) key_id: &'a str,
    pub(crate) principals: &'a [String],
    /// An empty value becomes a flag, any other one an SSH string inside the value.
    pub(crate) extensions: BTreeMap<String, String>,
    pub(crate) span: Span,
}

/// The certificate as one line that ends with a line feed.
pub(crate) fn sign(ca: &SshKey, key: KeyData, subject: &SshSubject<'_>) -> Result<String, DoubleError> {
    let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let until = seconds(subject.span.until);
    let from = seconds(subject.span.from).min(until.saturating_sub(1));
    let mut builder = Builder::new_with_random_nonce(&mut OsRng, key, from, until)?;
    builder.cert_type(subject.kind)?.key_id(subject.key_id)?;
    for principal in subject.principals {
        builder.valid_principal(principal)?;
    }
    if subject.principals.is_empty() {
        builder.all_principals_valid()?;
    }
    for (name, value) in &subject.extensions {
        builder.extension(name, value)?;
    }
    let certificate = builder.sign(ca)?;
    Ok(format!("{}\n", certificate.to_openssh()?.trim_end()))
}

/// The same key as X.509 knows it.
pub(crate) fn spki(key: &KeyData) -> Result<SubjectPublicKeyInfoOwned, DoubleError> {
    let unusable = |why: &dyn std::fmt::Display| DoubleError::Key(why.to_string());
    let der = match key {
        KeyData::Rsa(key) => {
            rsa::RsaPublicKey::try_from(key)?.to_public_key_der().map_err(|error| unusable(&error))?.into_vec()
        }
        KeyData::Ecdsa(key) => p256::PublicKey::from_sec1_bytes(key.as_sec1_bytes())
            .map_err(|error| unusable(&error))?
            .to_public_key_der()
            .map_err(|error| unusable(&error))?
            .into_vec(),
        KeyData::Ed25519(key) => {
            // RFC 8410: an algorithm without parameters and the bare key.
            let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            der.extend_from_slice(&key.0);
            der
        }
        other => return Err(unusable(&format!("{other:?} is not supported"))),
    };
    Ok(SubjectPublicKeyInfoOwned::from_der(&der)?)
}
