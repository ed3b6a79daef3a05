//! One private key in every form that a file, a TLS session or a join request needs.

use std::fmt;

use ed25519_dalek::SigningKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::{AssociatedOid, DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey};
use sec1::der::EncodePem;
use ssh_key::private::{Ed25519Keypair, KeypairData, RsaKeypair};
use ssh_key::public::{EcdsaPublicKey, Ed25519PublicKey, KeyData, RsaPublicKey};
use ssh_key::{Mpint, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::config::KeyAlgorithm;
use crate::error::{Code, Fault};
use crate::secret::Secret;

/// No private key that we accept is longer than this as PEM (an RSA-4096 key has 3.3 kB).
const MAX_PEM: usize = 16 * 1024;

/// One private key; wiped on drop, blind `Debug`; share it with `Arc`.
///
/// Up to cluster version 16 one key serves the SSH and the X.509 certificate (protocol B1), so there is always one.
pub struct KeyPair {
    algorithm: KeyAlgorithm,
    ssh_private_pem: Secret,
    tls_private_pem: Secret,
    pkcs8_pem: Secret,
    pkcs8: Zeroizing<Vec<u8>>,
    ssh_public_line: String,
    public_pem: String,
    public_der: Vec<u8>,
}

impl KeyPair {
    /// Makes a new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Generate`] when the algorithm's own generator fails.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let failed = |reason: &dyn fmt::Display| KeyError::Generate { algorithm, reason: reason.to_string() };
        match algorithm {
            KeyAlgorithm::EcdsaP256 => Self::from_ecdsa(&p256::SecretKey::random(&mut OsRng)),
            KeyAlgorithm::Ed25519 => Self::from_ed25519(&SigningKey::generate(&mut OsRng)),
            KeyAlgorithm::Rsa2048 => Self::from_rsa(&RsaPrivateKey::new(&mut OsRng, 2048).map_err(|e| failed(&e))?),
            KeyAlgorithm::Rsa4096 => Self::from_rsa(&RsaPrivateKey::new(&mut OsRng, 4096).map_err(|e| failed(&e))?),
        }
    }

    /// Reads an unencrypted private key: PKCS#1, PKCS#8, SEC1 or OpenSSH.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the text isn't such a key, [`KeyError::Unsupported`] for another algorithm or
    /// size, or an encrypted key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > MAX_PEM {
            return Err(KeyError::Malformed { reason: format!("{} bytes are too long for a key", pem.len()) });
        }
        match label(pem) {
            Some("RSA PRIVATE KEY") => Self::from_rsa(&RsaPrivateKey::from_pkcs1_pem(pem).map_err(malformed)?),
            Some("EC PRIVATE KEY") => Self::from_ecdsa(&p256::SecretKey::from_sec1_pem(pem).map_err(malformed)?),
            Some("PRIVATE KEY") => Self::from_pkcs8_pem(pem),
            Some("OPENSSH PRIVATE KEY") => Self::from_openssh_pem(pem),
            Some(other) => Err(KeyError::Unsupported { what: format!("PEM block {:?}", shortened(other)) }),
            None => Err(KeyError::Malformed { reason: "no PEM block".to_owned() }),
        }
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The private key as SSH clients read it, ending with one newline: RSA as PKCS#1, ECDSA as SEC1, which TLS clients
    /// read, too, and Ed25519 in OpenSSH's format, since `ssh` before 9.6 and most SSH libraries read no other. What
    /// reads which is the table in `docs/compatibility.md`.
    #[must_use]
    pub const fn ssh_private_pem(&self) -> &Secret {
        &self.ssh_private_pem
    }

    /// The private key as Teleport's own tools and old database clients read it, ending with one newline: RSA as PKCS#1,
    /// the others as PKCS#8.
    #[must_use]
    pub const fn tls_private_pem(&self) -> &Secret {
        &self.tls_private_pem
    }

    /// The private key as PKCS#8 (version 1, which OpenSSL and Go read), ending with one newline: all TLS clients of today
    /// read it, Java no other.
    #[must_use]
    pub const fn pkcs8_pem(&self) -> &Secret {
        &self.pkcs8_pem
    }

    /// The private key as PKCS#8 DER, with the public key where the format has room for it.
    #[must_use]
    pub fn pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// The public key as in `authorized_keys`: `ecdsa-sha2-nistp256 AAAA…`, no comment, no newline.
    #[must_use]
    pub fn ssh_public_line(&self) -> &str {
        &self.ssh_public_line
    }

    /// The public key as PKIX PEM, ending with one newline.
    #[must_use]
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// The public key as DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_der(&self) -> &[u8] {
        &self.public_der
    }

    fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        if let Ok(key) = p256::SecretKey::from_pkcs8_pem(pem) {
            return Self::from_ecdsa(&key);
        }
        if let Ok(key) = SigningKey::from_pkcs8_pem(pem) {
            return Self::from_ed25519(&key);
        }
        Self::from_rsa(&RsaPrivateKey::from_pkcs8_pem(pem).map_err(malformed)?)
    }

    fn from_openssh_pem(pem: &str) -> Result<Self, KeyError> {
        let key = PrivateKey::from_openssh(pem).map_err(malformed)?;
        match key.key_data() {
            KeypairData::Ed25519(pair) => Self::from_ed25519(&SigningKey::from_bytes(&pair.private.to_bytes())),
            KeypairData::Rsa(pair) => Self::from_rsa(&rsa_from_openssh(pair)?),
            KeypairData::Ecdsa(pair) if pair.curve() == ssh_key::EcdsaCurve::NistP256 => {
                Self::from_ecdsa(&p256::SecretKey::from_slice(pair.private_key_bytes()).map_err(malformed)?)
            }
            KeypairData::Encrypted(_) => Err(KeyError::Unsupported { what: "an encrypted key".to_owned() }),
            _ => Err(KeyError::Unsupported { what: format!("algorithm {}", key.algorithm()) }),
        }
    }

    fn from_ecdsa(key: &p256::SecretKey) -> Result<Self, KeyError> {
        let public = key.public_key();
        let point = EcdsaPublicKey::from_sec1_bytes(&public.to_sec1_bytes()).map_err(malformed)?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(malformed)?;
        Ok(Self {
            algorithm: KeyAlgorithm::EcdsaP256,
            ssh_private_pem: sec1_pem(key)?,
            tls_private_pem: secret(&pem),
            pkcs8_pem: secret(&pem),
            pkcs8: key.to_pkcs8_der().map_err(malformed)?.to_bytes(),
            ssh_public_line: ssh_line(KeyData::Ecdsa(point))?,
            public_pem: public.to_public_key_pem(LineEnding::LF).map_err(malformed)?,
            public_der: public.to_public_key_der().map_err(malformed)?.into_vec(),
        })
    }

    fn from_ed25519(key: &SigningKey) -> Result<Self, KeyError> {
        let public = key.verifying_key();
        let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(key.as_bytes()));
        let openssh = PrivateKey::new(pair, "").map_err(malformed)?.to_openssh(LineEnding::LF).map_err(malformed)?;
        let version1 = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
        let pem = version1.to_pkcs8_pem(LineEnding::LF).map_err(malformed)?;
        Ok(Self {
            algorithm: KeyAlgorithm::Ed25519,
            ssh_private_pem: secret(&openssh),
            tls_private_pem: secret(&pem),
            pkcs8_pem: secret(&pem),
            pkcs8: key.to_pkcs8_der().map_err(malformed)?.to_bytes(),
            ssh_public_line: ssh_line(KeyData::Ed25519(Ed25519PublicKey(public.to_bytes())))?,
            public_pem: public.to_public_key_pem(LineEnding::LF).map_err(malformed)?,
            public_der: public.to_public_key_der().map_err(malformed)?.into_vec(),
        })
    }

    fn from_rsa(key: &RsaPrivateKey) -> Result<Self, KeyError> {
        let algorithm = match key.n().bits() {
            2048 => KeyAlgorithm::Rsa2048,
            4096 => KeyAlgorithm::Rsa4096,
            bits => return Err(KeyError::Unsupported { what: format!("an RSA key of {bits} bits") }),
        };
        let public = key.to_public_key();
        let pem = key.to_pkcs1_pem(LineEnding::LF).map_err(malformed)?;
        let parts = RsaPublicKey {
            e: Mpint::from_positive_bytes(&public.e().to_bytes_be()).map_err(malformed)?,
            n: Mpint::from_positive_bytes(&public.n().to_bytes_be()).map_err(malformed)?,
        };
        Ok(Self {
            algorithm,
            ssh_private_pem: secret(&pem),
            tls_private_pem: secret(&pem),
            pkcs8_pem: secret(&key.to_pkcs8_pem(LineEnding::LF).map_err(malformed)?),
            pkcs8: key.to_pkcs8_der().map_err(malformed)?.to_bytes(),
            ssh_public_line: ssh_line(KeyData::Rsa(parts))?,
            public_pem: public.to_public_key_pem(LineEnding::LF).map_err(malformed)?,
            public_der: public.to_public_key_der().map_err(malformed)?.into_vec(),
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The generator failed; the machine has no randomness or no memory.
    #[error("can't make a key ({algorithm:?}): {reason}")]
    Generate {
        /// What was asked for.
        algorithm: KeyAlgorithm,
        /// What the generator says.
        reason: String,
    },
    /// The text isn't a private key.
    #[error("not a private key: {reason}")]
    Malformed {
        /// What the parser says; never a part of the key.
        reason: String,
    },
    /// A private key, but of a kind that Teleport takes from no bot or that we can't read.
    #[error("unsupported private key: {what}")]
    Unsupported {
        /// The kind.
        what: String,
    },
}

impl Fault for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Generate { .. } => Code::Internal,
            Self::Malformed { .. } | Self::Unsupported { .. } => Code::IdentityCorrupt,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Generate { .. } => "try another key algorithm".to_owned(),
            Self::Malformed { .. } | Self::Unsupported { .. } => {
                "remove the stored identity and join again with a fresh token".to_owned()
            }
        }
    }
}

