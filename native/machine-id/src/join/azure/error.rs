//! Why there is no proof for method `azure`.

use super::metadata::TOKEN;
use crate::connect::FetchError;
use crate::error::{Code, Fault, Retry};

/// A failure on the way to the proof. No text holds a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AzureError {
    /// Nobody answers as the metadata service.
    #[error("this machine has no Azure metadata service: {reason}")]
    Absent {
        /// What was tried.
        reason: String,
    },
    /// The service refuses, or says what can't be used.
    #[error("the Azure metadata service gives no {what}: {reason}")]
    Metadata {
        /// What was asked for.
        what: &'static str,
        /// Why there is none.
        reason: String,
        /// It may work later.
        transient: bool,
    },
    /// No certificates between the document's signature and the root.
    #[error("the issuer of the Azure document's signature can't be had: {reason}")]
    Issuer {
        /// Why not.
        reason: String,
        /// It may work later.
        transient: bool,
    },
    /// A challenge that would change the request to the service.
    #[error("the cluster's challenge can't be used: it isn't URL-safe base64")]
    Challenge,
}

impl AzureError {
    pub(super) fn metadata(what: &'static str, reason: impl Into<String>) -> Self {
        Self::Metadata { what, reason: reason.into(), transient: false }
    }

    pub(super) fn issuer(reason: impl Into<String>) -> Self {
        Self::Issuer { reason: reason.into(), transient: false }
    }

    /// The service can't be asked.
    pub(super) fn unanswered(what: &'static str, error: &FetchError) -> Self {
        Self::Metadata { what, reason: error.to_string(), transient: error.retry() != Retry::No }
    }
}

impl Fault for AzureError {
    fn code(&self) -> Code {
        match self {
            Self::Absent { .. } | Self::Metadata { .. } | Self::Issuer { .. } => Code::JoinProofMissing,
            Self::Challenge => Code::ClusterFailed,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Absent { .. } => {
                "this method works on virtual machines of Azure only; a firewall or a container's network may hide \
                 169.254.169.254"
                    .to_owned()
            }
            Self::Metadata { what, .. } if *what != TOKEN => {
                "check from this machine that the service works, or choose another join method".to_owned()
            }
            Self::Metadata { .. } => "give the virtual machine a managed identity; where it has several, set the join \
                                      method's client_id"
                .to_owned(),
            Self::Issuer { .. } => {
                "let this machine reach https://www.microsoft.com/pkiops/certs/, through HTTPS_PROXY if there is one"
                    .to_owned()
            }
            Self::Challenge => "check that the address is your Teleport cluster's".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Metadata { transient: true, .. } | Self::Issuer { transient: true, .. } => Retry::Later,
            _ => Retry::No,
        }
    }
}
