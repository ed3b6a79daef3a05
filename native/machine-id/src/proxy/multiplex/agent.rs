//! An ssh-agent (draft-ietf-sshm-ssh-agent) with one key, which is there with its certificate and bare: older clients take
//! the certificate only beside the key. It signs, and does nothing else that it is asked for.

use std::sync::Arc;
use std::time::Duration;

use ssh_encoding::{Decode, Encode};
use ssh_key::{Certificate, Mpint, PublicKey};
use tokio::time::timeout;

use super::limits::REQUEST;
use super::server::Shared;
use crate::config::KeyAlgorithm;
use crate::error::{Code, Error};
use crate::identity::{KeyPair, RsaHash};
use crate::local::peer::{Client, Seen};

/// What is asked.
const REQUEST_IDENTITIES: u8 = 11;
const SIGN_REQUEST: u8 = 13;
/// What is answered.
const FAILURE: u8 = 5;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_RESPONSE: u8 = 14;
/// Flags of a request to sign: by which hash an RSA key does.
const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;
/// Longest message: what SSH signs is far shorter.
const LONGEST: usize = 64 << 10;
/// What is shown beside the keys.
const COMMENT: &str = "teleport";
/// How long a client may take to read an answer.
const ANSWER: Duration = REQUEST;

/// A key as an agent has it.
#[derive(Debug)]
pub struct AgentKey {
    key: Arc<KeyPair>,
    certificate: Vec<u8>,
    public: Vec<u8>,
}

impl AgentKey {
    /// A key, and its certificate as one line.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn new(key: &Arc<KeyPair>, certificate: &str) -> Result<Self, Error> {
        let unreadable = |error: ssh_key::Error| {
            Error::new(Code::Internal, format!("an ssh-agent can't have the key: {error}"), "report this")
        };
        let public = PublicKey::from_openssh(key.ssh_public_line()).map_err(unreadable)?;
        Ok(Self {
            key: Arc::clone(key),
            certificate: Certificate::from_openssh(certificate).and_then(|one| one.to_bytes()).map_err(unreadable)?,
            public: public.to_bytes().map_err(unreadable)?,
        })
    }

    /// A new key, with a certificate that is none.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn any() -> Option<Self> {
        let key = Arc::new(KeyPair::generate(KeyAlgorithm::Ed25519).ok()?);
        let public = PublicKey::from_openssh(key.ssh_public_line()).and_then(|key| key.to_bytes()).ok()?;
        Some(Self { key, certificate: b"certificate".to_vec(), public })
    }

    /// The answer to a message.
    pub(super) fn answer(&self, message: &[u8]) -> Vec<u8> {
        let answer = match message.split_first() {
            Some((&REQUEST_IDENTITIES, [])) => self.identities(),
            Some((&SIGN_REQUEST, request)) => self.signed(request),
            _ => None,
        };
        answer.unwrap_or_else(|| vec![FAILURE])
    }

    fn identities(&self) -> Option<Vec<u8>> {
        let mut answer = vec![IDENTITIES_ANSWER];
        2_u32.encode(&mut answer).ok()?;
        for blob in [&self.certificate, &self.public] {
            blob.encode(&mut answer).ok()?;
            COMMENT.encode(&mut answer).ok()?;
        }
        Some(answer)
    }

    /// None where it isn't ours, or not to be signed like this.
    fn signed(&self, mut request: &[u8]) -> Option<Vec<u8>> {
        let blob = Vec::<u8>::decode(&mut request).ok()?;
        let message = Vec::<u8>::decode(&mut request).ok()?;
        let flags = u32::decode(&mut request).ok()?;
        if !request.is_empty() || (blob != self.certificate && blob != self.public) {
            return None;
        }
        let (name, hash) = match self.key.algorithm() {
            KeyAlgorithm::Ed25519 => ("ssh-ed25519", RsaHash::Sha256),
            KeyAlgorithm::EcdsaP256 => ("ecdsa-sha2-nistp256", RsaHash::Sha256),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 if flags & RSA_SHA2_512 != 0 => {
                ("rsa-sha2-512", RsaHash::Sha512)
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 if flags & RSA_SHA2_256 != 0 => {
                ("rsa-sha2-256", RsaHash::Sha256)
            }
            // By SHA-1 nothing is signed any more.
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa4096 => return None,
        };
        let raw = self.key.sign(&message, hash).ok()?;
        let mut signature = Vec::new();
        name.encode(&mut signature).ok()?;
        match self.key.algorithm() {
            KeyAlgorithm::EcdsaP256 => both_numbers(&raw)?.encode(&mut signature),
            _ => raw.encode(&mut signature),
        }
        .ok()?;
        let mut answer = vec![SIGN_RESPONSE];
        signature.encode(&mut answer).ok()?;
        Some(answer)
    }
}

/// As SSH has the two numbers of ECDSA (RFC 5656, section 3.1.2).
fn both_numbers(raw: &[u8]) -> Option<Vec<u8>> {
    let mut numbers = Vec::new();
    for half in raw.chunks(raw.len().div_ceil(2).max(1)) {
        Mpint::from_positive_bytes(half).ok()?.encode(&mut numbers).ok()?;
    }
    Some(numbers)
}

