//! What there is instead of targets that aren't known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::bot::Bot;
use super::lease_tunnels::Spoken;
use super::session::Session;
use crate::config::TunnelKind;
use crate::connect::{Alpn, AuthClient, ClientCredential, DatabaseRules};
use crate::error::{Code, Error};
use crate::identity::TlsFacts;
use crate::issue::{self, IssueRequest, SeenClusters, Target};
use crate::vocabulary::applications::Application;
use crate::vocabulary::databases::Database;

/// How long asking may take: the answer to the caller waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the certificate lives that asks.
const LIFETIME: Duration = Duration::from_secs(300);
/// What is looked at of a database, by its name in messages.
const USER: &str = "user";
/// How many names an error carries.
const NAMED: usize = 20;

/// One error for the targets of an output that failed, at least one: all wrong names at once and the names that these
/// roles see, or else what failed first. Where those names can't be found out the error goes without them.
pub(super) async fn refusal(
    bot: &Bot,
    session: &Arc<Session>,
    first: (Target, Error),
    others: Vec<(Target, Error)>,
    roles: &[String],
) -> Error {
    let mut unknown: Vec<&(Target, Error)> =
        [&first].into_iter().chain(&others).filter(|(_, error)| error.code() == Code::TargetUnknown).collect();
    let Some((target, error)) = unknown.first().copied() else { return first.1 };
    // What there is instead is told of one kind.
    unknown.retain(|(other, _)| other.output_type() == target.output_type());
    let error = if unknown.len() > 1 { all_unknown(&unknown) } else { error.clone() };
    match tokio::time::timeout(PATIENCE, seen(bot, session, target, roles)).await {
        Ok(Ok(Some(names))) => with_names(&error, &names),
        Ok(Ok(None)) | Err(_) => error,
        Ok(Err(problem)) => {
            tracing::debug!("what there is instead can't be found out: {problem}");
            error
        }
    }
}

/// All of one kind.
fn all_unknown(unknown: &[&(Target, Error)]) -> Error {
    let mut kind = "targets";
    let names: Vec<String> = unknown
        .iter()
        .filter_map(|(target, _)| {
            let name;
            (kind, name) = match target {
                Target::Kubernetes { cluster } => ("Kubernetes clusters", cluster),
                Target::Database { service, .. } => ("databases", service),
                Target::Application { app } => ("applications", app),
                Target::None | Target::Reissuable => return None,
            };
            Some(format!("{name:?}"))
        })
        .collect();
    let more = names.len().saturating_sub(NAMED);
    let mut list = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    let hint = unknown.first().map_or("", |(_, error)| error.hint());
    Error::new(Code::TargetUnknown, format!("{kind} {list} are not among those that the roles see"), hint)
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

/// What is spoken at a tunnel, as the resource of what it leads to says.
pub(super) async fn spoken(
    bot: &Bot,
    session: &Session,
    kind: &TunnelKind,
    TlsFacts { subject, .. }: &TlsFacts,
) -> Result<Spoken, Error> {
    match kind {
        TunnelKind::Database { service, .. } => {
            let said = subject.database_protocol.clone().unwrap_or_default();
            let alpn = Alpn::of_database(service, &said)?;
            Ok((said, alpn))
        }
        TunnelKind::Application { app } => {
            let uri = application(bot, session, app, &subject.roles).await?;
            Ok((Application::at(&uri).to_string(), Alpn::of_application(&uri)))
        }
    }
}

/// Where an application is, as its resource says.
async fn application(bot: &Bot, session: &Session, app: &str, roles: &[String]) -> Result<String, Error> {
    let applications = seer(bot, session, roles).await?.applications().await?;
    if let Some(found) = applications.iter().find(|found| found.name == app) {
        return Ok(found.uri.clone());
    }
    let error =
        Error::new(Code::TargetUnknown, format!("application {app:?} is not among those that the roles see"), "");
    Err(with_names(&error, &applications.into_iter().map(|found| found.name).collect::<Vec<_>>()))
}

/// Refuses the user and the database of a tunnel that the roles don't allow for sure: the cluster itself does so only when
/// somebody connects. Where that can't be found out, nothing is refused.
///
/// # Errors
/// [`Code::TargetUnknown`], with what the roles allow.
pub(super) async fn allowed(
    bot: &Bot,
    session: &Session,
    kind: &TunnelKind,
    protocol: &str,
    roles: &[String],
) -> Result<(), Error> {
    let TunnelKind::Database { username, database, .. } = kind else { return Ok(()) };
    let asking = doubts(bot, session, (username, database), protocol, roles);
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(doubts)) => match doubts.into_iter().find(|doubt| doubt.certain) {
            Some(Doubt { what, instead, .. }) => {
                Err(Error::new(Code::TargetUnknown, format!("tunnel to {kind}: {what}"), instead))
            }
            None => Ok(()),
        },
        Ok(Err(error)) => {
            tracing::debug!("what the roles allow at {kind} can't be found out: {error}");
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

/// Something that the roles don't allow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    what: String,
    /// What they allow.
    instead: String,
    /// Nothing else can allow it. Roles that name no user at all may leave users to the database, which then makes them
    /// itself.
    certain: bool,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.what, self.instead)
    }
}

