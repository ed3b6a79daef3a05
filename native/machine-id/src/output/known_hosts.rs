//! `known_hosts`: which CA vouches for which hosts.
//!
//! Each cluster's CA vouches for its own names alone, and the root's for the proxy too. tbot lets the CA of every leaf
//! vouch for the proxy, and for whatever its wildcard covers; whoever runs a leaf could then stand in for the root's
//! proxy, or for the hosts of a cluster whose name lies below the leaf's. With one cluster our bytes are tbot's.

use super::Artifact;
use super::error::OutputError;
use super::request::OutputRequest;
use crate::identity::Authority;

/// A line per cluster and key of its host authority, the root's for the proxy's host too.
pub(super) fn render(request: &OutputRequest<'_>) -> Result<Artifact, OutputError> {
    if request.root_host()?.ssh_keys.is_empty() {
        return Err(OutputError::NoAuthority { what: "SSH host" });
    }
    let proxy = &request.cluster.proxy_host;
    let root = &request.root_host()?.cluster;
    let line = |host: &Authority| {
        let own = patterns(request, host);
        lines(host, &if host.cluster == *root { format!("{proxy},{own}") } else { own })
    };
    Ok(Artifact::public("known_hosts", request.authorities.host.iter().map(line).collect()))
}

/// The file for one cluster alone, whatever its hosts are called (version 16 and later).
pub(super) fn render_for(_request: &OutputRequest<'_>, host: &Authority) -> Result<Artifact, OutputError> {
    let text = format!("# Host CA of Teleport cluster {}\n{}", host.cluster, lines(host, "*"));
    Ok(Artifact::public(format!("{}.known_hosts", host.cluster), text))
}

/// The same without the proxy.
pub(super) fn of_clusters(request: &OutputRequest<'_>) -> String {
    request.authorities.host.iter().map(|host| lines(host, &patterns(request, host))).collect()
}

/// A cluster's own name and those below it, but for what is another's.
fn patterns(request: &OutputRequest<'_>, host: &Authority) -> String {
    let own = host.cluster.as_str();
    let mut text = format!("{own},*.{own}");
    for other in request.authorities.host.iter().filter(|other| is_below(&other.cluster, own)) {
        text.push_str(&format!(",!{0},!*.{0}", other.cluster));
    }
    let (proxy, root) = (&request.cluster.proxy_host, &request.cluster.name);
    if own != root && (proxy.eq_ignore_ascii_case(own) || is_below(proxy, own)) {
        text.push_str(&format!(",!{proxy}"));
    }
    text
}

/// Whether a name lies below a cluster's, as a wildcard sees it.
fn is_below(name: &str, cluster: &str) -> bool {
    let (name, cluster) = (name.to_ascii_lowercase(), cluster.to_ascii_lowercase());
    name.strip_suffix(&cluster).is_some_and(|rest| rest.ends_with('.'))
}

/// The lines for hosts that match `patterns`.
fn lines(host: &Authority, patterns: &str) -> String {
    host.ssh_keys.iter().map(|key| format!("@cert-authority {patterns} {key} type=host\n")).collect()
}
