//! Which Kubernetes clusters roles see.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::connect::{AuthClient, ClientCredential, ConnectError};
use crate::identity::KeyPair;

/// How long looking may take: the certificate is already there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The root cluster's Kubernetes clusters that the same roles see, looked up once for all the certificates that are
/// asked for together: with the first that is issued.
///
/// The cluster certifies also for Kubernetes clusters that the roles don't allow, and its proxy then refuses each
/// request without saying why: so a new certificate asks what it may see.
#[derive(Debug, Default)]
pub struct SeenClusters(OnceCell<Option<HashSet<String>>>);

impl SeenClusters {
    /// Whether `cluster` is seen by whom `tls_certificate` and `key` belong to. No answer isn't a refusal.
    pub(super) async fn has(&self, client: &AuthClient, key: &KeyPair, tls_certificate: &str, cluster: &str) -> bool {
        let names = self.0.get_or_init(|| look(client, key, tls_certificate)).await;
        names.as_ref().is_none_or(|names| names.contains(cluster))
    }
}

async fn look(client: &AuthClient, key: &KeyPair, tls_certificate: &str) -> Option<HashSet<String>> {
    let names = async {
        let credential = ClientCredential::new(&key.pkcs8_der(), tls_certificate)?;
        client.connect_as(&credential).await?.kube_clusters(&BTreeMap::new()).await
    };
    let problem: ConnectError = match tokio::time::timeout(PATIENCE, names).await {
        Ok(Ok(names)) => return Some(names.into_iter().collect()),
        Ok(Err(error)) => error,
        Err(_) => return None,
    };
    tracing::debug!("which Kubernetes clusters the roles see can't be found out: {problem}");
    None
}
