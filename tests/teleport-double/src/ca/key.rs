//! Signing keys of authorities and servers.

use std::fmt;
use std::sync::Arc;

use p256::pkcs8::EncodePrivateKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::signature::Signer;
use rustls::SignatureScheme;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use ssh_key::Signature;
use ssh_key::public::KeyData;
use ssh_key::rand_core::OsRng;
use x509_cert::der::asn1::{Null, ObjectIdentifier};
use x509_cert::der::{Any, Decode, Encode};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::pool;
use crate::error::DoubleError;

/// Which algorithm an authority's keys are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA-2048, what Teleport used up to version 16 and still does for old clusters.
    #[default]
    Rsa,
    /// ECDSA P-256.
    Ecdsa,
    /// Ed25519.
    Ed25519,
}

/// A key that signs X.509 certificates or a TLS handshake.
pub(crate) struct X509Key {
    signer: Arc<dyn rustls::sign::SigningKey>,
    scheme: SignatureScheme,
    spki: Vec<u8>,
}

impl X509Key {
    pub(crate) fn generate(kind: KeyKind) -> Result<Self, DoubleError> {
        let (pkcs8, scheme) = match kind {
            KeyKind::Rsa => (pool::next_rsa()?, SignatureScheme::RSA_PKCS1_SHA256),
            KeyKind::Ecdsa => {
                let key = p256::SecretKey::random(&mut OsRng);
                let der = key.to_pkcs8_der().map_err(|error| DoubleError::Key(error.to_string()))?;
                (PrivatePkcs8KeyDer::from(der.as_bytes().to_vec()), SignatureScheme::ECDSA_NISTP256_SHA256)
            }
            KeyKind::Ed25519 => {
                let key = ed25519_dalek::SigningKey::generate(&mut OsRng);
                let der = ed25519_dalek::pkcs8::EncodePrivateKey::to_pkcs8_der(&key)
                    .map_err(|error| DoubleError::Key(error.to_string()))?;
                (PrivatePkcs8KeyDer::from(der.as_bytes().to_vec()), SignatureScheme::ED25519)
            }
        };
        let signer = rustls::crypto::ring::sign::any_supported_type(&PrivateKeyDer::Pkcs8(pkcs8))?;
        let spki = signer
            .public_key()
            .ok_or_else(|| DoubleError::Key("the key has no public half".to_owned()))?
            .as_ref()
            .to_vec();
        Ok(Self { signer, scheme, spki })
    }

    /// What rustls presents with a certificate for this key.
    pub(crate) fn signer(&self) -> Arc<dyn rustls::sign::SigningKey> {
        Arc::clone(&self.signer)
    }

    pub(crate) fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    pub(crate) fn spki(&self) -> Result<SubjectPublicKeyInfoOwned, DoubleError> {
        Ok(SubjectPublicKeyInfoOwned::from_der(&self.spki)?)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, DoubleError> {
        self.sign_with(self.scheme, message)
    }

    fn sign_with(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, DoubleError> {
        let signer = self
            .signer
            .choose_scheme(&[scheme])
            .ok_or_else(|| DoubleError::Key(format!("the key cannot sign with {scheme:?}")))?;
        Ok(signer.sign(message)?)
    }

    pub(crate) fn signature_algorithm(&self) -> Result<AlgorithmIdentifierOwned, DoubleError> {
        let (oid, null) = match self.scheme {
            SignatureScheme::RSA_PKCS1_SHA256 => ("1.2.840.113549.1.1.11", true),
            SignatureScheme::ECDSA_NISTP256_SHA256 => ("1.2.840.10045.4.3.2", false),
            _ => ("1.3.101.112", false),
        };
        let parameters = if null { Some(Any::from_der(&Null.to_der()?)?) } else { None };
        Ok(AlgorithmIdentifierOwned { oid: ObjectIdentifier::new_unwrap(oid), parameters })
    }
}

impl fmt::Debug for X509Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Key").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// A key that signs SSH certificates.
#[derive(Debug)]
pub(crate) struct SshKey {
    public: KeyData,
    secret: SshSecret,
}

#[derive(Debug)]
enum SshSecret {
    /// ssh-key 0.6 can't sign with RSA: it takes the first prime for both.
    Rsa(X509Key),
    Other(Box<ssh_key::PrivateKey>),
}

impl SshKey {
    pub(crate) fn generate(kind: KeyKind) -> Result<Self, DoubleError> {
        let algorithm = match kind {
            KeyKind::Rsa => {
                let key = X509Key::generate(kind)?;
                let public = rsa::RsaPublicKey::from_public_key_der(key.spki_der())
                    .map_err(|error| DoubleError::Key(error.to_string()))?;
                let public = KeyData::Rsa(ssh_key::public::RsaPublicKey::try_from(public)?);
                return Ok(Self { public, secret: SshSecret::Rsa(key) });
            }
            KeyKind::Ecdsa => ssh_key::Algorithm::Ecdsa { curve: ssh_key::EcdsaCurve::NistP256 },
            KeyKind::Ed25519 => ssh_key::Algorithm::Ed25519,
        };
        let key = ssh_key::PrivateKey::random(&mut OsRng, algorithm)?;
        Ok(Self { public: key.public_key().key_data().clone(), secret: SshSecret::Other(Box::new(key)) })
    }

    pub(crate) fn public(&self) -> &KeyData {
        &self.public
    }
}

impl From<&SshKey> for KeyData {
    fn from(key: &SshKey) -> Self {
        key.public.clone()
    }
}

impl Signer<Signature> for SshKey {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, rsa::signature::Error> {
        match &self.secret {
            SshSecret::Other(key) => key.try_sign(message),
            SshSecret::Rsa(key) => {
                let signed = key
                    .sign_with(SignatureScheme::RSA_PKCS1_SHA512, message)
                    .map_err(rsa::signature::Error::from_source)?;
                let algorithm = ssh_key::Algorithm::Rsa { hash: Some(ssh_key::HashAlg::Sha512) };
                Signature::new(algorithm, signed).map_err(rsa::signature::Error::from_source)
            }
        }
    }
}
