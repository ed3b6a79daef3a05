//! `known_hosts`: which CA vouches for which hosts.

use super::Artifact;
use super::error::OutputError;
use super::request::OutputRequest;
use crate::identity::Authority;

/// A line per cluster and key of its host authority, for the proxy's host too.
pub(super) fn render(request: &OutputRequest<'_>) -> Result<Artifact, OutputError> {
    if request.root_host()?.ssh_keys.is_empty() {
        return Err(OutputError::NoAuthority { what: "SSH host" });
    }
    let proxy = &request.cluster.proxy_host;
    let hosts = &request.authorities.host;
    let text = hosts.iter().map(|host| lines(host, &format!("{proxy},{0},*.{0}", host.cluster))).collect();
    Ok(Artifact::public("known_hosts", text))
}

/// The file for one cluster alone, whatever its hosts are called (version 16 and later).
pub(super) fn render_for(_request: &OutputRequest<'_>, host: &Authority) -> Result<Artifact, OutputError> {
    let text = format!("# Host CA of Teleport cluster {}\n{}", host.cluster, lines(host, "*"));
    Ok(Artifact::public(format!("{}.known_hosts", host.cluster), text))
}

/// The lines for hosts that match `patterns`.
pub(super) fn lines(host: &Authority, patterns: &str) -> String {
    host.ssh_keys.iter().map(|key| format!("@cert-authority {patterns} {key} type=host\n")).collect()
}
