//! The server can't be recognised as the one that is meant.

use std::time::SystemTime;

use crate::error::{Code, Fault};

use super::presented::Presented;

/// Who answers isn't, or can't be shown to be, the cluster that is meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The server's certificate is signed by nobody we trust.
    #[error("the certificate of {address} is not trusted: {presented}")]
    Untrusted {
        /// `host:port`.
        address: String,
        /// Whose authority was asked for: the web's or the cluster's host CA.
        host_ca: bool,
        /// What the server showed.
        presented: Box<Presented>,
    },
    /// The server's certificate is for other names.
    #[error("the certificate of {address} is not for {expected:?}: {presented}")]
    NameMismatch {
        /// `host:port`.
        address: String,
        /// The name asked for.
        expected: String,
        /// What the server showed.
        presented: Box<Presented>,
    },
    /// The server's certificate isn't valid at this machine's time.
    #[error("the certificate of {address} {}, and this machine's clock says {}", validity(*.not_before, *.not_after, *.now), stamp(*.now))]
    CertificateTime {
        /// `host:port`.
        address: String,
        /// Start of validity.
        not_before: SystemTime,
        /// End of validity.
        not_after: SystemTime,
        /// This machine's time.
        now: SystemTime,
    },
    /// The cluster's CA isn't the pinned one.
    #[error("the CA of {address} is not the pinned one: expected {}, seen {}", expected.join(" or "), seen.join(", "))]
    PinMismatch {
        /// `host:port`.
        address: String,
        /// The configured pins.
        expected: Vec<String>,
        /// Pins of what the cluster showed.
        seen: Vec<String>,
    },
    /// A join's reply brings CAs that aren't accounted for.
    #[error("the reply to the join brings CAs that aren't pinned: expected {}, seen {}", expected.join(" or "), seen.join(", "))]
    UnpinnedReply {
        /// The configured pins.
        expected: Vec<String>,
        /// Pins of all CAs in the reply.
        seen: Vec<String>,
    },
    /// An auth server without pin and CA can't be recognised.
    #[error("{address} can't be recognised as the cluster's auth server: neither a CA pin nor a CA is configured")]
    AuthUnverifiable {
        /// `host:port`.
        address: String,
    },
}

impl Fault for TrustError {
    fn code(&self) -> Code {
        match self {
            Self::Untrusted { .. } | Self::AuthUnverifiable { .. } => Code::TlsUntrusted,
            Self::NameMismatch { .. } => Code::TlsNameMismatch,
            Self::CertificateTime { .. } => Code::ClockSkew,
            Self::PinMismatch { .. } | Self::UnpinnedReply { .. } => Code::CaPinMismatch,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Untrusted { host_ca: false, presented, .. } => presented.trust_hint(),
            Self::Untrusted { host_ca: true, .. } => {
            "the cluster's host CA was rotated, or this is another cluster: bring the configured CA or pin up to \
             date (`tctl status` prints the pin), then write the outputs again"
                .to_owned()
        }
            Self::NameMismatch { presented, .. } => presented.name_hint(),
            Self::CertificateTime { .. } => {
            "set this machine's clock (NTP); if it is right, the server's certificate must be replaced".to_owned()
        }
            Self::PinMismatch { .. } => {
            "compare with the CA pin that `tctl status` prints on the cluster; if it isn't there, somebody may be \
             in the way; no token was sent"
                .to_owned()
        }
            Self::UnpinnedReply { .. } => {
            "compare with the CA pins that `tctl status` prints on the cluster; if a rotation has just begun, add the \
             new pin and configure a fresh token"
                .to_owned()
        }
            Self::AuthUnverifiable { .. } => {
            "configure the CA pin that `tctl status` prints on the cluster, or give a proxy's address".to_owned()
        }
        }
    }
}

fn stamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

fn validity(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    if now < not_before {
        format!("is not valid before {}", stamp(not_before))
    } else {
        format!("expired at {}", stamp(not_after))
    }
}
