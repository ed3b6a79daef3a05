//! Why the cluster couldn't be reached, recognised or understood.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::error::{Code, Fault, Retry};

mod hint;
mod presented;

pub use presented::Presented;
pub(crate) use presented::Seen;

/// A failure on the way to the cluster, or an answer that isn't the one wished for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The CA file can't be read.
    #[error("cannot read the CA file {}: {reason}", path.display())]
    CaUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// The CA text holds no usable certificate.
    #[error("{place} holds no usable CA certificate: {reason}")]
    CaUnusable {
        /// File or setting.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither the system nor the configuration names a CA.
    #[error("this machine trusts no certificate authority at all: {reason}")]
    NoRoots {
        /// What the system's store said.
        reason: String,
    },
    /// The client key or certificate can't be used for TLS.
    #[error("the stored key and certificate can't be used for TLS: {reason}")]
    CredentialUnusable {
        /// The TLS library's words.
        reason: String,
    },
    /// An environment variable that names a proxy makes no sense.
    #[error("the environment variable {variable} doesn't hold the address of an HTTP proxy: {reason}")]
    ProxyVariable {
        /// `HTTPS_PROXY` or `https_proxy`.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The host name is no host name.
    #[error("{name:?} can't be a server's name")]
    NameUnusable {
        /// The name.
        name: String,
    },
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
    /// TLS failed otherwise.
    #[error("TLS with {address} failed: {reason}")]
    Tls {
        /// `host:port`.
        address: String,
        /// The TLS library's words.
        reason: String,
    },
    /// What answers doesn't speak TLS.
    #[error("{address} doesn't speak TLS")]
    NotTls {
        /// `host:port`.
        address: String,
    },
    /// The server refused our certificate.
    #[error("{address} refuses this identity's certificate: {reason}")]
    CertificateRefused {
        /// `host:port`.
        address: String,
        /// The alert.
        reason: String,
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
    /// The auth server can't be reached, or recognised by the pins, through the proxy.
    #[error("CA pins are configured, and through {address} no auth server can be recognised by them: {reason}")]
    NoPinnedWay {
        /// `host:port`.
        address: String,
        /// What failed.
        reason: Box<ConnectError>,
    },
    /// An auth server without pin and CA can't be recognised.
    #[error("{address} can't be recognised as the cluster's auth server: neither a CA pin nor a CA is configured")]
    AuthUnverifiable {
        /// `host:port`.
        address: String,
    },
    /// The address answers neither as proxy nor as auth server.
    #[error("{address} can be used neither as proxy ({as_proxy}) nor as auth server ({as_auth})")]
    Neither {
        /// `host:port`.
        address: String,
        /// Its port is the one of auth servers.
        likely_auth: bool,
        /// What failed as proxy.
        as_proxy: Box<ConnectError>,
        /// What failed as auth server.
        as_auth: Box<ConnectError>,
    },
    /// Something this version can't do with that cluster.
    #[error("{what}")]
    Unsupported {
        /// What, and why.
        what: String,
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
    /// The host can't be reached through the cluster.
    #[error("the cluster can't reach {host}: {message}")]
    HostUnreachable {
        /// The target as asked.
        host: String,
        /// The server's words.
        message: String,
    },
    /// The identity may not connect to the host.
    #[error("the cluster doesn't let this identity connect to {host}: {message}")]
    HostDenied {
        /// The target as asked.
        host: String,
        /// The server's words.
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
    Refused {
        /// The call.
        call: &'static str,
        /// The server's words.
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

impl ConnectError {
    /// The call was answered, and the answer says that nothing was done.
    ///
    /// Everything else that happens after a request was sent leaves its outcome open (protocol section E).
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::BotDeleted { .. }
                | Self::GenerationMismatch { .. }
                | Self::RoleNotAllowed { .. }
                | Self::TargetUnknown { .. }
                | Self::Incomplete { .. }
                | Self::RateLimited { .. }
                | Self::Conflict { .. }
                | Self::ClockSkew { .. }
                | Self::Refused { .. }
                | Self::Unsupported { .. }
                | Self::CertificateRefused { .. }
        )
    }

    /// No TCP connection came about: the name is wrong, nothing listens, the network is cut.
    #[must_use]
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { step: "connect", .. } | Self::ProxyVariable { .. })
    }
}

impl Fault for ConnectError {
    fn code(&self) -> Code {
        match self {
            Self::CaUnreadable { .. } | Self::NoRoots { .. } => Code::ConfigUnreadable,
            Self::CaUnusable { .. } | Self::ProxyVariable { .. } | Self::NameUnusable { .. } => Code::ConfigInvalid,
            Self::CredentialUnusable { .. } => Code::IdentityCorrupt,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Cut { .. } => Code::ClusterUnreachable,
            Self::NotTeleport { .. } => Code::NotTeleport,
            Self::HttpFailed { .. } | Self::Conflict { .. } | Self::BadReply { .. } | Self::Refused { .. } => {
                Code::ClusterFailed
            }
            Self::Failed { transient, .. } => {
                if *transient {
                    Code::ClusterUnreachable
                } else {
                    Code::ClusterFailed
                }
            }
            Self::Untrusted { .. } | Self::AuthUnverifiable { .. } => Code::TlsUntrusted,
            Self::NameMismatch { .. } => Code::TlsNameMismatch,
            Self::CertificateTime { .. } | Self::ClockSkew { .. } => Code::ClockSkew,
            Self::Tls { .. } | Self::NotTls { .. } => Code::TlsFailed,
            Self::CertificateRefused { .. } => Code::IdentityNeedsRejoin,
            Self::PinMismatch { .. } | Self::UnpinnedReply { .. } => Code::CaPinMismatch,
            Self::NoPinnedWay { reason, .. } => reason.code(),
            Self::Neither { likely_auth: true, as_auth, .. } => as_auth.code(),
            Self::Neither { as_proxy, as_auth, .. } => match (as_proxy.code(), as_auth.code()) {
                // It speaks TLS, not HTTPS: most likely an auth server that nothing is configured to recognise by.
                (Code::TlsFailed, untrusted @ Code::TlsUntrusted) => untrusted,
                (code, _) => code,
            },
            Self::Unsupported { .. } => Code::Unsupported,
            Self::Locked { .. } | Self::BotDeleted { .. } | Self::GenerationMismatch { .. } => Code::BotLocked,
            Self::RoleNotAllowed { .. } | Self::HostDenied { .. } => Code::RoleNotAllowed,
            Self::TargetUnknown { .. } => Code::TargetUnknown,
            Self::Incomplete { .. } => Code::RequestInvalid,
            Self::HostUnreachable { .. } => Code::HostUnreachable,
            Self::RateLimited { .. } => Code::RateLimited,
        }
    }

    fn hint(&self) -> String {
        hint::of(self)
    }

    fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { retry_in: Some(delay), .. } => Retry::After(*delay),
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Cut { .. }
            | Self::RateLimited { .. }
            | Self::Conflict { .. }
            | Self::Failed { transient: true, .. } => Retry::Later,
            Self::HttpFailed { status, .. } if *status >= 500 => Retry::Later,
            Self::NoPinnedWay { reason, .. } => reason.retry(),
            Self::Neither { as_proxy, as_auth, .. } => match (as_proxy.retry(), as_auth.retry()) {
                (Retry::No, Retry::No) => Retry::No,
                _ => Retry::Later,
            },
            _ => Retry::No,
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

fn roles_text(roles: &[String]) -> String {
    match roles {
        [] => "the roles".to_owned(),
        [one] => format!("role {one:?}"),
        many => format!("roles {many:?}"),
    }
}
