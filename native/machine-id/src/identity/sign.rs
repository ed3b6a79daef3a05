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

impl KeyPair {
    /// Signs a message: Ed25519; ECDSA over SHA-256, as both numbers one after the other; RSA by PKCS#1 1.5.
    ///
    /// # Errors
    /// When the key can't sign, as a sentence.
    pub fn sign(&self, message: &[u8], hash: RsaHash) -> Result<Vec<u8>, String> {
        let pkcs8 = self.pkcs8_der();
        let random = SystemRandom::new();
        let unusable = |error: ring::error::KeyRejected| format!("the key can't sign: {error}");
        let no_randomness = |_| "the machine has no randomness".to_owned();
        match self.algorithm() {
            KeyAlgorithm::Ed25519 => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).map_err(unusable)?;
                Ok(key.sign(message).as_ref().to_vec())
            }
            KeyAlgorithm::EcdsaP256 => {
                let key =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random).map_err(unusable)?;
                Ok(key.sign(&random, message).map_err(no_randomness)?.as_ref().to_vec())
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 => {
                let key = RsaKeyPair::from_pkcs8(&pkcs8).map_err(unusable)?;
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
