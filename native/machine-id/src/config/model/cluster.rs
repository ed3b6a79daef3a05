//! Where a cluster is.

use std::path::PathBuf;

use crate::vocabulary::words;

/// Where the cluster is and how its servers are recognised.
#[derive(Debug)]
pub struct ClusterConfig {
    /// Host name or IP address as the administrator wrote it.
    pub host: String,
    /// TCP port; 443 where none was written for a proxy, 3025 for an auth server.
    pub port: u16,
    /// What listens there.
    pub kind: AddressKind,
    /// Pins of the cluster's host CA; empty: none asked for.
    pub ca_pins: Vec<CaPin>,
    /// A CA to trust for this cluster beside the system's roots.
    pub ca: Option<CaSource>,
    /// Stay with this address where a proxy announces another one: seen from here that may lead nowhere, or somewhere
    /// else (tbot's `TBOT_USE_PROXY_ADDR`). For an auth server it changes nothing.
    pub use_configured_address: bool,
}

words! {
    /// What listens at the configured address.
    pub enum AddressKind {
        /// A Teleport proxy's web port (`proxy_server`).
        Proxy = "proxy",
        /// An auth server (`auth_server`), though a proxy's address is often written there: found out by asking.
        AuthOrProxy = "auth",
    }
}

impl AddressKind {
    /// The port where none is written.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Proxy => 443,
            Self::AuthOrProxy => 3025,
        }
    }
}

/// `sha256:` and 64 hex digits: SHA-256 over the SubjectPublicKeyInfo of the host CA (protocol B2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaPin(pub [u8; 32]);

/// Where a CA certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource {
    /// A PEM file, read when the connection is made.
    File(PathBuf),
    /// The PEM text itself.
    Pem(String),
}
