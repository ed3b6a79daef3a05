//! Why there is no proof for method `iam`.

use crate::connect::{FetchError, FetchReply, error_message};
use crate::error::{Code, Fault, Retry};

/// A failure before anything was sent to the cluster. No text holds a key, a token or what a program printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IamError {
    /// No source has credentials.
    #[error("this machine has no AWS credentials; looked in {}", looked.join("; "))]
    NoCredentials {
        /// Each place and why there are none, in the order in which they were looked for.
        looked: Vec<String>,
    },
    /// A source is configured, and fails: as with AWS' own programs nothing behind it is tried.
    #[error("the AWS credentials of {place} can't be had: {reason}")]
    Source {
        /// Which source.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// It may work later.
        transient: bool,
    },
    /// A source that isn't built.
    #[error("the AWS credentials of {place} can't be had: {what} isn't built")]
    Unsupported {
        /// Which source.
        place: String,
        /// What it asks for.
        what: &'static str,
    },
    /// A region that is no region's name.
    #[error("{place} names no AWS region")]
    Region {
        /// Variable, or profile, or service.
        place: String,
    },
    /// A challenge that would change the request that we sign.
    #[error("the cluster's challenge can't be signed: it isn't base64")]
    Challenge,
    /// A defect of ours, or the end of the process.
    #[error("the AWS credentials can't be read: {reason}")]
    Internal {
        /// What happened.
        reason: String,
    },
}

impl IamError {
    pub(super) fn source(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Source { place: place.into(), reason: reason.into(), transient: false }
    }

    pub(super) fn fetch(place: impl Into<String>, error: &FetchError) -> Self {
        let transient = error.retry() != Retry::No;
        Self::Source { place: place.into(), reason: error.to_string(), transient }
    }

    /// A service's answer that isn't what it was asked for.
    pub(super) fn status(place: impl Into<String>, reply: &FetchReply) -> Self {
        let reason = format!("it answers with HTTP {}: {}", reply.status, error_message(&reply.body));
        Self::Source { place: place.into(), reason, transient: reply.is_passing() }
    }
}

impl Fault for IamError {
    fn code(&self) -> Code {
        match self {
            Self::NoCredentials { .. } | Self::Source { .. } | Self::Region { .. } => Code::JoinProofMissing,
            Self::Unsupported { .. } => Code::Unsupported,
            Self::Challenge => Code::ClusterFailed,
            Self::Internal { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::NoCredentials { .. } => {
                "give the machine, pod or task an IAM role (it needs no permissions), or set \
                AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned()
            }
            Self::Source { .. } => {
                "check with `aws sts get-caller-identity` as the same user and with the same environment".to_owned()
            }
            Self::Unsupported { .. } => "give this machine credentials of another kind, or select another profile \
                with AWS_PROFILE"
                .to_owned(),
            Self::Region { .. } => "set AWS_REGION to the region's name, as in eu-central-1".to_owned(),
            Self::Challenge => "check that the address is your Teleport cluster's".to_owned(),
            Self::Internal { .. } => "report this".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Source { transient: true, .. } => Retry::Later,
            _ => Retry::No,
        }
    }
}
