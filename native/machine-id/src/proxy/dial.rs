//! Connecting to a host.

use crate::connect::{ClientCredential, Cluster, ConnectError, Connector, ProxySshStream, SshTarget};

/// Opens a stream to `target` through the proxy of `cluster`, as `credential`; `host_cas` (PEM) verify the proxy.
///
/// # Errors
/// As [`Connector::proxy_ssh`].
pub async fn dial(
    connector: &Connector,
    cluster: &Cluster,
    host_cas: &[String],
    credential: &ClientCredential,
    target: &SshTarget,
) -> Result<ProxySshStream, ConnectError> {
    tracing::debug!(target = %target.host_port, cluster = %target.cluster, "dialling");
    connector.proxy_ssh(cluster, host_cas, credential, target).await
}
