//! ID tokens that are checked as a server does: by given keys, cluster, time and rules.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as BASE64};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use teleport_double::{Double, SignedOptions, TokenOptions};

use crate::client::{double, started};
use crate::id_token::{http, v1};

struct Issuer {
    keys: Vec<RsaKeyPair>,
    directory: tempfile::TempDir,
}

impl Issuer {
    fn new() -> Self {
        let pool = include_str!("../../keys/rsa-pool-1.pem");
        let key = |pem: &str| {
            let text: String = pem.lines().take_while(|line| !line.starts_with("-----")).collect();
            RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap()
        };
        let keys = pool.split("-----BEGIN PRIVATE KEY-----").skip(1).take(2).map(key).collect();
        Self { keys, directory: tempfile::tempdir().unwrap() }
    }

    fn jwks(&self) -> PathBuf {
        self.directory.path().join("jwks.json")
    }

    /// Publishes keys by their numbers.
    fn publish(&self, keys: &[usize]) {
        let of = |key: &usize| {
            let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(self.keys[*key].public());
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("k{key}"), "n": BASE64.encode(n), "e": BASE64.encode(e)})
        };
        let keys: Vec<Value> = keys.iter().map(of).collect();
        std::fs::write(self.jwks(), json!({"keys": keys}).to_string()).unwrap();
    }

    fn sign(&self, key: usize, kid: &str, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({"alg": "RS256", "typ": "JWT", "kid": kid})), part(claims));
        let mut signature = vec![0; self.keys[key].public().modulus_len()];
        self.keys[key].sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", BASE64.encode(signature))
    }
}

fn token(double: &Double, issuer: &Issuer, method: &str, rule: &str) -> String {
    let (method, allow) = (method.to_owned(), vec![rule.to_owned()]);
    let signed = Some(SignedOptions { method, jwks: issuer.jwks(), allow });
    double.new_token_with("api", TokenOptions { signed, ..TokenOptions::default() })
}

fn claims() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = now + Duration::from_secs(300);
    json!({
        "aud": "example.test", "iat": now.as_secs(), "nbf": now.as_secs(), "exp": end.as_secs(),
        "sub": "system:serviceaccount:team/app:deploy",
        "kubernetes.io": {"namespace": "team/app", "pod": {"name": "b"}, "serviceaccount": {"name": "deploy"}},
        "project_path": "team/app/deploy",
    })
}

async fn refusal(double: &Double, token: &str, proof: &str) -> String {
    let (status, body) = http(double, token, proof).await;
    assert_ne!(status, 200);
    body.to_string()
}

#[tokio::test]
async fn a_genuine_one_joins_and_each_flaw_has_its_words() {
    let double = double("18.11.0").await;
    let issuer = Issuer::new();
    issuer.publish(&[0]);
    for (method, rule) in [("kubernetes", "team/app:deploy"), ("gitlab", "team/*")] {
        let token = token(&double, &issuer, method, rule);
        let (status, body) = http(&double, &token, &issuer.sign(0, "k0", &claims())).await;
        assert_eq!(status, 200, "{body}");
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            issuer.sign(0, "k0", &claims)
        };
        for (proof, words) in [
            (issuer.sign(1, "k0", &claims()), "error in cryptographic primitive"),
            (issuer.sign(1, "k1", &claims()), "unsupported key type/format"),
            (with("aud", json!(["another"])), "invalid audience claim (aud)"),
            (with("exp", json!(1)), "token is expired (exp)"),
            (with("nbf", json!(u64::from(u32::MAX))), "not valid yet (nbf)"),
            ("e30.e30".to_owned(), "compact JWS format must have three parts"),
        ] {
            let said = refusal(&double, &token, &proof).await;
            assert!(said.contains(words), "{method}: {said}");
        }
        let who = if method == "gitlab" { "project_path" } else { "sub" };
        let said = refusal(&double, &token, &with(who, json!("system:serviceaccount:other/app:deploy"))).await;
        assert!(said.contains("did not match any allow rules"), "{method}: {said}");
    }
    assert_eq!(double.statements().len(), 2);
    assert_eq!(double.statements()[0]["kubernetes.io"]["pod"]["name"], "b");
}

#[tokio::test]
async fn a_rotation_needs_the_new_key_to_be_published_first() {
    let double = double("18.11.0").await;
    let issuer = Issuer::new();
    issuer.publish(&[0]);
    let token = token(&double, &issuer, "generic_oidc", "system:serviceaccount:*");
    v1(&double, &token, &issuer.sign(0, "k0", &claims())).await.unwrap();
    let early = issuer.sign(1, "k1", &claims());
    assert!(v1(&double, &token, &early).await.is_err());
    issuer.publish(&[0, 1]);
    v1(&double, &token, &early).await.unwrap();
    v1(&double, &token, &issuer.sign(0, "k0", &claims())).await.unwrap();
    issuer.publish(&[1]);
    assert!(v1(&double, &token, &issuer.sign(0, "k0", &claims())).await.is_err());
}

#[tokio::test]
async fn a_rule_may_ask_for_one_more_claim_and_each_join_is_noted() {
    let directory = tempfile::tempdir().unwrap();
    let noted = directory.path().join("keys");
    let double = started(Double::builder().version("18.11.0").joined_keys(&noted)).await;
    let issuer = Issuer::new();
    issuer.publish(&[0]);
    let token = token(&double, &issuer, "gitlab", "team/*;ref_type=branch");
    let of = |kind: &str| {
        let mut claims = claims();
        claims["ref_type"] = kind.into();
        issuer.sign(0, "k0", &claims)
    };
    let said = refusal(&double, &token, &of("fork")).await;
    assert!(said.contains("did not match any allow rules"), "{said}");
    let none = refusal(&double, &token, &issuer.sign(0, "k0", &claims())).await;
    assert!(none.contains("did not match any allow rules"), "{none}");
    assert!(!noted.exists());
    let (status, body) = http(&double, &token, &of("branch")).await;
    assert_eq!(status, 200, "{body}");
    let noted = std::fs::read_to_string(&noted).unwrap();
    let key = noted.strip_prefix("bot-api ").and_then(|line| line.strip_suffix('\n')).unwrap();
    assert!(key.len() > 100 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{noted}");
}
