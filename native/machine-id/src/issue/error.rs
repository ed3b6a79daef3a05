//! Why a role certificate wasn't issued.

use crate::connect::ConnectError;
use crate::error::{Code, Fault, Retry};
use crate::identity::CertificateError;

/// A failed issuance.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The cluster refuses, or can't be reached.
    #[error(transparent)]
    Connect(ConnectError),
    /// No role was asked for.
    #[error("no role was asked for")]
    NoRoles,
    /// A Kubernetes cluster, database or application isn't seen by the roles.
    #[error("{kind} {name:?} is not among those that the roles see in cluster {cluster:?}")]
    TargetUnknown {
        /// `Kubernetes cluster`, `database` or `application`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where it was looked for.
        cluster: String,
    },
    /// The certificate that came back has more roles than were asked for. Nothing of it is used.
    #[error("the cluster issued a certificate with roles that weren't asked for: {}; asked for were {}", more.join(", "), asked.join(", "))]
    MoreRoles {
        /// What nobody asked for.
        more: Vec<String>,
        /// What was asked for.
        asked: Vec<String>,
    },
    /// The certificates aren't those asked for.
    #[error("the cluster issued certificates that can't be used: {0}")]
    Certificate(#[from] CertificateError),
}

impl Fault for IssueError {
    fn code(&self) -> Code {
        match self {
            Self::Connect(error) => error.code(),
            Self::NoRoles | Self::MoreRoles { .. } => Code::RoleNotAllowed,
            Self::TargetUnknown { .. } => Code::TargetUnknown,
            Self::Certificate(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Connect(error) => error.hint(),
            Self::NoRoles => "name a role that the bot may take".to_owned(),
            Self::MoreRoles { .. } => {
                "make one bot for each set of roles (`tctl bots add NAME --roles=…`); from version 20 on a bot takes all of \
                 its roles"
                    .to_owned()
            }
            Self::TargetUnknown { .. } => {
                "check its name in Teleport, and that a role allows the bot to see it".to_owned()
            }
            Self::Certificate(error) => error.hint(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Connect(error) => error.retry(),
            Self::NoRoles | Self::MoreRoles { .. } | Self::TargetUnknown { .. } | Self::Certificate(_) => Retry::No,
        }
    }
}
