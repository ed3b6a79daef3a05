//! An ssh-agent (draft-ietf-sshm-ssh-agent) with one key, which is there with its certificate and bare: older clients take
//! the certificate only beside the key. It signs what SSH has signed, and does nothing else that it is asked for.

use std::sync::Arc;
use std::time::Duration;

use ssh_encoding::{Decode, Encode};
use ssh_key::{Certificate, Mpint, PublicKey};
use tokio::time::timeout;

use super::limits::REQUEST;
use super::server::Shared;
use crate::config::KeyAlgorithm;
use crate::error::{Code, Error};
use crate::identity::{KeyPair, RsaHash, Signer};
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

/// What begins a signature of a file's (PROTOCOL.sshsig of OpenSSH).
const FILE: &[u8] = b"SSHSIG";
/// What follows the session's identifier in what a user signs to log in (RFC 4252, section 7).
const LOGIN: u8 = 50;

/// A key as an agent has it.
#[derive(Debug)]
pub struct AgentKey {
    algorithm: KeyAlgorithm,
    signer: Signer,
    certificate: Vec<u8>,
    public: Vec<u8>,
}

impl AgentKey {
    /// A key, and its certificate as one line.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn new(key: &KeyPair, certificate: &str) -> Result<Self, Error> {
        let unusable =
            |why: String| Error::new(Code::Internal, format!("an ssh-agent can't have the key: {why}"), "report this");
        let unreadable = |error: ssh_key::Error| unusable(error.to_string());
        let public = PublicKey::from_openssh(key.ssh_public_line()).map_err(unreadable)?;
        Ok(Self {
            algorithm: key.algorithm(),
            signer: key.signer().map_err(unusable)?,
            certificate: Certificate::from_openssh(certificate).and_then(|one| one.to_bytes()).map_err(unreadable)?,
            public: public.to_bytes().map_err(unreadable)?,
        })
    }

    /// A new key, with a certificate that is none.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn any() -> Option<Self> {
        Self::uncertified(&KeyPair::generate(KeyAlgorithm::Ed25519).ok()?)
    }

    #[cfg(any(test, feature = "fuzzing"))]
    fn uncertified(key: &KeyPair) -> Option<Self> {
        let public = PublicKey::from_openssh(key.ssh_public_line()).and_then(|key| key.to_bytes()).ok()?;
        let signer = key.signer().ok()?;
        Some(Self { algorithm: key.algorithm(), signer, certificate: b"certificate".to_vec(), public })
    }

    fn is(&self, blob: &[u8]) -> bool {
        blob == self.certificate || blob == self.public
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
        if !request.is_empty() || !self.is(&blob) || !is_of_ssh(&message) {
            return None;
        }
        let (name, hash) = match self.algorithm {
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
        let raw = self.signer.sign(&message, hash).ok()?;
        let mut signature = Vec::new();
        name.encode(&mut signature).ok()?;
        match self.algorithm {
            KeyAlgorithm::EcdsaP256 => both_numbers(&raw)?.encode(&mut signature),
            _ => raw.encode(&mut signature),
        }
        .ok()?;
        let mut answer = vec![SIGN_RESPONSE];
        signature.encode(&mut answer).ok()?;
        Some(answer)
    }
}

/// The keys of an agent: the one that is shown, and the one before. Who was shown that one signs by it a moment later.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub(super) fresh: Arc<AgentKey>,
    pub(super) before: Option<Arc<AgentKey>>,
}

impl Keys {
    /// The answer to a message.
    pub(super) fn answer(&self, message: &[u8]) -> Vec<u8> {
        let answer = match message.split_first() {
            Some((&REQUEST_IDENTITIES, [])) => self.fresh.identities(),
            Some((&SIGN_REQUEST, request)) => {
                let mut keys = std::iter::once(&self.fresh).chain(&self.before);
                keys.find_map(|key| key.signed(request))
            }
            _ => None,
        };
        answer.unwrap_or_else(|| vec![FAILURE])
    }
}

