//! From an order to files: issue, render, write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;
use tokio::sync::OwnedMutexGuard;

use super::bot::{Bot, is_passing};
use super::known;
use super::multiplex::Multiplexers;
use super::order::{Order, Placement};
use super::reply::CertificateNote;
use super::session::Session;
use crate::config::{OutputKind, Scope as WishedScope};
use crate::destination::{Destination, Durability};
use crate::error::{Code, Error};
use crate::identity::CertificateFacts;
use crate::issue::{self, CacheKey, IssueRequest, RoleCertificate, Scope, Target};
use crate::output::{ClusterFacts, OutputRequest, PlacedOutput, artifacts, environment};
use crate::proxy::multiplex::Link;

/// A certificate from the cache must have at least this part of its lifetime left (or of the fixed interval), so that a
/// lease isn't due for a refresh the moment it is taken.
const FRESH_PART: f64 = 0.6;

/// What was delivered.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) expires_at: SystemTime,
    pub(super) valid_from: SystemTime,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) certificates: Vec<CertificateNote>,
    /// Why no fresher certificates could be had; those at hand are still valid.
    pub(super) refused: Option<Error>,
}

/// Issues what the order asks for and writes it, at first to the directory that was opened when the lease was taken. `alone` is let go when the last file is written, also when nobody
/// waits for that any more.
pub(super) async fn deliver(
    bot: &Bot,
    session: &Arc<Session>,
    order: &Order,
    helper: &Path,
    opened: Option<Destination>,
    alone: OwnedMutexGuard<()>,
) -> Result<Delivered, Error> {
    let roles = match roles_at_hand(bot, order)? {
        Some(roles) => roles,
        None => own_roles(bot, session).await?,
    };
    let issued =
        try_join_all(order.placements.iter().map(|placement| certificate(bot, session, order, placement, &roles)))
            .await?;
    let refused = issued.iter().find_map(|(_, refused)| refused.clone());
    let certificates: Vec<_> = issued.into_iter().map(|(certificate, _)| certificate).collect();
    let facts = cluster_facts(session);
    let mut links = Vec::with_capacity(certificates.len());
    for (placement, certificate) in order.placements.iter().zip(&certificates) {
        let ssh = placement.kind == OutputKind::Identity;
        links.push(if ssh { bot.multiplexers.link(bot, session, certificate)? } else { None });
    }
    let job = Job {
        order: order.clone(),
        helper: helper.to_owned(),
        opened,
        session: Arc::clone(session),
        facts,
        certificates,
        links,
        multiplexers: Arc::clone(&bot.multiplexers),
        refused,
    };
    let outcome = tokio::task::spawn_blocking(move || {
        let outcome = job.write();
        drop(alone);
        outcome
    })
    .await;
    outcome.map_err(|_| Error::new(Code::Internal, "writing the files ended unexpectedly", "report this"))?
}

