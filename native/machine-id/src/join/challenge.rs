//! What a server asks during a join, and who answers.

use zeroize::Zeroizing;

use super::azure;
use super::bound_keypair;
use super::error::JoinError;
use super::iam;
use crate::clock::Clock;

/// As often as a server may ask in one join; a bound key that is replaced takes three questions.
pub(super) const MOST: usize = 8;

/// What a server that asks more often than that comes to.
pub(super) fn endless() -> JoinError {
    JoinError::unexpected("it asks without end")
}

/// What a server asks.
#[derive(Debug)]
pub(super) enum Question {
    /// Sign this into a request to STS.
    Iam {
        /// The challenge.
        challenge: String,
    },
    /// Have Azure's metadata service sign this.
    Azure {
        /// The challenge.
        challenge: String,
        /// Whether the certificates between signature and root are wanted, too.
        chain: bool,
    },
    /// Sign this with the bound key.
    BoundKeypair {
        /// The key, as an authorized_keys line.
        public_key: String,
        /// What to sign, byte for byte.
        challenge: String,
    },
    /// Make another bound key.
    NewKey {
        /// Name of the signature algorithm suite.
        suite: String,
    },
}

/// The answer to a [`Question`] of the same name.
#[derive(Debug)]
pub(super) enum Answer {
    /// The signed request to STS.
    Iam(Zeroizing<Vec<u8>>),
    /// Azure's document and token.
    Azure(azure::Shown),
    /// A compact JWS.
    BoundKeypair(String),
    /// A public key, as an authorized_keys line.
    NewKey(String),
}

/// Who answers.
#[derive(Debug)]
pub(super) enum Prover<'a> {
    /// Nobody: the method's proof is in the request.
    Nobody,
    /// AWS credentials, by one host of STS.
    Iam {
        /// What signs.
        prepared: &'a iam::Prepared,
        /// Whom the signed request is for.
        host: &'a iam::StsHost,
    },
    /// Azure's metadata service.
    Azure(&'a azure::Prepared<'a>),
    /// The bound key.
    BoundKeypair(&'a mut bound_keypair::Session),
}

impl Prover<'_> {
    /// Answers, or says why not.
    pub(super) async fn answer(&mut self, question: Question, clock: &dyn Clock) -> Result<Answer, JoinError> {
        match (self, question) {
            (Prover::Iam { prepared, host }, Question::Iam { challenge }) => {
                Ok(Answer::Iam(prepared.answer(&challenge, clock.now(), host)?))
            }
            (Prover::Azure(prepared), Question::Azure { challenge, chain }) => {
                Ok(Answer::Azure(prepared.answer(&challenge, chain).await?))
            }
            (Prover::BoundKeypair(session), Question::BoundKeypair { public_key, challenge }) => {
                Ok(Answer::BoundKeypair(session.sign(&public_key, &challenge).await?))
            }
            (Prover::BoundKeypair(session), Question::NewKey { suite }) => {
                Ok(Answer::NewKey(session.new_key(&suite).await?))
            }
            _ => Err(JoinError::unexpected("it asks for what this join method doesn't have")),
        }
    }
}
