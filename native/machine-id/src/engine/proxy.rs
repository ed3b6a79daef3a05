//! The proxy of a cluster, for SSH.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::SharedClock;
use crate::config::{AddressKind, ClusterConfig};
use crate::connect::{Address, AuthClient, Cluster, Connector, ProxyFacts, Route};
use crate::error::Error;

/// The port of a public address that names none.
const HTTPS: u16 = 443;
/// How long a proxy that only hosts are reached by may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known about the proxy. Where an auth server is configured, auth tells the proxy's address, and the proxy is
/// asked there; where that doesn't work, one that shares one port for everything is assumed.
pub(super) async fn facts(cluster: &Cluster, client: &AuthClient, clock: &SharedClock) -> Result<ProxyFacts, Error> {
    if let Some(facts) = cluster.proxy() {
        return Ok(facts.clone());
    }
    let public = client.ping().await?.proxy_public_addr;
    let address = Address::parse(&public, HTTPS).unwrap_or_else(|| Address::new("", HTTPS));
    let (host, port) = (address.host.clone(), address.port);
    let proxy = ClusterConfig {
        host,
        port,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: None,
        use_configured_address: false,
    };
    let asked = async { Connector::new(&proxy, Arc::clone(clock))?.discover().await };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Cluster { name, route: Route::Proxy(facts), .. })) if name == cluster.name => {
            return Ok(facts);
        }
        Ok(Err(error)) => tracing::warn!(proxy = %public, "the proxy can't be asked how SSH reaches it: {error}"),
        Ok(Ok(_)) => tracing::warn!(proxy = %public, "the proxy is another cluster's"),
        Err(_) => tracing::warn!(proxy = %public, "the proxy doesn't answer"),
    }
    Ok(ProxyFacts::assumed(address))
}