/// When certificates for `order` end, as far as the cache has them all: without asking anybody.
pub(super) fn expected_end(bot: &Bot, order: &Order) -> Option<SystemTime> {
    let roles = roles_at_hand(bot, order).ok().flatten().or_else(|| bot.known_roles())?;
    let ends = order.placements.iter().map(|placement| {
        let certificate = bot.cache.at_hand(&cache_key(bot, order, placement, &roles), FRESH_PART, max_age(bot))?;
        Some(certificate.expires_at)
    });
    ends.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// The roles that the order or the configuration names; none: all that the bot may take.
fn roles_at_hand(bot: &Bot, order: &Order) -> Result<Option<Vec<String>>, Error> {
    let allowed = &bot.config.roles;
    if let Some(role) = order.roles.iter().find(|role| !allowed.is_empty() && !allowed.contains(role)) {
        return Err(Error::new(
            Code::RoleNotAllowed,
            format!("identity {:?} may not use role {role:?}; it may use {}", bot.config.id, allowed.join(", ")),
            "name one of these, or ask an administrator to allow the role",
        ));
    }
    if !order.roles.is_empty() {
        return Ok(Some(order.roles.clone()));
    }
    Ok(Some(allowed.clone()).filter(|allowed| !allowed.is_empty()))
}

/// All roles that the bot may take.
async fn own_roles(bot: &Bot, session: &Session) -> Result<Vec<String>, Error> {
    let roles = bot.own_roles(session).await?;
    if roles.is_empty() {
        let bot = &session.facts.bot_name;
        return Err(Error::new(
            Code::RoleNotAllowed,
            format!("bot {bot:?} may not take any role"),
            format!("make it anew on the cluster with roles (tctl bots rm {bot}; tctl bots add {bot} --roles=…)"),
        ));
    }
    Ok(roles)
}

async fn certificate(
    bot: &Bot,
    session: &Arc<Session>,
    order: &Order,
    placement: &Placement,
    roles: &[String],
) -> Result<(Arc<RoleCertificate>, Option<Error>), Error> {
    let request = IssueRequest {
        roles: roles.to_vec(),
        ttl: lifetime(bot, order),
        target: Target::from(&placement.kind),
        route_to_cluster: order.route_to_cluster.clone(),
    };
    let key = cache_key(bot, order, placement, roles);
    let (own, clock, spare) = (Arc::clone(session), Arc::clone(&bot.clock), bot.spare.clone());
    let issued = bot
        .cache
        .get(key.clone(), FRESH_PART, max_age(bot), move || async move {
            let key = Arc::new(spare.take().await?);
            Ok(issue::issue(&own.client, &own.facts.user, &own.cluster.name, &request, key, &*clock).await?)
        })
        .await;
    match issued {
        Ok(issued) => Ok((issued, None)),
        Err(error) => {
            bot.failed(session, &error).await;
            let error = known::name(bot, session, &placement.kind, roles, error).await;
            let serves = bot.cache.still_valid(&key).filter(|_| is_passing(&error));
            serves.map(|certificate| (certificate, Some(error.clone()))).ok_or(error)
        }
    }
}

fn lifetime(bot: &Bot, order: &Order) -> Duration {
    order.ttl.unwrap_or(bot.config.max_ttl).min(bot.config.max_ttl)
}

fn max_age(bot: &Bot) -> Duration {
    bot.config.renewal_interval.map_or(Duration::MAX, |interval| interval.mul_f64(1.0 - FRESH_PART))
}

fn cache_key(bot: &Bot, order: &Order, placement: &Placement, roles: &[String]) -> CacheKey {
    let scope = match order.scope {
        WishedScope::Agent => Scope::Agent,
        WishedScope::Build => Scope::Build(order.lease.clone()),
    };
    let (ttl, target) = (lifetime(bot, order), Target::from(&placement.kind));
    CacheKey::new(&bot.config.id, roles, ttl, target, order.route_to_cluster.as_deref(), scope)
}

/// What the files say about the cluster.
pub(super) fn cluster_facts(session: &Session) -> ClusterFacts {
    let name = session.cluster.name.clone();
    let server_major = u64::from(session.cluster.server_version.major);
    let proxy = &session.proxy;
    ClusterFacts {
        name,
        server_major,
        proxy_host: proxy.public_host.clone(),
        proxy_address: proxy.public.to_string(),
        ssh_address: proxy.ssh.to_string(),
        tls_routing: proxy.tls_routing,
        connection_upgrade: proxy.upgrade,
        kube_address: proxy.kube.as_ref().unwrap_or(&proxy.public).to_string(),
    }
}

/// The blocking half: everything that touches the disk.
struct Job {
    order: Order,
    helper: PathBuf,
    opened: Option<Destination>,
    session: Arc<Session>,
    facts: ClusterFacts,
    certificates: Vec<Arc<RoleCertificate>>,
    links: Vec<Option<Arc<Link>>>,
    multiplexers: Arc<Multiplexers>,
    refused: Option<Error>,
}

impl Job {
    fn write(mut self) -> Result<Delivered, Error> {
        let mut opened = self.opened.take();
        let mut notes = Vec::new();
        let mut expires_at: Option<SystemTime> = None;
        let mut valid_from = SystemTime::UNIX_EPOCH;
        for ((placement, certificate), link) in self.order.placements.iter().zip(&self.certificates).zip(&self.links) {
            self.write_one(opened.take(), placement, certificate, link.as_ref())?;
            valid_from = valid_from.max(certificate.facts.ssh.valid_from);
            expires_at = Some(expires_at.map_or(certificate.expires_at, |time| time.min(certificate.expires_at)));
            notes.extend(describe(&placement.kind, certificate));
        }
        let expires_at = expires_at.unwrap_or(valid_from);
        let placed: Vec<_> = self
            .order
            .placements
            .iter()
            .map(|placement| PlacedOutput { kind: &placement.kind, directory: &placement.directory.path })
            .collect();
        let environment = environment(&placed, &self.facts, expires_at)?;
        Ok(Delivered { expires_at, valid_from, environment, certificates: notes, refused: self.refused })
    }

    fn write_one(
        &self,
        opened: Option<Destination>,
        placement: &Placement,
        certificate: &RoleCertificate,
        link: Option<&Arc<Link>>,
    ) -> Result<(), Error> {
        let durability = if self.order.standing { Durability::Synced } else { Durability::Volatile };
        let destination = match opened {
            Some(opened) => opened.with_durability(durability),
            None => Destination::create_or_open_as(&placement.directory, durability)?,
        };
        let multiplexed = link.is_some_and(|link| self.multiplexers.serve(&self.order.lease, &destination, link));
        let stage = destination.begin()?;
        let references = stage.references().to_owned();
        let request = OutputRequest {
            kind: &placement.kind,
            certificate,
            authorities: &self.session.identity.authorities,
            cluster: &self.facts,
            helper: &self.helper,
            directory: destination.path(),
            references: &references,
            multiplexed,
        };
        let files = artifacts(&request)?;
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|file| (file.name.as_ref(), file.contents.expose().as_bytes())).collect();
        stage.commit(&files)?;
        Ok(())
    }
}

/// A certificate pair as two notes.
fn describe(kind: &OutputKind, certificate: &RoleCertificate) -> [CertificateNote; 2] {
    let (output, target) = match kind {
        OutputKind::Identity => ("identity", String::new()),
        OutputKind::Kubernetes { cluster } => ("kubernetes", cluster.clone()),
        OutputKind::Database { service, .. } => ("database", service.clone()),
        OutputKind::Application { app, .. } => ("application", app.clone()),
    };
    let CertificateFacts { ssh, tls } = &certificate.facts;
    let logins = |all: &[String]| all.iter().filter(|name| !name.starts_with("-teleport-")).cloned().collect();
    [
        CertificateNote {
            kind: "ssh",
            output,
            target: target.clone(),
            key_id: ssh.key_id.clone(),
            serial: ssh.serial.to_string(),
            fingerprint: ssh.fingerprint.clone(),
            roles: ssh.roles.clone(),
            principals: logins(&ssh.principals),
            valid_from: ssh.valid_from,
            valid_until: ssh.valid_until,
        },
        CertificateNote {
            kind: "x509",
            output,
            target,
            key_id: tls.user.clone(),
            serial: tls.serial.clone(),
            fingerprint: tls.fingerprint.clone(),
            roles: tls.roles.clone(),
            principals: logins(&tls.principals),
            valid_from: tls.valid_from,
            valid_until: tls.valid_until,
        },
    ]
}
