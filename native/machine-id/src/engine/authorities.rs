//! The cluster's authorities, as the cluster tells them to a member.

use crate::connect::{
    AuthClient, CaKind, CertAuthority, ClientCredential, Cluster, ConnectError, Connector, TransportError, TrustError,
};
use crate::error::Error;
use crate::identity::{
    Authorities, Authority, AuthorityError, AuthorityKind, KeySet, Rotation, is_cluster_name, is_same_to_ssh,
};
use crate::once::first_time;

/// Connects to auth. Who slept through a CA rotation no longer recognises the server: then the pins tell the present
/// host CA, since this is a first contact again, and where there are none the proxy's public export does, verified by the
/// web's authorities (protocol J). An auth server was recognised by pin or CA just now.
pub(super) async fn connect(
    connector: &Connector,
    cluster: &Cluster,
    host_cas: &[String],
    credential: &ClientCredential,
) -> Result<AuthClient, Error> {
    match connector.auth(cluster, host_cas, credential).await {
        Err(untrusted @ ConnectError::Trust(TrustError::Untrusted { host_ca: true, .. }))
            if cluster.proxy().is_some() =>
        {
            tracing::info!(cluster = %cluster.name, "the host CA has changed, asking the proxy for the present one");
            let present = match connector.verify_pins(cluster).await? {
                Some(pinned) => pinned,
                None => match connector.host_ca_export(cluster).await {
                    // Before version 13 a proxy exports nothing.
                    Err(ConnectError::Transport(TransportError::HttpFailed { status: 404, .. })) => {
                        return Err(untrusted.into());
                    }
                    other => other?,
                },
            };
            Ok(connector.auth(cluster, &present, credential).await?)
        }
        Err(ConnectError::Trust(TrustError::Untrusted { host_ca: true, .. })) if cluster.host_cas() != host_cas => {
            tracing::info!(cluster = %cluster.name, "the host CA has changed");
            Ok(connector.auth(cluster, cluster.host_cas(), credential).await?)
        }
        other => Ok(other?),
    }
}

/// Every authority that outputs need: host CAs of the root and of leaf clusters, user CA, database CA.
pub(super) async fn fetch(client: &AuthClient, cluster: &str, known: &Authorities) -> Result<Authorities, Error> {
    let (hosts, user, database) = tokio::join!(
        hosts(client, cluster),
        client.authority(CaKind::User, cluster),
        client.authority(CaKind::Database, cluster),
    );
    let (own, mut leaves): (Vec<_>, Vec<_>) = hosts?.into_iter().partition(|authority| authority.cluster == cluster);
    // In an order of our own, so that another one isn't taken for a change.
    leaves.sort_by(|a, b| a.cluster.cmp(&b.cluster));
    let leaves = tell_apart(cluster, leaves);
    let host = convert(AuthorityKind::Host, cluster, own.into_iter().next())?;
    let user = convert(AuthorityKind::User, cluster, user?)?;
    // An authority without keys would recognise nobody; what is known is worth more than that.
    let usable = |authority: &Authority| !authority.ssh_keys.is_empty() && !authority.tls_certs.is_empty();
    let (Some(host), Some(user)) = (host.filter(usable), user.filter(usable)) else {
        return Err(AuthorityError::NoHostAuthority { cluster: cluster.to_owned() }.into());
    };
    let database = convert(AuthorityKind::Database, cluster, database?)?;
    let mut hosts = vec![host];
    for leaf in leaves {
        let name = leaf.cluster.clone();
        // A leaf that can't be understood is no reason to fail: its last known CA goes on being written.
        match convert(AuthorityKind::Host, &name, Some(leaf)) {
            Ok(authority) => hosts.extend(authority),
            Err(error) => {
                if first_time(&name, "leaf") {
                    tracing::warn!(leaf = name, "the leaf cluster's host CA can't be read: {error}");
                }
                hosts.extend(known.host_of(&name).cloned());
            }
        }
    }
    Ok(Authorities { host: hosts, user, database })
}

/// The leaves whose hosts can be told from the cluster's own and from another leaf's. A leaf chooses its name itself: it
/// must neither stand in for others nor keep them from being written.
fn tell_apart(cluster: &str, leaves: Vec<CertAuthority>) -> Vec<CertAuthority> {
    let mut apart: Vec<CertAuthority> = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let taken = || apart.iter().map(|other| other.cluster.as_str()).chain([cluster]);
        if !is_cluster_name(&leaf.cluster) || taken().any(|name| is_same_to_ssh(name, &leaf.cluster)) {
            if first_time(&leaf.cluster, "name of a leaf") {
                tracing::warn!(leaf = ?leaf.cluster, "left out: a leaf cluster of an unusable or of another's name");
            }
            continue;
        }
        apart.push(leaf);
    }
    apart
}

/// Those of the cluster and its leaves at once; where the list can't be had, the cluster's own.
async fn hosts(client: &AuthClient, cluster: &str) -> Result<Vec<CertAuthority>, ConnectError> {
    match client.authorities(CaKind::Host).await {
        Err(error @ ConnectError::Refused(_)) => {
            tracing::debug!("the host CAs of leaf clusters can't be listed: {error}");
            Ok(client.authority(CaKind::Host, cluster).await?.into_iter().collect())
        }
        other => other,
    }
}

fn convert(
    kind: AuthorityKind,
    cluster: &str,
    found: Option<CertAuthority>,
) -> Result<Option<Authority>, AuthorityError> {
    let Some(found) = found else { return Ok(None) };
    let rotation = Rotation { state: found.rotation_state, phase: found.rotation_phase, id: found.rotation_id };
    let set = |keys: crate::connect::KeySet| KeySet { ssh: keys.ssh, tls: keys.tls };
    Authority::from_parts(kind, cluster, &set(found.active), &set(found.additional), rotation).map(Some)
}
