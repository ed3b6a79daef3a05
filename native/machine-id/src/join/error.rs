//! Why a join failed.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::JoinMethod;
use crate::connect::ConnectError;
use crate::error::{Code, Fault, Retry};
use crate::identity::CertificateError;

/// A failed join.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The cluster can't be reached or recognised.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No token is configured.
    #[error("no join token is configured, and there is no stored identity that can be used")]
    TokenMissing,
    /// The token was used by this process, and what it brought is gone.
    #[error("the configured join token has been used, and the identity that it brought can't be used any more")]
    TokenUsed,
    /// The token file can't be read.
    #[error("the token file {} can't be used: {reason}", path.display())]
    TokenUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The ID token isn't where the method has it.
    #[error("join method {} finds no ID token in {place}: {reason}", method.as_str())]
    ProofMissing {
        /// The method.
        method: JoinMethod,
        /// Where it was looked for.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// The cluster refuses token or proof.
    #[error("the cluster refuses the join with method {}: {message}", method.as_str())]
    Rejected {
        /// The method.
        method: JoinMethod,
        /// The server's words.
        message: String,
    },
    /// The token isn't for bots.
    #[error("the token is not for a bot: {message}")]
    WrongRole {
        /// The server's words.
        message: String,
    },
    /// The bot has an identity somewhere else.
    #[error("{bot:?} has joined already: {message}")]
    AlreadyJoined {
        /// The bot's user.
        bot: String,
        /// The server's words.
        message: String,
    },
    /// The bot is locked.
    #[error("the bot is locked: {message}")]
    Locked {
        /// The server's words, with the lock's text.
        message: String,
    },
    /// Too many joins from this address.
    #[error("the cluster asks to slow down: {message}")]
    RateLimited {
        /// The server's words.
        message: String,
        /// When to try again, if it said so.
        retry_in: Option<Duration>,
    },
    /// The clocks differ.
    #[error("this machine's clock and the cluster's differ too much: {message}")]
    ClockSkew {
        /// By how much.
        message: String,
    },
    /// The cluster answers with a failure of its own.
    #[error("the cluster failed to answer the join (HTTP {status}): {message}")]
    Failed {
        /// HTTP status.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// The certificates aren't those asked for.
    #[error("the join brought certificates that can't be used: {0}")]
    Certificate(#[from] CertificateError),
    /// A defect of ours.
    #[error("the join request can't be written: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

impl Fault for JoinError {
    fn code(&self) -> Code {
        match self {
            Self::Connect(error) => error.code(),
            Self::TokenMissing | Self::TokenUsed => Code::IdentityNeedsRejoin,
            Self::TokenUnreadable { .. } => Code::ConfigUnreadable,
            Self::ProofMissing { .. } => Code::JoinProofMissing,
            Self::Rejected { .. } => Code::JoinRejected,
            Self::WrongRole { .. } => Code::JoinWrongRole,
            Self::AlreadyJoined { .. } => Code::BotAlreadyJoined,
            Self::Locked { .. } => Code::BotLocked,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::ClockSkew { .. } => Code::ClockSkew,
            Self::Failed { .. } => Code::ClusterFailed,
            Self::Certificate(error) => error.code(),
            Self::Internal { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Connect(error) => error.hint(),
            Self::TokenUsed => "make a fresh token on the cluster (`tctl bots add`) and configure it".to_owned(),
            Self::TokenMissing => "make a token on the cluster (`tctl bots add`) and configure it".to_owned(),
            Self::TokenUnreadable { .. } => {
                "write the token into that file, readable for the agent's user, or configure another one".to_owned()
            }
            Self::ProofMissing { .. } => {
                "this method works only where its platform provides an ID token; check the job's settings or choose \
                 another join method"
                    .to_owned()
            }
            Self::Rejected { method: JoinMethod::Token, .. } => {
                "the token is wrong, has expired or was used already, or its bot was deleted: make the bot and \
                 its token anew on the cluster (`tctl bots rm NAME`, `tctl bots add NAME --roles=…`; from version 16 on \
                 `tctl bots instances add NAME`)"
                    .to_owned()
            }
            Self::Rejected { .. } => {
                "check the token resource on the cluster: its name, its join method, and whether its allow rules match \
                 this job or pod"
                    .to_owned()
            }
            Self::WrongRole { .. } => "make a token for a bot (`tctl bots add`)".to_owned(),
            Self::AlreadyJoined { .. } => {
                "up to version 15 a bot lives in one place only: delete and create the bot again (`tctl bots rm`, \
                 `tctl bots add`), or make one bot per agent"
                    .to_owned()
            }
            Self::Locked { .. } => "look at `tctl get locks` on the cluster and remove the lock".to_owned(),
            Self::RateLimited { .. } => "wait, or spread the agents' starts".to_owned(),
            Self::ClockSkew { .. } => "set this machine's clock (NTP)".to_owned(),
            Self::Failed { .. } => "look into the log of the cluster's proxy and auth server".to_owned(),
            Self::Certificate(error) => error.hint(),
            Self::Internal { .. } => "report this".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Connect(error) => error.retry(),
            Self::RateLimited { retry_in: Some(delay), .. } => Retry::After(*delay),
            Self::RateLimited { .. } => Retry::Later,
            Self::Failed { status, .. } if *status >= 500 => Retry::Later,
            _ => Retry::No,
        }
    }
}