/// What is wrong with a tunnel's user or database name, as far as the roles say so in plain words: the cluster itself looks
/// at them only when somebody connects, and its refusal names nothing else.
pub(super) async fn doubts(
    bot: &Bot,
    session: &Session,
    (username, database): (&str, &str),
    protocol: &str,
    roles: &[String],
) -> Result<Vec<Doubt>, Error> {
    let seer = seer(bot, session, roles).await?;
    let mut rules = DatabaseRules::default();
    for role in roles {
        let DatabaseRules { users, names } = seer.database_rules(role).await?;
        rules.users.extend(users);
        rules.names.extend(names);
    }
    // Other databases have their names looked at by nobody.
    let named = Database::of(protocol).is_some_and(|known| known.named);
    let names = named.then_some(("name", database, rules.names));
    let checks = [(USER, username, rules.users)].into_iter().chain(names);
    Ok(checks.filter_map(|(what, wished, allowed)| doubt(what, wished, allowed)).collect())
}

fn doubt(what: &str, wished: &str, mut allowed: Vec<String>) -> Option<Doubt> {
    // Patterns and variables of traits are the cluster's to read.
    let plain = |one: &String| !one.contains(['*', '{', '^']);
    if allowed.iter().any(|one| one == wished) || !allowed.iter().all(plain) {
        return None;
    }
    allowed.sort();
    allowed.dedup();
    let list = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    Some(Doubt {
        certain: what != USER || !allowed.is_empty(),
        what: format!("the roles don't allow database {what} {wished:?}"),
        instead: format!("they allow: {list}"),
    })
}

/// The names of the kind of `target` that there are.
async fn seen(bot: &Bot, session: &Session, target: &Target, roles: &[String]) -> Result<Option<Vec<String>>, Error> {
    if matches!(target, Target::None | Target::Reissuable) {
        return Ok(None);
    }
    let client = seer(bot, session, roles).await?;
    Ok(match target {
        Target::None | Target::Reissuable => None,
        Target::Kubernetes { .. } => Some(client.kube_clusters(&BTreeMap::new()).await?),
        Target::Database { .. } => Some(client.databases().await?.into_iter().map(|database| database.name).collect()),
        Target::Application { .. } => Some(client.applications().await?.into_iter().map(|app| app.name).collect()),
    })
}

/// A connection that sees what the roles may use: only a role's own certificate does, the bot's sees nothing.
pub(super) async fn seer(bot: &Bot, session: &Session, roles: &[String]) -> Result<AuthClient, Error> {
    let request = IssueRequest {
        roles: roles.to_vec(),
        ttl: LIFETIME.min(bot.config.max_ttl),
        target: Target::None,
        route_to_cluster: None,
    };
    let key = Arc::new(bot.spare.usual().take().await?);
    let (client, user, seen) = (&session.client, &session.facts.user, SeenClusters::default());
    let issued = issue::issue(client, user, &session.cluster.name, &request, key, &seen, &*bot.clock).await?;
    let credential = ClientCredential::new(&issued.key.pkcs8_der(), &issued.certificates.tls)?;
    Ok(client.connect_as(&credential).await?)
}

#[cfg(test)]
mod tests {
    use super::doubt;

    #[test]
    fn a_user_is_doubted_only_where_the_roles_are_plain() {
        let allowed = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        for fine in [&["ci", "b"][..], &["*"], &["c*"], &["{{internal.db_users}}", "b"], &["^c.$"]] {
            assert_eq!(doubt("user", "ci", allowed(fine)), None, "{fine:?}");
        }
        assert_eq!(
            doubt("user", "cj", allowed(&["ci", "b", "b"])).unwrap().to_string(),
            "the roles don't allow database user \"cj\"; they allow: b, ci"
        );
        for (what, certain) in [("name", true), ("user", false)] {
            let doubt = doubt(what, "d", allowed(&[])).unwrap();
            assert!(doubt.to_string().ends_with("they allow: none"), "{doubt}");
            assert_eq!(doubt.certain, certain, "{doubt}");
        }
    }
}
