//! The keys a join sends, in the encodings of both ways.

use ssh_key::PublicKey;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::auth::issue::SubjectKeys;
use crate::auth::refusal::Refusal;
use crate::control::Core;

/// Public keys as they came.
#[derive(Clone, Debug)]
pub(crate) enum SentKeys {
    /// An authorized_keys line for both, or for SSH alone where PEM is given, too (version 17 and later).
    Text { ssh: Vec<u8>, tls: Vec<u8> },
    /// SSH wire form and PKIX DER; both are required.
    Binary { ssh: Vec<u8>, tls: Vec<u8> },
}

impl Default for SentKeys {
    fn default() -> Self {
        Self::Text { ssh: Vec::new(), tls: Vec::new() }
    }
}

impl SentKeys {
    pub(super) fn read(&self, core: &Core) -> Result<SubjectKeys, Refusal> {
        match self {
            Self::Text { ssh, tls } => {
                let keys = SubjectKeys::from_line(ssh)?;
                if core.settings.major() >= 17 && !tls.is_empty() { keys.with_tls_pem(tls) } else { Ok(keys) }
            }
            Self::Binary { ssh, tls } => {
                let ssh = PublicKey::from_bytes(ssh).map_err(|_| Refusal::plain("ssh: short read"))?;
                let tls = SubjectPublicKeyInfoOwned::from_der(tls)
                    .map_err(|_| Refusal::plain("x509: failed to parse public key"))?;
                Ok(SubjectKeys { ssh: Some(ssh.key_data().clone()), tls: Some(tls) })
            }
        }
    }
}
