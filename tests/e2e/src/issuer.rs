//! Whoever signs ID tokens: a Kubernetes cluster for its service accounts, a Jenkins for its builds.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::join::now;
use crate::machine::put;

const KEY_ID: &str = "one";

/// An issuer with one key.
#[derive(Debug)]
pub struct Issuer {
    key: RsaKeyPair,
    directory: tempfile::TempDir,
}

impl Issuer {
    /// One with a test key of the double's.
    ///
    /// # Panics
    /// When its directory can't be made.
    #[must_use]
    pub fn new() -> Self {
        let pool = include_str!("../../teleport-double/keys/rsa-pool-1.pem");
        let pem = pool.split("-----BEGIN PRIVATE KEY-----").nth(1).unwrap();
        let text: String = pem.lines().take_while(|line| !line.starts_with("-----")).collect();
        let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap();
        let issuer = Self { key, directory: tempfile::tempdir().unwrap() };
        let RsaPublicKeyComponents::<Vec<u8>> { n, e } = issuer.key.public().into();
        let key = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": BASE64.encode(n), "e": BASE64.encode(e)});
        put(&issuer.jwks(), &json!({"keys": [key]}).to_string());
        issuer
    }

    /// The file with its public key.
    #[must_use]
    pub fn jwks(&self) -> PathBuf {
        self.directory.path().join("jwks.json")
    }

    /// A token of a pod's service account, as Kubernetes makes them.
    ///
    /// # Panics
    /// When the key can't sign.
    #[must_use]
    pub fn service_account(&self, namespace: &str, account: &str, audience: &str, seconds: u64) -> String {
        let begin = now().duration_since(UNIX_EPOCH).unwrap();
        let end = begin + Duration::from_secs(seconds);
        self.sign(&json!({
            "iss": "https://kubernetes.default.svc.cluster.local", "aud": [audience],
            "iat": begin.as_secs(), "nbf": begin.as_secs(), "exp": end.as_secs(),
            "sub": format!("system:serviceaccount:{namespace}:{account}"),
            "kubernetes.io": {"namespace": namespace, "pod": {"name": "pod-1", "uid": "1"},
                "serviceaccount": {"name": account, "uid": "2"}},
        }))
    }

    fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID})), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", BASE64.encode(signature))
    }
}

impl Default for Issuer {
    fn default() -> Self {
        Self::new()
    }
}
