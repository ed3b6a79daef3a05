//! Signatures by a private key.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair,
};

use super::key::KeyPair;
use crate::config::KeyAlgorithm;

/// What an RSA key hashes a message by; other keys have one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaHash {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// A private key that is ready to sign.
pub enum Signer {
    /// Ed25519.
    Ed25519(Ed25519KeyPair),
    /// ECDSA on P-256, over SHA-256.
    EcdsaP256(EcdsaKeyPair),
    /// RSA by PKCS#1 1.5.
    Rsa(RsaKeyPair),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// Signs a message; ECDSA gives both numbers one after the other.
    ///
    /// # Errors
    /// When the machine has no randomness, as a sentence.
    pub fn sign(&self, message: &[u8], hash: RsaHash) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        let no_randomness = |_| "the machine has no randomness".to_owned();
        match self {
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
            Self::EcdsaP256(key) => Ok(key.sign(&random, message).map_err(no_randomness)?.as_ref().to_vec()),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let padding = match hash {
                    RsaHash::Sha256 => &RSA_PKCS1_SHA256,
                    RsaHash::Sha512 => &RSA_PKCS1_SHA512,
                };
                key.sign(padding, &random, message, &mut signature).map_err(no_randomness)?;
                Ok(signature)
            }
        }
    }
}

impl KeyPair {
    /// Makes it ready to sign.
    ///
    /// # Errors
    /// When the key can't sign, as a sentence.
    pub fn signer(&self) -> Result<Signer, String> {
        let pkcs8 = self.pkcs8_der();
        let unusable = |error: ring::error::KeyRejected| format!("the key can't sign: {error}");
        match self.algorithm() {
            KeyAlgorithm::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).map(Signer::Ed25519),
            KeyAlgorithm::EcdsaP256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
                    .map(Signer::EcdsaP256)
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 => RsaKeyPair::from_pkcs8(&pkcs8).map(Signer::Rsa),
        }
        .map_err(unusable)
    }

    /// Signs one message, as [`Signer::sign`].
    ///
    /// # Errors
    /// When the key can't sign, as a sentence.
    pub fn sign(&self, message: &[u8], hash: RsaHash) -> Result<Vec<u8>, String> {
        self.signer()?.sign(message, hash)
    }
}
