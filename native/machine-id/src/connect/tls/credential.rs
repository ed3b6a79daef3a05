//! What a client presents in TLS.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::connect::error::{ConnectError, SetUpError};

/// A private key and its leaf certificate. Cheap to clone: the key is shared.
#[derive(Clone)]
pub struct ClientCredential {
    certified: Arc<CertifiedKey>,
}

impl ClientCredential {
    /// From a PKCS#8 key and a PEM certificate. Only the first certificate is ever sent: a chain is refused by the
    /// cluster (protocol D1).
    ///
    /// # Errors
    /// [`SetUpError::CredentialUnusable`] when either can't be read, or they don't belong together.
    pub fn new(pkcs8_der: &Zeroizing<Vec<u8>>, certificate_pem: &str) -> Result<Self, ConnectError> {
        let unusable = |reason: String| ConnectError::SetUp(SetUpError::CredentialUnusable { reason });
        let leaf = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|error| unusable(format!("no PEM certificate ({error})")))?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8_der.as_slice()));
        let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|error| unusable(error.to_string()))?;
        let certified = CertifiedKey::new(vec![leaf], key);
        certified.keys_match().map_err(|error| unusable(error.to_string()))?;
        Ok(Self { certified: Arc::new(certified) })
    }

    pub(in crate::connect) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.certified)
    }
}

impl fmt::Debug for ClientCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCredential(…)")
    }
}
