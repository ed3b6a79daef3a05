//! Why the cluster couldn't be reached, recognised or understood: one enum for each kind of reason, each with its code,
//! hint and retry.

mod host;
mod presented;
mod refusal;
mod set_up;
mod transport;
mod trust;

use crate::error::{Code, Fault, Retry};

pub use host::HostError;
pub use presented::Presented;
pub use refusal::Refusal;
pub use set_up::SetUpError;
pub use transport::TransportError;
pub use trust::TrustError;

/// A failure on the way to the cluster, or an answer that isn't the one wished for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing could be tried.
    #[error(transparent)]
    SetUp(#[from] SetUpError),
    /// No usable answer. What a request did that had been sent is open.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server can't be recognised; nothing that counts was sent to it.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The call was answered, and the answer says that nothing was done. Only this leaves no doubt.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host behind the cluster can't be had.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The auth server can't be reached, or recognised by the pins, through the proxy.
    #[error("CA pins are configured, and through {address} no auth server can be recognised by them: {reason}")]
    NoPinnedWay {
        /// `host:port`.
        address: String,
        /// What failed.
        reason: Box<ConnectError>,
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
}

impl ConnectError {
    /// No TCP connection came about: the name is wrong, nothing listens, the network is cut.
    #[must_use]
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Transport(TransportError::Unreachable { .. } | TransportError::TimedOut { step: "connect", .. })
                | Self::SetUp(SetUpError::ProxyVariable { .. })
        )
    }
}

impl Fault for ConnectError {
    fn code(&self) -> Code {
        match self {
            Self::SetUp(error) => error.code(),
            Self::Transport(error) => error.code(),
            Self::Trust(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::Host(error) => error.code(),
            Self::NoPinnedWay { reason, .. } => reason.code(),
            Self::Neither { likely_auth: true, as_auth, .. } => as_auth.code(),
            Self::Neither { as_proxy, as_auth, .. } => match (as_proxy.code(), as_auth.code()) {
                // It speaks TLS, not HTTPS: most likely an auth server that nothing is configured to recognise by.
                (Code::TlsFailed, untrusted @ Code::TlsUntrusted) => untrusted,
                (code, _) => code,
            },
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::SetUp(error) => error.hint(),
            Self::Transport(error) => error.hint(),
            Self::Trust(error) => error.hint(),
            Self::Refused(refusal) => refusal.hint(),
            Self::Host(error) => error.hint(),
            Self::NoPinnedWay { .. } => {
                "let the proxy's web port pass Teleport's protocols on (TLS routing, ALPN teleport-auth@…), or \
                 configure the auth server's own address; no token was sent"
                    .to_owned()
            }
            Self::Neither { as_proxy, as_auth, .. } => {
                format!("if it is a proxy: {}; if it is an auth server: {}", as_proxy.hint(), as_auth.hint())
            }
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::SetUp(error) => error.retry(),
            Self::Transport(error) => error.retry(),
            Self::Trust(error) => error.retry(),
            Self::Refused(refusal) => refusal.retry(),
            Self::Host(error) => error.retry(),
            Self::NoPinnedWay { reason, .. } => reason.retry(),
            Self::Neither { as_proxy, as_auth, .. } => match (as_proxy.retry(), as_auth.retry()) {
                (Retry::No, Retry::No) => Retry::No,
                _ => Retry::Later,
            },
        }
    }
}