/// Nothing else is signed: the same key has the TLS certificate of the role.
fn is_of_ssh(mut message: &[u8]) -> bool {
    message.starts_with(FILE)
        || Vec::<u8>::decode(&mut message).is_ok_and(|session| !session.is_empty()) && message.first() == Some(&LOGIN)
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
        let Some(keys) = shared.agent_keys() else { return };
        // On a thread of the socket's own: whoever has much signed holds up nobody else.
        let Some(answer) = client.lane().ask(move || keys.answer(&message)).await else { return };
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

    /// A session's identifier, a login, and the rest.
    const SIGNED: &[u8] = b"\0\0\0\x02id\x32and so on";

    fn alone(key: AgentKey) -> Keys {
        Keys { fresh: Arc::new(key), before: None }
    }

    fn agent(algorithm: KeyAlgorithm) -> (KeyPair, Keys) {
        let key = KeyPair::generate(algorithm).unwrap();
        let agent = alone(AgentKey::uncertified(&key).unwrap());
        (key, agent)
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
            let (key, agent) = agent(algorithm);
            let public = PublicKey::from_openssh(key.ssh_public_line()).unwrap();
            for blob in [&agent.fresh.certificate, &agent.fresh.public] {
                let answer = agent.answer(&request(blob, SIGNED, RSA_SHA2_512));
                let (SIGN_RESPONSE, mut rest) = (answer[0], &answer[1..]) else { panic!("{answer:?}") };
                let signature = Vec::<u8>::decode(&mut rest).unwrap();
                let signature = ssh_key::Signature::try_from(signature.as_slice()).unwrap();
                assert_eq!(signature.algorithm().to_string(), name);
                match public.key_data() {
                    ssh_key::public::KeyData::Ed25519(key) => {
                        UnparsedPublicKey::new(&ED25519, key.as_ref()).verify(SIGNED, signature.as_bytes()).unwrap();
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
                        key.verify(SIGNED, &raw).unwrap();
                    }
                    ssh_key::public::KeyData::Rsa(key) => {
                        let key = ring::signature::RsaPublicKeyComponents {
                            n: key.n.as_positive_bytes().unwrap(),
                            e: key.e.as_positive_bytes().unwrap(),
                        };
                        key.verify(&RSA_PKCS1_2048_8192_SHA512, SIGNED, signature.as_bytes()).unwrap();
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn what_isnt_ours_and_whatever_else_is_asked_for_fails() {
        let (_, agent) = agent(KeyAlgorithm::Rsa2048);
        let own = &agent.fresh.public;
        let fine = request(own, SIGNED, RSA_SHA2_256);
        assert_eq!(agent.answer(&fine)[0], SIGN_RESPONSE);
        assert_eq!(agent.answer(&request(own, b"SSHSIG\0", RSA_SHA2_256))[0], SIGN_RESPONSE);
        let longer = [&fine[..], b"x"].concat();
        for message in [
            &b""[..],
            &[REQUEST_IDENTITIES, 0],
            &[17],
            &[19],
            &[27, 0],
            &request(b"other", SIGNED, 2),
            &request(own, SIGNED, 0),
            // As TLS 1.3 has it signed (RFC 8446, section 4.4.3), a session of no name, another message of SSH's, nothing.
            &request(own, &[&[0x20; 64][..], b"TLS 1.3, client CertificateVerify\0"].concat(), 2),
            &request(own, b"\0\0\0\0\x32", 2),
            &request(own, b"\0\0\0\x02id\x33", 2),
            &request(own, b"", 2),
            &longer,
            &fine[..20],
        ] {
            assert_eq!(agent.answer(message), [FAILURE], "{message:?}");
        }
    }

    #[test]
    fn a_certificate_stands_beside_its_bare_key() {
        let (key, certificates) = fixtures::tbot_directory("identity");
        let agent = alone(AgentKey::new(&key, &certificates.ssh).unwrap());
        let answer = agent.answer(&[REQUEST_IDENTITIES]);
        let mut rest = &answer[1..];
        assert_eq!(u32::decode(&mut rest).unwrap(), 2);
        assert_eq!(Vec::<u8>::decode(&mut rest).unwrap(), agent.fresh.certificate);
    }

    #[test]
    fn who_was_shown_the_key_before_signs_by_it_after_a_renewal() {
        let [(_, first), (_, second), (_, other)] = [(); 3].map(|()| agent(KeyAlgorithm::Ed25519));
        let renewed = Keys { fresh: Arc::clone(&second.fresh), before: Some(Arc::clone(&first.fresh)) };
        for key in [&first.fresh, &second.fresh] {
            assert_eq!(renewed.answer(&request(&key.public, SIGNED, 0))[0], SIGN_RESPONSE);
        }
        assert_eq!(renewed.answer(&request(&other.fresh.public, SIGNED, 0)), [FAILURE]);
        assert_eq!(renewed.answer(&[REQUEST_IDENTITIES]), second.answer(&[REQUEST_IDENTITIES]));
    }

    proptest! {
        #[test]
        fn no_message_panics_and_none_is_lost(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let agent = alone(AgentKey::any().unwrap());
            prop_assert!(!agent.answer(&bytes).is_empty());
            let mut stream = Vec::new();
            bytes.encode(&mut stream).unwrap();
            stream.extend_from_slice(&bytes);
            prop_assert_eq!(framed(&mut stream), Some(Some(bytes.clone())));
            prop_assert_eq!(stream, bytes);
        }
    }
}
