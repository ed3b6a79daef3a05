//! Why a bound key is of no use.

use std::time::SystemTime;

use crate::error::{Code, Fault, Retry};
use crate::identity::{Rfc3339, StoreError};

/// Why a bound key is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BoundKeypairError {
    /// The cluster doesn't know the key: it was made just now, or nobody has registered it yet.
    #[error("there is no registration secret, and the cluster doesn't know the bot's key: {public_key}")]
    Unregistered {
        /// The key, as an authorized_keys line.
        public_key: String,
    },
    /// The cluster knows another key.
    #[error("the cluster asks for a key that isn't here: {public_key}")]
    UnknownKey {
        /// The key, as an authorized_keys line.
        public_key: String,
        /// Ours.
        ours: Vec<String>,
    },
    /// A static key can't be replaced.
    #[error("the cluster asks for a new key, but the configured static key never changes")]
    StaticRotation,
    /// The secret or the static key isn't where it should be.
    #[error("{what} can't be used ({place}): {reason}")]
    Unreadable {
        /// `the registration secret` or `the static key`.
        what: &'static str,
        /// Where it was looked for.
        place: String,
        /// Why not.
        reason: String,
    },
    /// What is configured as the static key isn't one.
    #[error("the static key {place} can't be used: {reason}")]
    NoKey {
        /// Where it stands.
        place: String,
        /// Why not.
        reason: String,
    },
    /// Key or state can't be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The join may have gone through without us.
    #[error(
        "the answer to a join that uses up the last join's state was lost: {reason}; if the cluster has counted that \
         join, the state that it gave out is lost, too"
    )]
    AnswerLost {
        /// Why there is no answer.
        reason: String,
    },
    /// A join without answer still stands in the way.
    #[error("the state of the last join was lost with the answer to the join of {}: {message}", Rfc3339(*since))]
    StateLost {
        /// When that join was begun.
        since: SystemTime,
        /// The server's words.
        message: String,
    },
    /// A defect.
    #[error("the bound key can't be used: {reason}")]
    Defect {
        /// What happened.
        reason: String,
    },
}

impl Fault for BoundKeypairError {
    fn code(&self) -> Code {
        match self {
            Self::Unregistered { .. } | Self::UnknownKey { .. } | Self::Unreadable { .. } | Self::NoKey { .. } => {
                Code::JoinProofMissing
            }
            Self::StaticRotation => Code::JoinRejected,
            Self::Store(error) => error.code(),
            Self::AnswerLost { .. } | Self::StateLost { .. } => Code::IdentityNeedsRejoin,
            Self::Defect { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unregistered { .. } => {
                "set spec.bound_keypair.onboarding.initial_public_key of the token resource to that key, or configure \
                 the registration secret (`tctl get token/NAME`: status.bound_keypair.registration_secret)"
                    .to_owned()
            }
            Self::UnknownKey { ours, .. } => {
                let ours = if ours.is_empty() { "none".to_owned() } else { ours.join(", ") };
                format!(
                    "bring the bot's storage back, or make the token resource anew and register this machine's key \
                     (here: {ours})"
                )
            }
            Self::StaticRotation => {
                "remove spec.bound_keypair.rotate_after from the token resource, or let the bot keep its key in its \
                 storage"
                    .to_owned()
            }
            Self::NoKey { .. } => "put a private key without a passphrase there, as PEM".to_owned(),
            Self::Unreadable { .. } => "write it there, readable for the agent's user".to_owned(),
            Self::Store(error) => error.hint(),
            Self::AnswerLost { .. } | Self::StateLost { .. } => {
                "an administrator sets spec.bound_keypair.recovery.mode of the token resource to insecure (`tctl edit \
                 token/NAME`), and back after the next join, which is tried by itself; until then the lost state is \
                 never shown again, so nothing is locked"
                    .to_owned()
            }
            Self::Defect { .. } => "report this".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            _ => Retry::No,
        }
    }
}
