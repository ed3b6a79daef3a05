//! An issuer of ID tokens: its keys are given to the cluster, or fetched from a fake cloud.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use e2e::stage::{Flaw, Method};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use crate::cloud;
use crate::config::CLUSTER;

const KEY_ID: &str = "k1";
/// As a folder of Jenkins has it, and a job in it.
const FOLDER: &str = "team/app";
const JOB: &str = "deploy #1";
/// A project of Google's.
const PROJECT: &str = "project-one";

/// A signer. Keys that are given are ECDSA P-256; what fetches keys wants RSA.
#[derive(Debug)]
pub(crate) struct Issuer {
    given: [EcdsaKeyPair; 2],
    fetched: [RsaKeyPair; 2],
    random: SystemRandom,
}

/// The first of the double's test keys.
fn rsa_keys() -> [RsaKeyPair; 2] {
    let pool = include_str!("../../teleport-double/keys/rsa-pool-1.pem");
    let key = |at| {
        let pem = pool.split("-----BEGIN PRIVATE KEY-----").nth(at).unwrap();
        let text: String = pem.lines().take_while(|line| !line.starts_with("-----")).collect();
        RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
    };
    [key(1), key(2)]
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let given = [(); 2].map(|()| {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
        });
        let fetched = rsa_keys();
        Self { given, fetched, random }
    }

    /// The public key to give to a cluster, as a JSON Web Key Set.
    pub(crate) fn given_jwks(&self) -> String {
        let point = self.given[0].public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
            "x": BASE64.encode(x), "y": BASE64.encode(y)});
        json!({"keys": [key]}).to_string()
    }

    /// The public key to be fetched.
    pub(crate) fn fetched_jwks(&self) -> String {
        let RsaPublicKeyComponents::<Vec<u8>> { n, e } = self.fetched[0].public().into();
        let key = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": BASE64.encode(n), "e": BASE64.encode(e)});
        json!({"keys": [key]}).to_string()
    }

    /// What a join token says about whom it lets in.
    pub(crate) fn rules(&self, method: Method) -> Value {
        let jwks = self.given_jwks();
        match method {
            Method::Kubernetes => json!({"type": "static_jwks", "static_jwks": {"jwks": jwks},
                "allow": [{"service_account": format!("{FOLDER}:{JOB}")}]}),
            Method::Github => json!({"static_jwks": jwks, "allow": [{"repository": format!("{FOLDER}/{JOB}")}]}),
            Method::Gitlab => json!({"static_jwks": jwks, "allow": [{"project_path": format!("{FOLDER}/{JOB}")}]}),
            Method::GitlabDomain => {
                json!({"domain": cloud::GITLAB, "allow": [{"project_path": format!("{FOLDER}/{JOB}")}]})
            }
            Method::Gcp => json!({"allow": [{"project_ids": [PROJECT]}]}),
        }
    }

    /// An ID token for five minutes, with something the matter or not.
    pub(crate) fn token(&self, method: Method, flaw: Option<Flaw>) -> String {
        let is = |what: Flaw| flaw == Some(what);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (issued, begins, ends) = match flaw {
            Some(Flaw::Expired) => (now - 900, now - 900, now - 600),
            Some(Flaw::Early) => (now, now + 600, now + 900),
            Some(Flaw::Lifetime) => (now, now, now + 1860),
            _ => (now, now, now + 300),
        };
        let issuer = match method {
            _ if is(Flaw::Issuer) => "another.example.test",
            Method::GitlabDomain => cloud::GITLAB,
            Method::Gcp => cloud::GOOGLE,
            _ => "ci.example.test",
        };
        let audience = match method {
            _ if is(Flaw::Audience) => "another",
            Method::Github | Method::Gcp => "teleport.cluster.local",
            _ => CLUSTER,
        };
        let mut claims = json!({"iss": format!("https://{issuer}"), "aud": [audience], "jti": "build-42",
            "iat": issued, "nbf": begins, "exp": ends});
        claims.as_object_mut().unwrap().extend(of(method, is(Flaw::Subject)).as_object().unwrap().clone());
        self.sign(method, flaw, &claims)
    }

    fn sign(&self, method: Method, flaw: Option<Flaw>, claims: &Value) -> String {
        let algorithm = if method.has_given_keys() { "ES256" } else { "RS256" };
        let id = if flaw == Some(Flaw::KeyId) { "k2" } else { KEY_ID };
        let key = usize::from(flaw == Some(Flaw::Signature));
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": id});
        let signed = [&header, claims].map(|part| BASE64.encode(part.to_string())).join(".");
        let signature = if method.has_given_keys() {
            self.given[key].sign(&self.random, signed.as_bytes()).unwrap().as_ref().to_vec()
        } else {
            self.rs256(key, &signed)
        };
        format!("{signed}.{}", BASE64.encode(signature))
    }

    fn rs256(&self, key: usize, signed: &str) -> Vec<u8> {
        let mut signature = vec![0; self.fetched[key].public().modulus_len()];
        self.fetched[key].sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature).unwrap();
        signature
    }

    /// A statement of a Jenkins whose keys are ours, of now.
    ///
    /// `key` is the first or the second of them, `kid` its id.
    pub(crate) fn statement(&self, key: usize, kid: &str, claims: &Value) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = claims.clone();
        for (name, time) in [("iat", now - 60), ("nbf", now - 60), ("exp", now + 300)] {
            claims[name] = json!(time);
        }
        claims["jti"] = json!(format!("{:032x}", fastrand::u128(..)));
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
        let signed = [&header, &claims].map(|part| BASE64.encode(part.to_string())).join(".");
        format!("{signed}.{}", BASE64.encode(self.rs256(key, &signed)))
    }
}

