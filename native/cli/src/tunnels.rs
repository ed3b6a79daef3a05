//! The tunnels of a configuration.

use machine_id::config::{TunnelConfig, who_reaches};
use machine_id::engine::{Engine, Opened, TunnelRequest};
use machine_id::error::Error;
use machine_id::tunnel::Begins;

/// Opens one for `lease`.
pub(crate) async fn open(engine: &Engine, lease: &str, identity: &str, tunnel: &TunnelConfig) -> Result<Opened, Error> {
    let opened = engine.open_tunnel(TunnelRequest::of_config(lease, identity, tunnel)).await?;
    let begins = match &opened {
        Opened::Tunnel(reached) => &reached.begins,
        Opened::Proxy(begins) => begins,
    };
    let address = match begins {
        Begins::Tcp(address) => format!("tcp://{address}"),
        Begins::Unix(path) => format!("unix://{}", path.display()),
    };
    match &opened {
        Opened::Tunnel(reached) => {
            tracing::info!(%address, protocol = reached.protocol, "tunnel to {}", reached.kind);
        }
        Opened::Proxy(_) => tracing::info!(%address, "HTTP proxy to {}", tunnel.leads),
    }
    if let Begins::Tcp(address) = begins {
        let who = who_reaches(*address);
        tracing::warn!("{who} can use {} at {address}; `listen: unix://…` is for this user alone", tunnel.leads);
    }
    Ok(opened)
}
