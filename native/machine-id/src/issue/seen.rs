//! What roles see, looked up once for all certificates that are asked for together.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::connect::{Application, AuthClient, ClientCredential, ConnectError, Database, DatabaseRules};
use crate::identity::KeyPair;

/// How long looking may take: the certificate is already there.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the same roles see in the root cluster. It is asked as one further certificate of these roles, however many are asked
/// for, since the bot's own identity sees nothing (trap 11).
#[derive(Debug, Default)]
pub struct Seen {
    kube: OnceCell<Option<HashSet<String>>>,
    client: OnceCell<AuthClient>,
    databases: OnceCell<Vec<Database>>,
    applications: OnceCell<Vec<Application>>,
    rules: OnceCell<DatabaseRules>,
}

impl Seen {
    /// Whether the Kubernetes cluster is seen by whom `tls_certificate` and `key` belong to. No answer isn't a refusal.
    ///
    /// The cluster certifies also for Kubernetes clusters that the roles don't allow, and its proxy then refuses each
    /// request without saying why: so a new certificate asks what it may see.
    pub(super) async fn has(&self, client: &AuthClient, key: &KeyPair, tls_certificate: &str, cluster: &str) -> bool {
        let names = self.kube.get_or_init(|| look(client, key, tls_certificate)).await;
        names.as_ref().is_none_or(|names| names.contains(cluster))
    }

    /// The connection that sees it: `made`, unless somebody has made one before.
    pub(crate) async fn by<E>(&self, made: impl Future<Output = Result<AuthClient, E>>) -> Result<&AuthClient, E> {
        // On the heap, here and below: as a part of its callers' futures it is too deep for the compiler.
        Box::pin(self.client.get_or_try_init(|| made)).await
    }

    /// The databases.
    pub(crate) async fn databases(&self, client: &AuthClient) -> Result<&[Database], ConnectError> {
        Ok(Box::pin(self.databases.get_or_try_init(|| client.databases())).await?)
    }

    /// The applications.
    pub(crate) async fn applications(&self, client: &AuthClient) -> Result<&[Application], ConnectError> {
        Ok(Box::pin(self.applications.get_or_try_init(|| client.applications())).await?)
    }

    /// What the roles together say of databases.
    pub(crate) async fn rules(&self, client: &AuthClient, roles: &[String]) -> Result<&DatabaseRules, ConnectError> {
        let all = async || {
            let mut all = DatabaseRules::default();
            for role in roles {
                let DatabaseRules { users, names, makes_users } = client.database_rules(role).await?;
                all.users.extend(users);
                all.names.extend(names);
                all.makes_users |= makes_users;
            }
            Ok(all)
        };
        Box::pin(self.rules.get_or_try_init(all)).await
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