/// Whom an ID token names: the one that the rules allow, or another one.
fn of(method: Method, another: bool) -> Value {
    let job = if another { "another" } else { JOB };
    let path = format!("{FOLDER}/{job}");
    match method {
        Method::Kubernetes => json!({"sub": format!("system:serviceaccount:{FOLDER}:{job}"),
            "kubernetes.io": {"namespace": FOLDER, "pod": {"name": "jenkins-build-42", "uid": "b42"},
                "serviceaccount": {"name": job, "uid": "j1"}}}),
        Method::Github => json!({"sub": format!("repo:{path}:ref:refs/heads/main"), "repository": path,
            "repository_owner": FOLDER, "ref": "refs/heads/main", "run_id": "42"}),
        Method::Gitlab | Method::GitlabDomain => json!({"sub": format!("job:{path}:build:42"), "project_path": path,
            "namespace_path": FOLDER, "ref": "main", "ref_type": "branch", "pipeline_source": "user",
            "pipeline_id": "42"}),
        Method::Gcp => {
            let project = if another { "project-two" } else { PROJECT };
            json!({"sub": "1", "email": format!("jenkins@{project}.iam.gserviceaccount.com"), "email_verified": true,
                "google": {"compute_engine": {"project_id": project, "zone": "europe-west3-a", "instance_id": "42",
                    "instance_name": "agent"}}})
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn part(set: &str, name: &str) -> Vec<u8> {
        let set: Value = serde_json::from_str(set).unwrap();
        BASE64.decode(set["keys"][0][name].as_str().unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_verified_by_the_key_of_its_set() {
        let issuer = Issuer::new();
        let given = issuer.given_jwks();
        let point = [vec![4], part(&given, "x"), part(&given, "y")].concat();
        let given = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        let fetched = issuer.fetched_jwks();
        let fetched = RsaPublicKeyComponents { n: part(&fetched, "n"), e: part(&fetched, "e") };
        for (flaw, good) in [(None, true), (Some(Flaw::Subject), true), (Some(Flaw::Signature), false)] {
            let token = issuer.token(Method::Kubernetes, flaw);
            let (signed, signature) = token.rsplit_once('.').unwrap();
            assert_eq!(given.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).is_ok(), good);
            let token = issuer.token(Method::Gcp, flaw);
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let signature = BASE64.decode(signature).unwrap();
            assert_eq!(fetched.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok(), good);
        }
    }

    #[test]
    fn a_token_says_whom_it_is_of() {
        let token = Issuer::new().token(Method::Kubernetes, Some(Flaw::Subject));
        let claims = BASE64.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], "system:serviceaccount:team/app:another");
    }
}
