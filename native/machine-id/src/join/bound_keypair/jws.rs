//! Compact JWS over a challenge (join-methods 3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::KeyAlgorithm;
use crate::identity::{KeyPair, RsaHash};

/// Signs `challenge`, byte for byte as it came.
///
/// # Errors
/// When the key can't sign.
pub(super) fn sign(key: &KeyPair, challenge: &str) -> Result<String, String> {
    let algorithm = match key.algorithm() {
        KeyAlgorithm::Ed25519 => "EdDSA",
        KeyAlgorithm::EcdsaP256 => "ES256",
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 => "RS256",
    };
    let header = format!("{{\"alg\":\"{algorithm}\",\"typ\":\"JWT\"}}");
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(challenge));
    let signature = key.sign(signed.as_bytes(), RsaHash::Sha256)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use p256::pkcs8::DecodePublicKey;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    const CHALLENGE: &str = "{\"nonce\": \"n/1\", \"aud\":[\"example.test\"] }";
    /// Computed with Python's `cryptography` for the keys of the fixtures.
    const ED25519: &str = include_str!("golden/ed25519.jws");
    const RSA: &str = include_str!("golden/rsa.jws");

    fn signed(pem: &str) -> String {
        sign(&KeyPair::from_pem(pem).unwrap(), CHALLENGE).unwrap()
    }

    #[test]
    fn signatures_that_have_no_chance_in_them_are_the_golden_ones() {
        assert_eq!(signed(include_str!("../../../../../tests/fixtures/teleport-15/keys/ed25519.key")), ED25519.trim());
        assert_eq!(signed(include_str!("../../../../../tests/fixtures/teleport-15/keys/rsa.key")), RSA.trim());
    }

    #[test]
    fn an_ecdsa_signature_is_two_plain_numbers_over_the_very_bytes() {
        let jws = signed(include_str!("../../../../../tests/fixtures/teleport-15/keys/ecdsa.key"));
        let (message, signature) = jws.rsplit_once('.').unwrap();
        let (header, payload) = message.split_once('.').unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(header).unwrap(), b"{\"alg\":\"ES256\",\"typ\":\"JWT\"}");
        assert_eq!(URL_SAFE_NO_PAD.decode(payload).unwrap(), CHALLENGE.as_bytes());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64);
        let public = include_str!("../../../../../tests/fixtures/teleport-15/keys/ecdsa.spki.pem");
        let public = p256::PublicKey::from_public_key_pem(public).unwrap().to_sec1_bytes();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public).verify(message.as_bytes(), &signature).unwrap();
    }

    #[test]
    fn keys_of_each_kind_that_we_make_can_sign() {
        for algorithm in [KeyAlgorithm::Ed25519, KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa2048] {
            assert!(sign(&KeyPair::generate(algorithm).unwrap(), CHALLENGE).is_ok(), "{algorithm:?}");
        }
    }
}
