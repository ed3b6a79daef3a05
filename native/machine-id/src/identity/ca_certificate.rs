//! One CA certificate, as far as we look into it.

use std::time::SystemTime;

use sha2::{Digest, Sha256};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Encode, EncodePem};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use super::authority::AuthorityError;
use super::certificates::MAX_TEXT;
use super::tls_facts::TlsFacts;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// One CA certificate.
#[derive(Debug)]
pub(super) struct CaCertificate {
    /// Its PEM block, ending with a newline.
    pub(super) pem: String,
    /// SHA-256 over its `SubjectPublicKeyInfo`.
    pub(super) pin: [u8; 32],
    /// When it expires.
    pub(super) ends: SystemTime,
    subject_der: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl CaCertificate {
    pub(super) fn parse(pem: &str) -> Result<Self, AuthorityError> {
        if pem.len() > MAX_TEXT {
            return Err(AuthorityError::TlsCert { reason: format!("{} bytes are too long", pem.len()) });
        }
        let certificate = super::pem::certificate(pem).map_err(failed)?;
        let body = &certificate.tbs_certificate;
        let key = body.subject_public_key_info.to_der().map_err(failed)?;
        let identifier = body.get::<SubjectKeyIdentifier>().map_err(failed)?;
        Ok(Self {
            pem: certificate.to_pem(LineEnding::LF).map_err(failed)?,
            ends: body.validity.not_after.to_system_time(),
            pin: Sha256::digest(key).into(),
            subject_der: body.subject.to_der().map_err(failed)?,
            key_id: identifier.map(|(_, id)| id.0.into_bytes()),
        })
    }

    /// Each block of a text that may hold several (GetClusterCACert in a rotation, protocol J).
    pub(super) fn parse_all(text: &str) -> Result<Vec<Self>, AuthorityError> {
        if text.len() > MAX_TEXT {
            return Err(AuthorityError::TlsCert { reason: format!("{} bytes are too long", text.len()) });
        }
        let mut all = Vec::new();
        for (start, _) in text.match_indices(BEGIN) {
            let block = text.get(start..).unwrap_or_default();
            let end = block.get(BEGIN.len()..).and_then(|rest| rest.find(BEGIN)).map(|at| at + BEGIN.len());
            all.push(Self::parse(block.get(..end.unwrap_or(block.len())).unwrap_or_default())?);
        }
        if all.is_empty() && !text.trim().is_empty() {
            return Err(AuthorityError::TlsCert { reason: "no PEM certificate in it".to_owned() });
        }
        Ok(all)
    }

    /// Whether it issued that certificate: same whole name, and same key where both name one.
    pub(super) fn issued(&self, leaf: &TlsFacts) -> bool {
        let same_key = match (&self.key_id, &leaf.authority_key_id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.subject_der == leaf.issuer_der && same_key
    }
}

fn failed(reason: x509_cert::der::Error) -> AuthorityError {
    AuthorityError::TlsCert { reason: reason.to_string() }
}
