//! An issuer of ID tokens whose keys the cluster was given.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use e2e::stage::{Method, Subject};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::config::CLUSTER;

const KEY_ID: &str = "k1";
/// As a folder of Jenkins has it, and a job in it.
const FOLDER: &str = "team/app";

/// A signer with one ECDSA P-256 key.
#[derive(Debug)]
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

fn job(subject: Subject) -> &'static str {
    match subject {
        Subject::Allowed => "deploy #1",
        Subject::Other => "another",
    }
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { key, random }
    }

    /// Its public key as a JSON Web Key Set.
    pub(crate) fn jwks(&self) -> String {
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": BASE64.encode(x), "y": BASE64.encode(y)});
        json!({"keys": [key]}).to_string()
    }

    /// What a join token says about whom it lets in.
    pub(crate) fn rules(&self, method: Method) -> Value {
        let job = job(Subject::Allowed);
        match method {
            Method::Kubernetes => json!({"type": "static_jwks", "static_jwks": {"jwks": self.jwks()},
                "allow": [{"service_account": format!("{FOLDER}:{job}")}]}),
            Method::Gitlab => {
                json!({"static_jwks": self.jwks(), "allow": [{"project_path": format!("{FOLDER}/{job}")}]})
            }
        }
    }

    /// An ID token for five minutes.
    pub(crate) fn token(&self, method: Method, subject: Subject) -> String {
        let (job, now) = (job(subject), SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
        let mut claims = json!({"iss": "https://ci.example.test/teleport", "aud": [CLUSTER], "jti": "build-42",
            "iat": now, "nbf": now, "exp": now + 300});
        let more = match method {
            Method::Kubernetes => json!({"sub": format!("system:serviceaccount:{FOLDER}:{job}"),
                "kubernetes.io": {"namespace": FOLDER, "pod": {"name": "jenkins-build-42", "uid": "b42"},
                    "serviceaccount": {"name": job, "uid": "j1"}}}),
            Method::Gitlab => json!({"sub": format!("job:{FOLDER}/{job}:build:42"),
                "project_path": format!("{FOLDER}/{job}"), "namespace_path": FOLDER, "ref": "main", "ref_type": "branch",
                "pipeline_source": "user", "pipeline_id": "42"}),
        };
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.sign(&claims)
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": KEY_ID});
        let signed = [&header, claims].map(|part| BASE64.encode(part.to_string())).join(".");
        let signature = self.key.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_is_verified_by_the_key_of_the_set() {
        let issuer = Issuer::new();
        let set: Value = serde_json::from_str(&issuer.jwks()).unwrap();
        let part = |name: &str| BASE64.decode(set["keys"][0][name].as_str().unwrap()).unwrap();
        let point = [vec![4], part("x"), part("y")].concat();
        let token = issuer.token(Method::Kubernetes, Subject::Other);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
        let claims = BASE64.decode(signed.rsplit_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], "system:serviceaccount:team/app:another");
    }
}