/// Answers a client until it leaves, each message by the key that is fresh then.
pub(super) async fn run(shared: Arc<Shared>, client: Client) {
    let mut bytes = Vec::new();
    loop {
        let Some(message) = message(&client, &mut bytes).await else { return };
        let Some(key) = shared.agent_key() else { return };
        let answer = key.answer(&message);
        let mut framed = Vec::new();
        if answer.encode(&mut framed).is_err() {
            return;
        }
        match timeout(ANSWER, client.write_all(&framed)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// The next message of a client; `bytes` is what was read of it. None: it left, or makes no sense.
async fn message(client: &Client, bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let Some(message) = framed(bytes)? {
            return Some(message);
        }
        let more = client.read();
        // Between two messages it may be silent for as long as it likes.
        let more = if bytes.is_empty() { more.await } else { timeout(REQUEST, more).await.ok()? };
        match more.ok()? {
            Seen::Bytes(some) if !some.is_empty() => bytes.extend_from_slice(&some),
            _ => return None,
        }
    }
}

/// Takes the first message off what was read, if it is whole. None: it is too long.
#[expect(clippy::option_option, reason = "whole, not whole yet, too long")]
pub(super) fn framed(bytes: &mut Vec<u8>) -> Option<Option<Vec<u8>>> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Some(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length <= LONGEST)?;
    let Some(message) = rest.get(..length).map(<[u8]>::to_vec) else { return Some(None) };
    bytes.drain(..4 + length);
    Some(Some(message))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::fixtures;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey};

    fn agent(algorithm: KeyAlgorithm) -> AgentKey {
        let key = Arc::new(KeyPair::generate(algorithm).unwrap());
        let public = PublicKey::from_openssh(key.ssh_public_line()).unwrap().to_bytes().unwrap();
        AgentKey { key, certificate: b"certificate".to_vec(), public }
    }

    fn request(blob: &[u8], message: &[u8], flags: u32) -> Vec<u8> {
        let mut request = vec![SIGN_REQUEST];
        blob.encode(&mut request).unwrap();
        message.encode(&mut request).unwrap();
        flags.encode(&mut request).unwrap();
        request
    }

    #[test]
    fn each_kind_of_key_signs_as_ssh_reads_it() {
        for (algorithm, name) in [
            (KeyAlgorithm::Ed25519, "ssh-ed25519"),
            (KeyAlgorithm::EcdsaP256, "ecdsa-sha2-nistp256"),
            (KeyAlgorithm::Rsa2048, "rsa-sha2-512"),
        ] {
            let agent = agent(algorithm);
            let public = PublicKey::from_openssh(agent.key.ssh_public_line()).unwrap();
            for blob in [&agent.certificate, &agent.public] {
                let answer = agent.answer(&request(blob, b"message", RSA_SHA2_512));
                let (SIGN_RESPONSE, mut rest) = (answer[0], &answer[1..]) else { panic!("{answer:?}") };
                let signature = Vec::<u8>::decode(&mut rest).unwrap();
                let signature = ssh_key::Signature::try_from(signature.as_slice()).unwrap();
                assert_eq!(signature.algorithm().to_string(), name);
                match public.key_data() {
                    ssh_key::public::KeyData::Ed25519(key) => {
                        UnparsedPublicKey::new(&ED25519, key.as_ref())
                            .verify(b"message", signature.as_bytes())
                            .unwrap();
                    }
                    ssh_key::public::KeyData::Ecdsa(key) => {
                        let mut numbers = signature.as_bytes();
                        let mut raw = Vec::new();
                        for _ in 0..2 {
                            let number = Mpint::decode(&mut numbers).unwrap();
                            let bytes = number.as_positive_bytes().unwrap();
                            raw.extend(std::iter::repeat_n(0, 32 - bytes.len()).chain(bytes.iter().copied()));
                        }
                        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1_bytes());
                        key.verify(b"message", &raw).unwrap();
                    }
                    ssh_key::public::KeyData::Rsa(key) => {
                        let key = ring::signature::RsaPublicKeyComponents {
                            n: key.n.as_positive_bytes().unwrap(),
                            e: key.e.as_positive_bytes().unwrap(),
                        };
                        key.verify(&RSA_PKCS1_2048_8192_SHA512, b"message", signature.as_bytes()).unwrap();
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn what_isnt_ours_and_whatever_else_is_asked_for_fails() {
        let agent = agent(KeyAlgorithm::Rsa2048);
        let fine = request(&agent.public, b"m", RSA_SHA2_256);
        assert_eq!(agent.answer(&fine)[0], SIGN_RESPONSE);
        let longer = [&fine[..], b"x"].concat();
        for message in [
            &b""[..],
            &[REQUEST_IDENTITIES, 0],
            &[17],
            &[19],
            &[27, 0],
            &request(b"other", b"m", 2),
            &request(&agent.public, b"m", 0),
            &longer,
            &fine[..20],
        ] {
            assert_eq!(agent.answer(message), [FAILURE], "{message:?}");
        }
    }

    #[test]
    fn a_certificate_stands_beside_its_bare_key() {
        let (key, certificates) = fixtures::tbot_directory("identity");
        let agent = AgentKey::new(&key, &certificates.ssh).unwrap();
        let answer = agent.answer(&[REQUEST_IDENTITIES]);
        let mut rest = &answer[1..];
        assert_eq!(u32::decode(&mut rest).unwrap(), 2);
        assert_eq!(Vec::<u8>::decode(&mut rest).unwrap(), agent.certificate);
    }

    proptest! {
        #[test]
        fn no_message_panics_and_none_is_lost(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let agent = AgentKey::any().unwrap();
            prop_assert!(!agent.answer(&bytes).is_empty());
            let mut stream = Vec::new();
            bytes.encode(&mut stream).unwrap();
            stream.extend_from_slice(&bytes);
            prop_assert_eq!(framed(&mut stream), Some(Some(bytes.clone())));
            prop_assert_eq!(stream, bytes);
        }
    }
}
