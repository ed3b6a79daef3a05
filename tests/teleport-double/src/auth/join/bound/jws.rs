//! A compact JWS over a challenge, checked by an SSH public key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;
use ssh_key::public::KeyData;

/// Whether `jws` is signed by `key` and its payload is `challenge`, byte for byte.
pub(super) fn verifies(key: &KeyData, challenge: &[u8], jws: &[u8]) -> bool {
    read(key, jws).is_some_and(|payload| payload == challenge)
}

fn read(key: &KeyData, jws: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(jws).ok()?;
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    let algorithm = header.get("alg")?.as_str()?;
    let (signature, message) = (decode(signature)?, signed.as_bytes());
    let verified = match key {
        KeyData::Ed25519(key) if algorithm == "EdDSA" => {
            UnparsedPublicKey::new(&ED25519, key.0).verify(message, &signature)
        }
        KeyData::Ecdsa(key) if algorithm == "ES256" => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1_bytes()).verify(message, &signature)
        }
        KeyData::Rsa(key) if algorithm == "RS256" => {
            let (n, e) = (key.n.as_positive_bytes()?, key.e.as_positive_bytes()?);
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        }
        _ => return None,
    };
    verified.ok()?;
    decode(payload)
}
