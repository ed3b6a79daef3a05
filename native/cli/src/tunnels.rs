//! The tunnels of a configuration.

use machine_id::config::TunnelConfig;
use machine_id::engine::{Engine, TunnelRequest};
use machine_id::error::Error;
use machine_id::tunnel::{Begins, Reached};

/// Opens one for `lease`.
pub(crate) async fn open(
    engine: &Engine,
    lease: &str,
    identity: &str,
    tunnel: &TunnelConfig,
) -> Result<Reached, Error> {
    let reached = engine.open_tunnel(TunnelRequest::of_config(lease, identity, tunnel)).await?;
    let address = match &reached.begins {
        Begins::Tcp(address) => format!("tcp://{address}"),
        Begins::Unix(path) => format!("unix://{}", path.display()),
    };
    tracing::info!(%address, protocol = reached.protocol, "tunnel to {}", reached.kind);
    if let Begins::Tcp(address) = &reached.begins {
        let who = if address.ip().is_loopback() {
            "every user of this machine"
        } else {
            "everybody who reaches this machine"
        };
        tracing::warn!("{who} can use {} at {address}; `listen: unix://…` is for this user alone", reached.kind);
    }
    Ok(reached)
}
