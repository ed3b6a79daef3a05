//! Which node a target names (protocol section H3, "Node resolution").

use tonic::Status;

use crate::control::{Core, Node};

const NOT_FOUND: &str = "failed to dial target host\n\tdirect dialing to nodes not found in inventory is not supported";

/// The address of the SSH server behind `host_port` in `cluster`.
pub(crate) fn resolve(core: &Core, host_port: &str, cluster: &str) -> Result<String, Status> {
    let known = cluster == core.settings.cluster || core.settings.leaf.as_deref() == Some(cluster);
    if !known {
        return Err(Status::not_found(format!("cluster {cluster:?} is not found")));
    }
    let invalid = || Status::invalid_argument("dial target contains an invalid hostport");
    let (host, port) = host_port.rsplit_once(':').ok_or_else(invalid)?;
    let port: u16 = if port.is_empty() { 0 } else { port.parse().map_err(|_| invalid())? };
    let state = core.state();
    let mut found = state.nodes.iter().filter(|node| node.cluster == cluster && matches(node, host, port));
    let Some(node) = found.next() else { return Err(Status::unavailable(NOT_FOUND)) };
    if found.next().is_some() {
        return Err(Status::not_found("node is ambiguous"));
    }
    Ok(node.address.clone())
}

/// A directly dialled node answers to its name, id and address, and to its own port only.
fn matches(node: &Node, host: &str, port: u16) -> bool {
    let (address, listens) = node.address.rsplit_once(':').unwrap_or((&node.address, ""));
    let loopback = host == "localhost" && address == "127.0.0.1" && port != 0;
    let named = host == node.name || host == node.id || host == address || loopback;
    named && (port == 0 || port.to_string() == listens)
}
