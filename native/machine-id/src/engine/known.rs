//! What there is instead of targets that aren't known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::bot::Bot;
use super::lease_tunnels::Spoken;
use super::session::Session;
use crate::config::TunnelKind;
use crate::connect::{self, Alpn, AuthClient, ClientCredential};
use crate::error::{Code, Error};
use crate::identity::TlsFacts;
use crate::issue::{self, IssueRequest, Seen, Target};
use crate::vocabulary::applications::Application;
use crate::vocabulary::databases::Database;

/// How long asking may take: the answer to the caller waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the certificate lives that asks.
const LIFETIME: Duration = Duration::from_secs(300);
/// What is looked at of a database, by its name in messages.
const USER: &str = "user";
const MONGODB: &str = "mongodb";
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

/// What a tunnel's connections are asked about: the bot, and what the roles of its certificate see.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) bot: &'a Bot,
    pub(super) session: &'a Session,
    pub(super) roles: &'a [String],
    /// Shared with what was issued for the tunnel.
    pub(super) seen: &'a Seen,
}

impl Asked<'_> {
    async fn client(&self) -> Result<&AuthClient, Error> {
        self.seen.by(seer(self.bot, self.session, self.roles)).await
    }
}

/// What is spoken at a tunnel, as the resource of what it leads to says.
pub(super) async fn spoken(
    asked: Asked<'_>,
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
            let uri = application(asked, app).await?;
            Ok((Application::at(&uri).to_string(), Alpn::of_application(&uri)))
        }
    }
}

/// Where an application is, as its resource says.
async fn application(asked: Asked<'_>, app: &str) -> Result<String, Error> {
    let applications = asked.seen.applications(asked.client().await?).await?;
    if let Some(found) = applications.iter().find(|found| found.name == app) {
        return Ok(found.uri.clone());
    }
    Err(no_application(app, applications))
}

/// That there is no such application among `all` that the roles see.
pub(super) fn no_application(app: &str, all: &[connect::Application]) -> Error {
    let error =
        Error::new(Code::TargetUnknown, format!("application {app:?} is not among those that the roles see"), "");
    with_names(&error, &all.iter().map(|found| found.name.clone()).collect::<Vec<_>>())
}

/// Refuses the user and the database of a tunnel that the roles don't allow for sure: the cluster itself does so only when
/// somebody connects. What is doubtful is left to it, and told as a warning. Where nothing can be found out, nothing is said.
///
/// # Errors
/// [`Code::TargetUnknown`], with what the roles allow.
pub(super) async fn allowed(asked: Asked<'_>, kind: &TunnelKind, protocol: &str) -> Result<Vec<Doubt>, Error> {
    let TunnelKind::Database { username, database, .. } = kind else { return Ok(Vec::new()) };
    let looking = doubts(asked, (username, database), protocol);
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(Ok(doubts)) => match doubts.iter().find(|doubt| doubt.certain) {
            Some(Doubt { what, instead, .. }) => {
                Err(Error::new(Code::TargetUnknown, format!("tunnel to {kind}: {what}"), instead))
            }
            None => Ok(doubts),
        },
        Ok(Err(error)) => {
            tracing::debug!("what the roles allow at {kind} can't be found out: {error}");
            Ok(Vec::new())
        }
        Err(_) => Ok(Vec::new()),
    }
}

/// Something that the roles don't allow, as far as they can be read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    what: String,
    /// What they allow.
    instead: String,
    /// The cluster can't see it otherwise.
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
    asked: Asked<'_>,
    (username, database): (&str, &str),
    protocol: &str,
) -> Result<Vec<Doubt>, Error> {
    let rules = asked.seen.rules(asked.client().await?, asked.roles).await?;
    let mut doubts = Vec::new();
    // A user that the database makes is called after the bot, and looked up nowhere.
    if !rules.makes_users {
        doubts.extend(doubt(USER, username, &rules.users));
    }
    // Other databases have their names looked at by nobody.
    if Database::of(protocol).is_some_and(|known| known.named) {
        let name = doubt("name", database, &rules.names);
        // MongoDB's clients name a database with each command; this one is only the first.
        doubts.extend(name.map(|doubt| Doubt { certain: doubt.certain && protocol != MONGODB, ..doubt }));
    }
    Ok(doubts)
}

fn doubt(what: &str, wished: &str, allowed: &[String]) -> Option<Doubt> {
    // Patterns and variables of traits are the cluster's to read.
    let plain = |one: &String| !one.contains(['*', '{', '^']);
    if allowed.iter().any(|one| one == wished) || !allowed.iter().all(plain) {
        return None;
    }
    let mut listed = allowed.to_vec();
    listed.sort();
    listed.dedup();
    let list = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
    Some(Doubt {
        certain: (what != USER || !listed.is_empty()) && !listed.iter().any(|one| may_mean(one, wished)),
        what: format!("the roles don't allow database {what} {wished:?}"),
        instead: format!("they allow: {list}"),
    })
}

/// Whether two names can be one to the cluster: it knows AWS roles by their names and by their ARNs, service accounts with and
/// without their domain, and some databases have no upper case.
fn may_mean(one: &str, other: &str) -> bool {
    let core = |name: &str| {
        let last = name.rsplit(['/', ':']).next().unwrap_or(name);
        last.split('@').next().unwrap_or(last).to_lowercase()
    };
    core(one) == core(other)
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
    let (client, user, seen) = (&session.client, &session.facts.user, Seen::default());
    let issued = issue::issue(client, user, &session.cluster.name, &request, key, &seen, &*bot.clock).await?;
    let credential = ClientCredential::new(&issued.key.pkcs8_der(), &issued.certificates.tls)?;
    Ok(client.connect_as(&credential).await?)
}

#[cfg(test)]
mod tests {
    use super::doubt;

    fn allowed(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn a_user_is_doubted_only_where_the_roles_are_plain() {
        for fine in [&["ci", "b"][..], &["*"], &["c*"], &["{{internal.db_users}}", "b"], &["^c.$"]] {
            assert_eq!(doubt("user", "ci", &allowed(fine)), None, "{fine:?}");
        }
        let found = doubt("user", "cj", &allowed(&["ci", "b", "b"])).unwrap();
        assert_eq!(found.to_string(), "the roles don't allow database user \"cj\"; they allow: b, ci");
        assert!(found.certain);
        for (what, certain) in [("name", true), ("user", false)] {
            let doubt = doubt(what, "d", &allowed(&[])).unwrap();
            assert!(doubt.to_string().ends_with("they allow: none"), "{doubt}");
            assert_eq!(doubt.certain, certain, "{doubt}");
        }
    }

    #[test]
    fn what_the_cluster_may_know_by_another_name_is_no_certain_refusal() {
        let arn = "arn:aws:iam::123456789012:role/ci";
        for (wished, known) in [
            (arn, "ci"),
            ("ci", arn),
            ("role/ci", arn),
            ("CI", "ci"),
            ("ci@project.iam", "ci@project.iam.gserviceaccount.com"),
            ("ci@project.iam", "ci"),
        ] {
            let doubt = doubt("user", wished, &allowed(&[known, "other"])).unwrap();
            assert!(!doubt.certain, "{wished} {known}");
        }
        assert!(doubt("user", "admin", &allowed(&[arn, "ci@project.iam"])).unwrap().certain);
    }
}
