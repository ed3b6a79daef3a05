//! What doesn't change while the double runs.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::ca::KeyKind;

/// The double's fixed properties.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) cluster: String,
    /// Host part of the proxy's public address.
    pub(crate) public_host: String,
    pub(crate) listen: IpAddr,
    pub(crate) proxy_port: u16,
    pub(crate) auth_port: u16,
    pub(crate) version: String,
    pub(crate) key_kind: KeyKind,
    pub(crate) l7_balancer: bool,
    /// What discovery says: one port for everything, or `proxy_listener_mode: separate`.
    pub(crate) tls_routing: bool,
    pub(crate) leaf: Option<String>,
    /// Streams that a connection of HTTP/2 may have at once.
    pub(crate) streams: u32,
    pub(crate) directory: Option<PathBuf>,
}

impl Settings {
    /// The first number of the version; 15 when it has none.
    pub(crate) fn major(&self) -> u32 {
        self.version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(15)
    }

    /// The oldest client the cluster talks to: one major version back.
    pub(crate) fn min_client_version(&self) -> String {
        format!("{}.0.0", self.major().saturating_sub(1))
    }

    /// The cluster's name as SNI and ALPN carry it (protocol section 0).
    pub(crate) fn encoded(cluster: &str) -> String {
        format!("{}.teleport.cluster.local", hex::encode(cluster))
    }

    /// The server name that selects the Kubernetes listener (protocol section I).
    pub(crate) fn kube_name(&self) -> String {
        let host = if self.public_host.parse::<IpAddr>().is_ok() {
            "teleport.cluster.local"
        } else {
            self.public_host.as_str()
        };
        format!("kube-teleport-proxy-alpn.{host}")
    }
}
