//! No usable answer came, for a reason that has nothing to do with trust.

use std::time::Duration;

use crate::error::{Code, Fault, Retry};

/// No connection, no answer, or none that can be used. What the server did, if a request had been sent, is open (protocol
/// section E).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection.
    #[error("cannot connect to {address}: {reason}")]
    Unreachable {
        /// `host:port`.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// A step took too long.
    #[error("{address} didn't answer within {} s ({step})", after.as_secs())]
    TimedOut {
        /// `host:port`.
        address: String,
        /// What was waited for.
        step: &'static str,
        /// The limit.
        after: Duration,
    },
    /// The peer cut the connection before or while answering.
    #[error("{address} cut the connection ({step}): {reason}")]
    Cut {
        /// `host:port`.
        address: String,
        /// What was waited for.
        step: &'static str,
        /// What is known about it.
        reason: String,
    },
    /// TLS failed otherwise.
    #[error("TLS with {address} failed: {reason}")]
    Tls {
        /// `host:port`.
        address: String,
        /// The TLS library's words.
        reason: String,
    },
    /// It speaks TLS, and not the protocol that was asked for.
    #[error("TLS with {address} failed: it doesn't know the protocol asked for (ALPN)")]
    ProtocolUnknown {
        /// `host:port`.
        address: String,
    },
    /// What answers doesn't speak TLS.
    #[error("{address} doesn't speak TLS")]
    NotTls {
        /// `host:port`.
        address: String,
    },
    /// Something else than Teleport answers.
    #[error("{address} is not a Teleport proxy: {reason}")]
    NotTeleport {
        /// `host:port`.
        address: String,
        /// What it answered.
        reason: String,
    },
    /// The cluster answers with an HTTP failure.
    #[error("{address} answered {what} with HTTP {status}: {message}")]
    HttpFailed {
        /// `host:port`.
        address: String,
        /// What was asked.
        what: &'static str,
        /// HTTP status.
        status: u16,
        /// The body's message.
        message: String,
    },
    /// The cluster failed while answering; what it did before is unknown.
    #[error("the cluster failed to answer {call}: {message}")]
    Failed {
        /// The call.
        call: &'static str,
        /// gRPC status or what else is known.
        message: String,
        /// It may work later.
        transient: bool,
    },
    /// An answer that doesn't hold what it must.
    #[error("the cluster's answer to {call} can't be used: {reason}")]
    BadReply {
        /// The call.
        call: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Fault for TransportError {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::Failed { transient: true, .. } => Code::ClusterUnreachable,
            Self::Tls { .. } | Self::ProtocolUnknown { .. } | Self::NotTls { .. } => Code::TlsFailed,
            Self::NotTeleport { .. } => Code::NotTeleport,
            Self::HttpFailed { .. } | Self::Failed { transient: false, .. } | Self::BadReply { .. } => {
                Code::ClusterFailed
            }
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Cut { .. } => {
                "check the address and port, name resolution and firewalls between this machine and the cluster"
                    .to_owned()
            }
            Self::Tls { .. } | Self::ProtocolUnknown { .. } => {
                "check that the port speaks TLS and that nothing on the way alters it".to_owned()
            }
            Self::NotTls { .. } => {
                "check the port: it must be the proxy's web port (mostly 443 or 3080) or the auth server's (3025)"
                    .to_owned()
            }
            Self::NotTeleport { .. } => "give the address of the proxy's web port, as in the browser".to_owned(),
            Self::HttpFailed { .. } => "look into the log of the cluster's proxy".to_owned(),
            Self::Failed { .. } | Self::BadReply { .. } => "look into the log of the cluster's auth server".to_owned(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::Failed { transient: true, .. } => Retry::Later,
            Self::HttpFailed { status, .. } if *status >= 500 => Retry::Later,
            _ => Retry::No,
        }
    }
}
