//! The way to a proxy, as a ProxyCommand is told it: nothing is asked before the connection is made.

use crate::connect::{Address, Cluster, ProxyFacts, Route};
use crate::version::Version;

/// The way to a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyRoute {
    /// Name of the cluster that the host is in.
    pub cluster: String,
    /// The proxy's public web address.
    pub proxy: Address,
    /// The proxy's SSH port, where the protocols don't share one.
    pub ssh_proxy: Option<Address>,
    /// A load balancer ends TLS in front of the proxy.
    pub connection_upgrade: bool,
    /// Version of the proxy; its major number is enough.
    pub server_version: Version,
}

impl ProxyRoute {
    /// The cluster, without having asked it.
    #[must_use]
    pub fn cluster(&self) -> Cluster {
        let mut facts = ProxyFacts::assumed(self.proxy.clone());
        facts.upgrade = self.connection_upgrade;
        if let Some(ssh) = &self.ssh_proxy {
            facts.tls_routing = false;
            facts.ssh = ssh.clone();
        }
        let mut cluster = Cluster::assumed(&self.cluster, self.proxy.clone());
        cluster.route = Route::Proxy(facts);
        cluster
    }
}
