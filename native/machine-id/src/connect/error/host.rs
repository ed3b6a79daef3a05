//! The cluster answers, and the host behind it can't be had.

use crate::error::{Code, Fault};

/// Why a host can't be reached through the cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The host can't be reached through the cluster.
    #[error("the cluster can't reach {host}: {message}")]
    Unreachable {
        /// The target as asked.
        host: String,
        /// The server's words.
        message: String,
    },
    /// The identity may not connect to the host.
    #[error("the cluster doesn't let this identity connect to {host}: {message}")]
    Denied {
        /// The target as asked.
        host: String,
        /// The server's words.
        message: String,
    },
}

impl Fault for HostError {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } => Code::HostUnreachable,
            Self::Denied { .. } => Code::RoleNotAllowed,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
            "check the host's name (`machine-id hosts`, which gives UUIDs where a name is shared), its port, and that \
             the node is online"
                .to_owned()
        }
            Self::Denied { .. } => {
            "check that one of the identity's roles allows the node's labels and the login".to_owned()
        }
        }
    }
}
