//! From a lease request to certificates: which roles, which targets, from the cache or from the cluster.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;

use super::bot::{Bot, is_passing};
use super::known;
use super::kubernetes::{self, KubeContext};
use super::lease_request::{LeaseRequest, Placement};
use super::session::Session;
use crate::config::{OutputKind, Scope as WishedScope};
use crate::error::{Code, Error, Fault};
use crate::issue::{self, CacheKey, IssueRequest, RoleCertificate, Scope, Seen, Target};
use crate::join;

/// A certificate from the cache must have at least this part of its lifetime left (or of the fixed interval), so that a
/// lease isn't due for a refresh the moment it is taken.
const FRESH_PART: f64 = 0.6;

/// When certificates for `request` end, as far as the cache has them all: without asking anybody.
pub(super) fn expected_end(bot: &Bot, request: &LeaseRequest) -> Option<SystemTime> {
    let roles = roles_at_hand(bot, request).ok().flatten().or_else(|| bot.known_roles())?;
    let mut end = None;
    for placement in &request.placements {
        let contexts = match &placement.kind {
            OutputKind::Kubernetes(output) => kubernetes::named(output)?,
            _ => Vec::new(),
        };
        for target in targets(&placement.kind, &contexts) {
            let key = cache_key(bot, request, target, &roles);
            let ends = bot.cache.at_hand(&key, FRESH_PART, max_age(bot))?.expires_at;
            end = Some(end.map_or(ends, |end: SystemTime| end.min(ends)));
        }
    }
    end
}

/// The roles that the request or the configuration names; none: all that the bot may take.
fn roles_at_hand(bot: &Bot, request: &LeaseRequest) -> Result<Option<Vec<String>>, Error> {
    let allowed = &bot.config.roles;
    if let Some(role) = request.roles.iter().find(|role| !allowed.is_empty() && !allowed.contains(role)) {
        return Err(Error::new(
            Code::RoleNotAllowed,
            format!("identity {:?} may not use role {role:?}; it may use {}", bot.config.id, allowed.join(", ")),
            "name one of these, or ask an administrator to allow the role",
        ));
    }
    if !request.roles.is_empty() {
        return Ok(Some(request.roles.clone()));
    }
    Ok(Some(allowed.clone()).filter(|allowed| !allowed.is_empty()))
}

/// [`roles_at_hand`] for somebody who waits for them; a refusal is counted.
pub(super) fn named_roles(bot: &Bot, request: &LeaseRequest) -> Result<Option<Vec<String>>, Error> {
    roles_at_hand(bot, request).inspect_err(|_| bot.metrics.role_refused())
}

/// Says once that naming roles has no future, where they aren't all that the bot may take. The cluster is asked for those
/// only where it has never told them.
pub(super) async fn warn_of_subset(bot: &Bot, session: &Session, roles: &[String]) {
    let version = &session.client.cluster().server_version;
    if !version.discourages_role_subsets() || bot.observed.seen().role_subset {
        return;
    }
    let told = bot.memory().roles.0.clone();
    let own = if told.is_empty() { bot.own_roles(session).await } else { Ok(told) };
    match own {
        Ok(own) if own.iter().all(|role| roles.contains(role)) => return,
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(identity = %bot.config.id, "the roles that the bot may take can't be read: {error}");
            return;
        }
    }
    if !bot.observed.took_subset() {
        return;
    }
    tracing::warn!(
        identity = %bot.config.id,
        "roles are named ({}), and from Teleport 20 on a bot takes all of its roles: make one bot for each set of roles \
         (`tctl bots add NAME --roles=…`) and name none",
        roles.join(", ")
    );
}

/// All roles that the bot may take.
pub(super) async fn own_roles(bot: &Bot, session: &Session) -> Result<Vec<String>, Error> {
    let roles = bot.own_roles(session).await?;
    if roles.is_empty() {
        let bot = &session.facts.bot_name;
        return Err(Error::new(
            Code::RoleNotAllowed,
            format!("bot {bot:?} may not take any role"),
            join::more_roles(&session.cluster.server_version, bot),
        ));
    }
    Ok(roles)
}

