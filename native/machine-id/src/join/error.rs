//! Why a join failed.

use std::path::PathBuf;
use std::time::Duration;

use crate::connect::words;
use crate::connect::{ConnectError, FetchError, Rejection, TransportError};
use crate::error::{Code, Fault, Retry};
use crate::identity::{CertificateError, StoreError};
use crate::method::{Absent, JoinMethod};
use crate::version::Version;

use super::advice;
use super::azure::AzureError;
use super::bound_keypair::BoundKeypairError;
use super::iam::IamError;
use super::refusal;

/// What to do where the platform's ID token isn't.
const ELSEWHERE: &str = "this method works only where its platform provides an ID token; check the job's settings or choose \
                         another join method";

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
    /// The token file holds a joining URI that isn't one of what is configured.
    #[error("the token file {} can't be used: {reason}", path.display())]
    TokenUnfit {
        /// The file.
        path: PathBuf,
        /// What doesn't fit.
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
        /// It may work later.
        transient: bool,
    },
    /// The service that gives the proof can't be asked.
    #[error("join method {} gets no ID token: {error}", method.as_str())]
    Service {
        /// The method.
        method: JoinMethod,
        /// Why not.
        #[source]
        error: FetchError,
    },
    /// No AWS credentials.
    #[error("join method iam has no proof: {0}")]
    Iam(#[from] IamError),
    /// No proof of Azure.
    #[error("join method azure has no proof: {0}")]
    Azure(#[from] AzureError),
    /// The bound key is of no use.
    #[error("join method bound_keypair: {0}")]
    BoundKeypair(#[from] BoundKeypairError),
    /// The cluster refuses token or proof.
    #[error("the cluster refuses the join with method {}: {message}", method.as_str())]
    Rejected {
        /// The method.
        method: JoinMethod,
        /// What the words mean.
        rejection: Rejection,
        /// The server's version.
        version: Version,
        /// The server's words.
        message: String,
    },
    /// The cluster is too old for the method.
    #[error("join method {} needs a newer cluster than one of version {version}", method.as_str())]
    TooOld {
        /// The method.
        method: JoinMethod,
        /// The server's version.
        version: Version,
    },
    /// The cluster has no such join, or has it switched off.
    #[error("the cluster doesn't know the join: {message}")]
    UnknownWay {
        /// The method.
        method: JoinMethod,
        /// The server's words.
        message: String,
    },
    /// The cluster wants another version of us.
    #[error("the cluster doesn't take this client's version: {message}")]
    ClientVersion {
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
        /// The server's version.
        version: Version,
    },
    /// The bot is locked.
    #[error("the bot is locked: {message}")]
    Locked {
        /// The server's words, with the lock's text.
        message: String,
    },
    /// The join token is locked.
    #[error("the join token is locked: {message}")]
    TokenLocked {
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
    #[error("the cluster failed to answer the join ({envelope}): {message}")]
    Failed {
        /// `HTTP 500` or the like.
        envelope: String,
        /// It may work later.
        passing: bool,
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

impl JoinError {
    /// Whether the join has surely brought nothing: the cluster says so, or we have broken it off.
    pub(super) fn is_answer(&self) -> bool {
        match self {
            Self::Connect(error) => matches!(error, ConnectError::Refused(_)),
            Self::Failed { message, .. } => words::join_conflict(message),
            // It waited for something of its own, and what became of that isn't known.
            Self::Rejected { rejection: Rejection::TimedOut, .. } => false,
            // The certificate's generation counts as used up then.
            Self::Rejected { message, .. } => !words::generation_mismatch(message),
            Self::TooOld { .. }
            | Self::UnknownWay { .. }
            | Self::ClientVersion { .. }
            | Self::WrongRole { .. }
            | Self::AlreadyJoined { .. }
            | Self::Locked { .. }
            | Self::TokenLocked { .. }
            | Self::RateLimited { .. }
            | Self::BoundKeypair(_) => true,
            _ => false,
        }
    }

    /// No ID token.
    pub(super) fn missing(method: JoinMethod, absent: Absent) -> Self {
        Self::ProofMissing { method, place: absent.place, reason: absent.reason, transient: false }
    }

    /// The server says something else than what comes next in a join.
    pub(super) fn unexpected(reason: &str) -> Self {
        Self::Connect(TransportError::BadReply { call: super::refusal::CALL, reason: reason.to_owned() }.into())
    }

    /// The server has no way for the method.
    pub(super) fn too_old(method: JoinMethod, version: &Version) -> Self {
        Self::TooOld { method, version: version.clone() }
    }
}

impl From<StoreError> for JoinError {
    fn from(error: StoreError) -> Self {
        Self::BoundKeypair(error.into())
    }
}

impl Fault for JoinError {
    fn code(&self) -> Code {
        match self {
            Self::Connect(error) => error.code(),
            Self::TokenMissing | Self::TokenUsed => Code::IdentityNeedsRejoin,
            Self::TokenUnreadable { .. } => Code::ConfigUnreadable,
            Self::TokenUnfit { .. } => Code::ConfigInvalid,
            Self::ProofMissing { .. } => Code::JoinProofMissing,
            Self::Service { error, .. } if error.is_absence() => Code::JoinProofMissing,
            Self::Service { error, .. } => error.code(),
            Self::Iam(error) => error.code(),
            Self::Azure(error) => error.code(),
            Self::BoundKeypair(error) => error.code(),
            Self::Rejected { .. } => Code::JoinRejected,
            Self::TooOld { .. } | Self::UnknownWay { .. } | Self::ClientVersion { .. } => Code::Unsupported,
            Self::WrongRole { .. } => Code::JoinWrongRole,
            Self::AlreadyJoined { .. } => Code::BotAlreadyJoined,
            Self::Locked { .. } | Self::TokenLocked { .. } => Code::BotLocked,
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
            Self::TokenUsed | Self::TokenMissing => {
                let how = advice::fresh_token(&Version::default(), "");
                format!("make a fresh token on the cluster ({how}) and configure it")
            }
            Self::TokenUnreadable { .. } => {
                "write the token into that file, readable for the agent's user, or configure another one".to_owned()
            }
            Self::TokenUnfit { .. } => {
                "configure the join method and the address that the URI names, or put another one into the file"
                    .to_owned()
            }
            Self::ProofMissing { method: JoinMethod::GenericOidc, .. } => {
                "check the variable, the command or the file that the configuration names for the ID token".to_owned()
            }
            Self::ProofMissing { .. } => ELSEWHERE.to_owned(),
            Self::Service { error, .. } if error.is_absence() => ELSEWHERE.to_owned(),
            Self::Service { error, .. } => error.hint(),
            Self::Iam(error) => error.hint(),
            Self::Azure(error) => error.hint(),
            Self::BoundKeypair(error) => error.hint(),
            Self::Rejected { method, rejection, version, .. } => refusal::hint(*rejection, *method, version),
            Self::TooOld { method, .. } => {
                format!("upgrade the cluster to {} or newer, or choose another join method", method.spec().since)
            }
            Self::UnknownWay { method, .. } => format!(
                "method {} needs Teleport {} or newer, with its join service switched on; choose another join method there",
                method.as_str(),
                method.spec().since
            ),
            Self::ClientVersion { .. } => "report this: no version should have been sent".to_owned(),
            Self::WrongRole { .. } => "make a token for a bot (`tctl bots add`)".to_owned(),
            Self::AlreadyJoined { bot, version, .. } => {
                let name = bot.strip_prefix("bot-").unwrap_or(bot);
                let anew = advice::fresh_token(version, name);
                format!("up to version 16.1 a bot lives in one place only: make it anew ({anew}), or one bot per agent")
            }
            Self::Locked { .. } => "look at `tctl get locks` on the cluster and remove the lock".to_owned(),
            Self::TokenLocked { .. } => {
                "look at `tctl get locks` on the cluster: find out who used an old state of this token, then remove the \
                 lock"
                    .to_owned()
            }
            Self::RateLimited { .. } => "wait, or spread the agents' starts".to_owned(),
            Self::ClockSkew { .. } => "set this machine's clock (NTP)".to_owned(),
            Self::Failed { message, .. } if words::join_conflict(message) => {
                "two joins with the same token met; it is tried again by itself".to_owned()
            }
            Self::Failed { .. } => "look into the log of the cluster's proxy and auth server".to_owned(),
            Self::Certificate(error) => error.hint(),
            Self::Internal { .. } => "report this".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Connect(error) => error.retry(),
            Self::Service { error, .. } => error.retry(),
            Self::Iam(error) => error.retry(),
            Self::Azure(error) => error.retry(),
            Self::BoundKeypair(error) => error.retry(),
            Self::RateLimited { retry_in: Some(delay), .. } => Retry::After(*delay),
            Self::RateLimited { .. } => Retry::Later,
            Self::Failed { passing: true, .. } | Self::ProofMissing { transient: true, .. } => Retry::Later,
            _ => Retry::No,
        }
    }
}
