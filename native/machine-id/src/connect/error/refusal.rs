//! The cluster said no.

use std::time::Duration;

use crate::error::{Code, Fault, Retry};

/// An answer that says that nothing was done: the call may be repeated without harm.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Something this version can't do with that cluster.
    #[error("{what}")]
    Unsupported {
        /// What, and why.
        what: String,
    },
    /// The server refused our certificate.
    #[error("{address} refuses this identity's certificate: {reason}")]
    CertificateRefused {
        /// `host:port`.
        address: String,
        /// The alert.
        reason: String,
    },
    /// The identity or a role is locked, or its user is gone.
    #[error("the cluster denies access: {message}")]
    Locked {
        /// The lock's text, or what was observed.
        message: String,
    },
    /// The bot was deleted.
    #[error("the cluster doesn't know this bot any more: {message}")]
    BotDeleted {
        /// The server's words.
        message: String,
    },
    /// The generation of a renewable identity isn't the stored one.
    #[error("the cluster refuses the renewal and locks the bot: {message}")]
    GenerationMismatch {
        /// The server's words.
        message: String,
    },
    /// A role doesn't exist, or the bot may not take it.
    #[error("the bot can't take {}: {message}", roles_text(.roles))]
    RoleNotAllowed {
        /// The roles, as far as known.
        roles: Vec<String>,
        /// The server's words.
        message: String,
    },
    /// A cluster, Kubernetes cluster, database or application isn't known.
    #[error("{message}")]
    TargetUnknown {
        /// Which, and where it was looked for.
        message: String,
    },
    /// The output lacks something that its kind of target needs.
    #[error("{message}")]
    Incomplete {
        /// What, in the server's words.
        message: String,
    },
    /// The cluster asks to slow down.
    #[error("the cluster asks to slow down: {message}")]
    RateLimited {
        /// The server's words.
        message: String,
        /// When to try again, if it said so.
        retry_in: Option<Duration>,
    },
    /// Two writers met; nothing was changed.
    #[error("the cluster was changed by somebody else at the same moment: {message}")]
    Conflict {
        /// The server's words.
        message: String,
    },
    /// This machine's clock and the cluster's differ too much.
    #[error("this machine's clock and the cluster's differ too much: {message}")]
    ClockSkew {
        /// By how much, or how it was noticed.
        message: String,
    },
    /// Any other refusal.
    #[error("the cluster refuses {call}: {message}")]
    Other {
        /// The call.
        call: &'static str,
        /// The server's words.
        message: String,
    },
}

impl Fault for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Unsupported { .. } => Code::Unsupported,
            Self::CertificateRefused { .. } => Code::IdentityNeedsRejoin,
            Self::Locked { .. } | Self::BotDeleted { .. } | Self::GenerationMismatch { .. } => Code::BotLocked,
            Self::RoleNotAllowed { .. } => Code::RoleNotAllowed,
            Self::TargetUnknown { .. } => Code::TargetUnknown,
            Self::Incomplete { .. } => Code::RequestInvalid,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::ClockSkew { .. } => Code::ClockSkew,
            Self::Conflict { .. } | Self::Other { .. } => Code::ClusterFailed,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unsupported { .. } => "see the documentation for what is built".to_owned(),
            Self::CertificateRefused { .. } => "join again with a fresh token".to_owned(),
            Self::Locked { .. } => {
                "look at `tctl get locks` on the cluster: once the lock is removed the identity works again; a deleted \
             bot needs a fresh token"
                    .to_owned()
            }
            Self::BotDeleted { .. } => {
                "create the bot again (`tctl bots add`) and configure the token or joining URI that this prints"
                    .to_owned()
            }
            Self::GenerationMismatch { .. } => {
                "another copy of this identity was renewed: find it, remove the lock (`tctl get locks`) and join again \
             with a fresh token"
                    .to_owned()
            }
            Self::RoleNotAllowed { .. } => {
                "check the role's name, and that the bot was created with it (`tctl bots add --roles`)".to_owned()
            }
            Self::TargetUnknown { .. } => {
                "check its name in Teleport, and that a role allows the bot to see it".to_owned()
            }
            Self::Incomplete { .. } => "add it to the output (`username`, `database`)".to_owned(),
            Self::RateLimited { .. } => "wait, or spread the agents' starts".to_owned(),
            Self::Conflict { .. } => "it is tried again by itself".to_owned(),
            Self::ClockSkew { .. } => "set this machine's clock (NTP)".to_owned(),
            Self::Other { .. } => "look into the log of the cluster's auth server".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { retry_in: Some(delay), .. } => Retry::After(*delay),
            Self::RateLimited { .. } | Self::Conflict { .. } => Retry::Later,
            _ => Retry::No,
        }
    }
}

fn roles_text(roles: &[String]) -> String {
    match roles {
        [] => "the roles".to_owned(),
        [one] => format!("role {one:?}"),
        many => format!("roles {many:?}"),
    }
}
