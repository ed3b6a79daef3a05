//! Bound keys, and a client that joins with them by either stream.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use teleport_api::auth::register_using_bound_keypair_method_request::Payload as OldSent;
use teleport_api::auth::register_using_bound_keypair_method_response::Payload as OldSaid;
use teleport_api::auth::{
    RegisterUsingBoundKeypairChallengeResponse, RegisterUsingBoundKeypairInitialRequest,
    RegisterUsingBoundKeypairMethodRequest, RegisterUsingBoundKeypairRotationResponse,
};
use teleport_api::join::challenge::Payload as Asked;
use teleport_api::join::challenge_solution::Payload as Solved;
use teleport_api::join::join_request::Payload as Sent;
use teleport_api::join::join_response::Payload as Said;
use teleport_api::join::{
    BoundKeypairChallengeSolution, BoundKeypairInit, BoundKeypairRotationResponse, ChallengeSolution,
};
use teleport_double::Double;
use tonic::Status;

use crate::client::{At, Exchange, holds, legacy, params, request, result, sending};
use crate::support::{Held, fixture, fixture_text};

/// A key pair of the fixtures, by its algorithm.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key(pub(crate) &'static str);

impl Key {
    pub(crate) fn line(&self) -> String {
        let line = fixture_text(&format!("keys/{}.ssh.pub", self.0));
        line.split(' ').take(2).collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    /// A compact JWS over the challenge, as it came.
    pub(crate) fn sign(&self, challenge: &str) -> Vec<u8> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(&fixture(&format!("keys/{}.key", self.0))).unwrap();
        let der = der.secret_pkcs8_der();
        let algorithm = match self.0 {
            "rsa" => "RS256",
            "ecdsa" => "ES256",
            _ => "EdDSA",
        };
        let header = format!("{{\"alg\":\"{algorithm}\",\"typ\":\"JWT\"}}");
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(challenge));
        let random = SystemRandom::new();
        let signature = match self.0 {
            "rsa" => {
                let key = RsaKeyPair::from_pkcs8(der).unwrap();
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).unwrap();
                signature
            }
            "ecdsa" => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).unwrap();
                key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
            }
            _ => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).unwrap().sign(text.as_bytes()).as_ref().to_vec(),
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes()
    }
}

/// A client with a bound key.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) token: String,
    pub(crate) key: Key,
    /// What it answers a demand for a new key with.
    pub(crate) next: Key,
    pub(crate) secret: String,
    pub(crate) state: Vec<u8>,
    /// What was asked for in the last join, in order.
    pub(crate) asked: Vec<&'static str>,
}

impl Bound {
    pub(crate) fn new(token: &str, key: &'static str) -> Self {
        Self {
            token: token.to_owned(),
            key: Key(key),
            next: Key("ed25519"),
            secret: String::new(),
            state: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn signer(&self, line: &str) -> Key {
        if line == self.key.line() { self.key.clone() } else { self.next.clone() }
    }

    /// By the new stream where `new`, else by the old one. Keeps state and key of a success.
    pub(crate) async fn join(&mut self, double: &Double, at: At<'_>, new: bool) -> Result<Held, Status> {
        self.asked.clear();
        let (held, state, key) = if new { self.by_v1(double, at).await? } else { self.by_legacy(double, at).await? };
        self.state = state;
        self.key = self.signer(&key);
        assert_eq!(self.key.line(), key);
        Ok(held)
    }

    async fn by_legacy(&mut self, double: &Double, at: At<'_>) -> Result<(Held, Vec<u8>, String), Status> {
        let (sender, stream) = sending();
        let send = async |payload| {
            let _ = sender.send(RegisterUsingBoundKeypairMethodRequest { payload: Some(payload) }).await;
        };
        let mut client = legacy(double, at).await;
        let init = RegisterUsingBoundKeypairInitialRequest {
            join_request: Some(request(&self.token)),
            initial_join_secret: self.secret.clone(),
            previous_join_state: self.state.clone(),
        };
        send(OldSent::Init(init)).await;
        let mut replies = client.register_using_bound_keypair_method(stream).await?.into_inner();
        loop {
            let said = replies.message().await?.ok_or_else(|| Status::ok("the end"))?.payload.unwrap();
            match said {
                OldSaid::Challenge(asked) => {
                    self.asked.push("challenge");
                    let solution = self.signer(&asked.public_key).sign(&asked.challenge);
                    let answer = RegisterUsingBoundKeypairChallengeResponse { solution };
                    send(OldSent::ChallengeResponse(answer)).await;
                }
                OldSaid::Rotation(demand) => {
                    self.asked.push("rotation");
                    assert_ne!(demand.signature_algorithm_suite, 0);
                    let answer = RegisterUsingBoundKeypairRotationResponse { public_key: self.next.line() };
                    send(OldSent::RotationResponse(answer)).await;
                }
                OldSaid::Certs(certs) => {
                    return Ok((holds(certs.certs.unwrap()), certs.join_state, certs.public_key));
                }
            }
        }
    }

    async fn by_v1(&mut self, double: &Double, at: At<'_>) -> Result<(Held, Vec<u8>, String), Status> {
        let (mut exchange, method) = Exchange::begin(double, at, &self.token).await?;
        assert_eq!(method, "bound_keypair");
        let init = BoundKeypairInit {
            client_params: params(),
            initial_join_secret: self.secret.clone(),
            previous_join_state: self.state.clone(),
        };
        let mut said = exchange.ask(Sent::BoundKeypairInit(init)).await?;
        while let Said::Challenge(challenge) = said {
            let solution = match challenge.payload.unwrap() {
                Asked::BoundKeypairChallenge(asked) => {
                    self.asked.push("challenge");
                    let key = String::from_utf8(asked.public_key).unwrap();
                    let solution = self.signer(&key).sign(&asked.challenge);
                    Solved::BoundKeypairChallengeSolution(BoundKeypairChallengeSolution { solution })
                }
                Asked::BoundKeypairRotationRequest(demand) => {
                    self.asked.push("rotation");
                    assert_eq!(demand.signature_algorithm_suite, "balanced-v1");
                    let public_key = self.next.line().into_bytes();
                    Solved::BoundKeypairRotationResponse(BoundKeypairRotationResponse { public_key })
                }
                other => panic!("{other:?}"),
            };
            said = exchange.ask(Sent::Solution(ChallengeSolution { payload: Some(solution) })).await?;
        }
        let (held, bound) = result(said);
        exchange.end().await;
        let (state, key) = bound.unwrap();
        Ok((held, state, key))
    }
}