/// The certificates of an output.
pub(super) struct Issued {
    pub(super) first: Arc<RoleCertificate>,
    /// Those of a Kubernetes output's further clusters.
    pub(super) others: Vec<Arc<RoleCertificate>>,
    /// A Kubernetes output's clusters, in the order of the certificates.
    pub(super) contexts: Vec<KubeContext>,
    pub(super) refused: Option<Error>,
}

impl Issued {
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<RoleCertificate>> {
        [&self.first].into_iter().chain(&self.others)
    }
}

/// Issues what an output needs, all at once.
pub(super) async fn issue_all(
    bot: &Bot,
    session: &Arc<Session>,
    request: &LeaseRequest,
    placement: &Placement,
    roles: &[String],
) -> Result<Issued, Error> {
    let contexts = match &placement.kind {
        OutputKind::Kubernetes(output) => kubernetes::contexts(bot, session, output, roles).await?,
        _ => Vec::new(),
    };
    let (mut certificates, refused) =
        issue_targets(bot, session, request, targets(&placement.kind, &contexts), roles).await?;
    if certificates.is_empty() {
        return Err(Error::new(Code::Internal, "an output asks for no certificate", "report this"));
    }
    Ok(Issued { first: certificates.remove(0), others: certificates, contexts, refused })
}

/// A certificate, and why nothing fresher could be had.
pub(super) type Answer = Result<(Arc<RoleCertificate>, Option<Error>), Error>;

/// Issues what the tunnels of a lease go as, in their order.
///
/// # Errors
/// With `all`, as soon as one can't be issued: all wrong names at once, and those that the roles see.
pub(super) async fn issue_tunnels(
    bot: &Bot,
    session: &Arc<Session>,
    request: &LeaseRequest,
    roles: &[String],
    seen: &Arc<Seen>,
    all: bool,
) -> Result<Vec<Answer>, Error> {
    let targets: Vec<_> = request.tunnels.iter().map(|tunnel| Target::of_tunnel(&tunnel.kind)).collect();
    let answers =
        join_all(targets.iter().map(|target| certificate(bot, session, request, target.clone(), roles, seen))).await;
    if !all || answers.iter().all(Result::is_ok) {
        return Ok(answers);
    }
    let failed = targets.into_iter().zip(answers).filter_map(|(target, answer)| Some((target, answer.err()?)));
    Err(first_refused(bot, session, failed, roles).await)
}

async fn issue_targets(
    bot: &Bot,
    session: &Arc<Session>,
    request: &LeaseRequest,
    targets: impl Iterator<Item = Target>,
    roles: &[String],
) -> Result<(Vec<Arc<RoleCertificate>>, Option<Error>), Error> {
    let seen = Arc::new(Seen::default());
    let answers = join_all(targets.map(|target| async {
        let answer = certificate(bot, session, request, target.clone(), roles, &seen).await;
        answer.map_err(|error| (target, error))
    }))
    .await;
    let (mut issued, mut failed) = (Vec::with_capacity(answers.len()), Vec::new());
    for answer in answers {
        match answer {
            Ok(certificate) => issued.push(certificate),
            Err(failure) => failed.push(failure),
        }
    }
    if !failed.is_empty() {
        return Err(first_refused(bot, session, failed.into_iter(), roles).await);
    }
    let refused = issued.iter().find_map(|(_, refused)| refused.clone());
    Ok((issued.into_iter().map(|(certificate, _)| certificate).collect(), refused))
}

/// The error for targets that failed.
async fn first_refused(
    bot: &Bot,
    session: &Arc<Session>,
    mut failed: impl Iterator<Item = (Target, Error)>,
    roles: &[String],
) -> Error {
    match failed.next() {
        Some(first) => known::refusal(bot, session, first, failed.collect(), roles).await,
        None => Error::new(Code::Internal, "a refusal of nothing", "report this"),
    }
}

