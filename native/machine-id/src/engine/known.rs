//! What there is instead of a target that isn't known.

use std::sync::Arc;
use std::time::Duration;

use super::bot::Bot;
use super::session::Session;
use crate::config::OutputKind;
use crate::connect::ClientCredential;
use crate::error::{Code, Error};
use crate::identity::KeyPair;
use crate::issue::{self, IssueRequest, Target};

/// How long asking may take: the answer to the caller waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the certificate lives that asks.
const LIFETIME: Duration = Duration::from_secs(300);
/// How many names an error carries.
const NAMED: usize = 20;

/// Adds the names that these roles see to an error that says a Kubernetes cluster, database or application isn't known.
/// Where they can't be found out the error stays as it is.
pub(super) async fn name(
    bot: &Bot,
    session: &Arc<Session>,
    kind: &OutputKind,
    roles: &[String],
    error: Error,
) -> Error {
    if error.code() != Code::TargetUnknown {
        return error;
    }
    match tokio::time::timeout(PATIENCE, seen(bot, session, kind, roles)).await {
        Ok(Ok(Some(names))) => with_names(&error, &names),
        Ok(Ok(None)) => error,
        Ok(Err(problem)) => {
            tracing::debug!("what there is instead can't be found out: {problem}");
            error
        }
        Err(_) => error,
    }
}

fn with_names(error: &Error, names: &[String]) -> Error {
    if names.is_empty() {
        return Error::new(
            error.code(),
            error.message(),
            "these roles see none at all: check the role's labels in Teleport",
        );
    }
    let mut list = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        list.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    Error::new(error.code(), error.message(), format!("these roles see: {list}"))
}

/// Only a role's own certificate sees what the role may use; the bot's sees nothing.
async fn seen(bot: &Bot, session: &Session, kind: &OutputKind, roles: &[String]) -> Result<Option<Vec<String>>, Error> {
    if *kind == OutputKind::Identity {
        return Ok(None);
    }
    let request = IssueRequest {
        roles: roles.to_vec(),
        ttl: LIFETIME.min(bot.config.max_ttl),
        target: Target::from(&OutputKind::Identity),
        route_to_cluster: None,
    };
    let key = Arc::new(KeyPair::generate(bot.config.key_algorithm)?);
    let cluster = &session.cluster;
    let issued = issue::issue(&session.client, &session.facts.user, &cluster.name, &request, key, &*bot.clock).await?;
    let credential = ClientCredential::new(&issued.key.pkcs8_der(), &issued.certificates.tls)?;
    let client = bot.connector.auth(cluster, session.identity.authorities.root_host_cas(), &credential).await?;
    Ok(match kind {
        OutputKind::Identity => None,
        OutputKind::Kubernetes { .. } => Some(client.kube_clusters().await?),
        OutputKind::Database { .. } => {
            Some(client.databases().await?.into_iter().map(|database| database.name).collect())
        }
        OutputKind::Application { .. } => Some(client.applications().await?.into_iter().map(|app| app.name).collect()),
    })
}