/// With the name of the curve, which p256's own writer leaves out and OpenSSL wants.
fn sec1_pem(key: &p256::SecretKey) -> Result<Secret, KeyError> {
    let (private_key, public_key) = (Zeroizing::new(key.to_bytes()), key.public_key().to_sec1_bytes());
    let parts = sec1::EcPrivateKey {
        private_key: &private_key,
        parameters: Some(sec1::EcParameters::NamedCurve(p256::NistP256::OID)),
        public_key: Some(&public_key),
    };
    Ok(secret(&Zeroizing::new(parts.to_pem(LineEnding::LF).map_err(malformed)?)))
}

/// Done here, since the conversion of ssh-key 0.6 takes the first prime twice.
fn rsa_from_openssh(pair: &RsaKeypair) -> Result<RsaPrivateKey, KeyError> {
    let number = |part: &Mpint| {
        let negative = || malformed("a negative number in an RSA key");
        part.as_positive_bytes().map(BigUint::from_bytes_be).ok_or_else(negative)
    };
    let primes = vec![number(&pair.private.p)?, number(&pair.private.q)?];
    RsaPrivateKey::from_components(number(&pair.public.n)?, number(&pair.public.e)?, number(&pair.private.d)?, primes)
        .map_err(malformed)
}

fn malformed(reason: impl fmt::Display) -> KeyError {
    KeyError::Malformed { reason: reason.to_string() }
}

/// A secret copy that ends with exactly one newline, as Go's PEM writer leaves it.
fn secret(pem: &str) -> Secret {
    let mut text = String::with_capacity(pem.len() + 1);
    text.push_str(pem.trim_end());
    text.push('\n');
    Secret::new(text)
}

fn ssh_line(key: KeyData) -> Result<String, KeyError> {
    PublicKey::new(key, "").to_openssh().map_err(malformed)
}

fn label(pem: &str) -> Option<&str> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    rest.split_once("-----").map(|(label, _)| label)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
