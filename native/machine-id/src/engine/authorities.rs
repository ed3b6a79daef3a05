//! The cluster's authorities, as the cluster tells them to a member.

use crate::connect::{AuthClient, CaKind, CertAuthority, ClientCredential, Cluster, ConnectError, Connector};
use crate::error::Error;
use crate::identity::{Authorities, Authority, AuthorityError, AuthorityKind, KeySet, Rotation};

/// Connects to auth. Who slept through a CA rotation no longer recognises the server: then the proxy's public
/// export, verified by the web's authorities, tells the present host CA (protocol J).
pub(super) async fn connect(
    connector: &Connector,
    cluster: &Cluster,
    host_cas: &[String],
    credential: &ClientCredential,
) -> Result<AuthClient, Error> {
    match connector.auth(cluster, host_cas, credential).await {
        Err(ConnectError::Untrusted { host_ca: true, .. }) if cluster.proxy().is_some() => {
            tracing::warn!(cluster = %cluster.name, "the host CA has changed, asking the proxy for the present one");
            let exported = connector.host_ca_export(cluster).await?;
            Ok(connector.auth(cluster, &exported, credential).await?)
        }
        other => Ok(other?),
    }
}

/// Every authority that outputs need: host CAs of the root and of leaf clusters, user CA, database CA.
pub(super) async fn fetch(client: &AuthClient, cluster: &str, known: &Authorities) -> Result<Authorities, Error> {
    let (host, user, database, leaves) = tokio::join!(
        client.authority(CaKind::Host, cluster),
        client.authority(CaKind::User, cluster),
        client.authority(CaKind::Database, cluster),
        client.remote_clusters(),
    );
    let host = convert(AuthorityKind::Host, cluster, host?)?;
    let user = convert(AuthorityKind::User, cluster, user?)?;
    // An authority without keys would recognise nobody; what is known is worth more than that.
    let usable = |authority: &Authority| !authority.ssh_keys.is_empty() && !authority.tls_certs.is_empty();
    let (Some(host), Some(user)) = (host.filter(usable), user.filter(usable)) else {
        return Err(AuthorityError::NoHostAuthority { cluster: cluster.to_owned() }.into());
    };
    let database = convert(AuthorityKind::Database, cluster, database?)?;
    let mut hosts = vec![host];
    for leaf in leaves.unwrap_or_default() {
        // A leaf that can't be read now is no reason to fail: its last known CA goes on being written.
        match client.authority(CaKind::Host, &leaf).await {
            Ok(found) => hosts.extend(convert(AuthorityKind::Host, &leaf, found)?),
            Err(error) => {
                tracing::warn!(leaf, "the leaf cluster's host CA can't be read: {error}");
                hosts.extend(known.host_of(&leaf).cloned());
            }
        }
    }
    Ok(Authorities { host: hosts, user, database })
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