/// Forgets what was issued for a lease: the proxy has refused it.
pub(super) fn forget(bot: &Bot, request: &LeaseRequest) {
    match request.scope {
        WishedScope::Agent => bot.cache.forget_identity(&bot.config.id),
        WishedScope::Build => bot.cache.forget_scope(&Scope::Build(request.lease.clone())),
    }
}

/// The certificate of `target` for a connection that is made now, and the session that it came by: what is at hand as long
/// as enough is left of it, without asking anybody.
pub(super) async fn for_connection(
    bot: &Arc<Bot>,
    request: &LeaseRequest,
    target: &Target,
    seen: &Arc<Seen>,
) -> Result<(Arc<Session>, Arc<RoleCertificate>), Error> {
    let named = named_roles(bot, request)?;
    if let Some(session) = bot.current() {
        // That roles have changed is seen at the next renewal.
        let roles = named.clone().unwrap_or_else(|| bot.memory().roles.0.clone());
        let key = cache_key(bot, request, target.clone(), &roles);
        if let Some(certificate) = bot.cache.at_hand(&key, FRESH_PART, max_age(bot)) {
            return Ok((session, certificate));
        }
    }
    let session = bot.session().await?;
    let roles = match named {
        Some(roles) => {
            warn_of_subset(bot, &session, &roles).await;
            roles
        }
        None => own_roles(bot, &session).await?,
    };
    let answer = certificate(bot, &session, request, target.clone(), &roles, seen).await;
    match answer {
        Ok((certificate, _)) => Ok((session, certificate)),
        Err(error) => Err(known::refusal(bot, &session, (target.clone(), error), Vec::new(), &roles).await),
    }
}

async fn certificate(
    bot: &Bot,
    session: &Arc<Session>,
    request: &LeaseRequest,
    target: Target,
    roles: &[String],
    seen: &Arc<Seen>,
) -> Answer {
    let issue = IssueRequest {
        roles: roles.to_vec(),
        ttl: lifetime(bot, request),
        target: target.clone(),
        route_to_cluster: request.route_to_cluster.clone(),
    };
    let key = cache_key(bot, request, target, roles);
    let (own, clock, spare, seen) =
        (Arc::clone(session), Arc::clone(&bot.clock), bot.spare.of(&issue.target), Arc::clone(seen));
    let (metrics, identity) = (Arc::clone(&bot.metrics), bot.config.id.clone());
    let issued = bot
        .cache
        .get(key.clone(), FRESH_PART, max_age(bot), move || async move {
            let key = Arc::new(spare.take().await?);
            let (user, root) = (&own.facts.user, &own.cluster.name);
            let issued = issue::issue(&own.client, user, root, &issue, key, &seen, &*clock).await;
            metrics.issued(&identity, issue.target.output_type().as_str(), issued.as_ref().err().map(Fault::code));
            Ok(issued?)
        })
        .await;
    match issued {
        Ok(issued) => Ok((issued, None)),
        Err(error) => {
            bot.failed(session, &error).await;
            let serves = bot.cache.still_valid(&key).filter(|_| is_passing(&error));
            serves.map(|certificate| (certificate, Some(error.clone()))).ok_or(error)
        }
    }
}

fn lifetime(bot: &Bot, request: &LeaseRequest) -> Duration {
    request.ttl.unwrap_or(bot.config.max_ttl).min(bot.config.max_ttl)
}

fn max_age(bot: &Bot) -> Duration {
    bot.config.renewal_interval.map_or(Duration::MAX, |interval| interval.mul_f64(1.0 - FRESH_PART))
}

/// What an output's certificates are routed to.
fn targets(kind: &OutputKind, contexts: &[KubeContext]) -> impl Iterator<Item = Target> {
    Target::of(kind).into_iter().chain(contexts.iter().map(KubeContext::target))
}

fn cache_key(bot: &Bot, request: &LeaseRequest, target: Target, roles: &[String]) -> CacheKey {
    let scope = match request.scope {
        WishedScope::Agent => Scope::Agent,
        WishedScope::Build => Scope::Build(request.lease.clone()),
    };
    CacheKey::new(&bot.config.id, roles, lifetime(bot, request), target, request.route_to_cluster.as_deref(), scope)
}
