//! From an order to files: issue, render, write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::{join_all, try_join_all};
use tokio::sync::OwnedMutexGuard;

use super::bot::{Bot, is_passing};
use super::known;
use super::kubernetes::{self, KubeContext};
use super::multiplex::Multiplexers;
use super::order::{Order, Placement};
use super::reply::CertificateNote;
use super::session::Session;
use crate::config::{OutputKind, Scope as WishedScope};
use crate::destination::{Destination, Durability};
use crate::error::{Code, Error};
use crate::identity::KeyPair;
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

/// Issues what the order asks for and writes it. `alone` is let go when the last file is written, also when nobody
/// waits for that any more.
pub(super) async fn deliver(
    bot: &Bot,
    session: &Arc<Session>,
    order: &Order,
    helper: &Path,
    alone: OwnedMutexGuard<()>,
) -> Result<Delivered, Error> {
    let roles = roles_for(bot, session, order).await?;
    let issued =
        try_join_all(order.placements.iter().map(|placement| issue_all(bot, session, order, placement, &roles)))
            .await?;
    let refused = issued.iter().find_map(|issued| issued.refused.clone());
    let facts = cluster_facts(session);
    let mut links = Vec::with_capacity(issued.len());
    for (placement, issued) in order.placements.iter().zip(&issued) {
        let ssh = placement.kind == OutputKind::Identity;
        links.push(if ssh { bot.multiplexers.link(bot, session, &issued.first)? } else { None });
    }
    let job = Job {
        order: order.clone(),
        helper: helper.to_owned(),
        session: Arc::clone(session),
        facts,
        issued,
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

/// The roles to ask for: the order's, else the configured ones, else all that the bot may take.
async fn roles_for(bot: &Bot, session: &Session, order: &Order) -> Result<Vec<String>, Error> {
    let allowed = &bot.config.roles;
    if let Some(role) = order.roles.iter().find(|role| !allowed.is_empty() && !allowed.contains(role)) {
        return Err(Error::new(
            Code::RoleNotAllowed,
            format!("identity {:?} may not use role {role:?}; it may use {}", bot.config.id, allowed.join(", ")),
            "name one of these, or ask an administrator to allow the role",
        ));
    }
    if !order.roles.is_empty() {
        return Ok(order.roles.clone());
    }
    if !allowed.is_empty() {
        return Ok(allowed.clone());
    }
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

/// The certificates of an output.
struct Issued {
    first: Arc<RoleCertificate>,
    /// Those of a Kubernetes output's further clusters.
    others: Vec<Arc<RoleCertificate>>,
    /// A Kubernetes output's clusters, in the order of the certificates.
    contexts: Vec<KubeContext>,
    refused: Option<Error>,
}

impl Issued {
    fn all(&self) -> impl Iterator<Item = &Arc<RoleCertificate>> {
        [&self.first].into_iter().chain(&self.others)
    }
}

/// Issues what an output needs, all at once.
async fn issue_all(
    bot: &Bot,
    session: &Arc<Session>,
    order: &Order,
    placement: &Placement,
    roles: &[String],
) -> Result<Issued, Error> {
    let contexts = match &placement.kind {
        OutputKind::Kubernetes(output) => kubernetes::contexts(bot, session, output, roles).await?,
        _ => Vec::new(),
    };
    let targets = Target::of(&placement.kind).into_iter().chain(contexts.iter().map(KubeContext::target));
    let answers = join_all(targets.map(|target| async {
        let answer = certificate(bot, session, order, target.clone(), roles).await;
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
    let mut failed = failed.into_iter();
    if let Some(first) = failed.next() {
        return Err(known::refusal(bot, session, first, failed.collect(), roles).await);
    }
    let refused = issued.iter().find_map(|(_, refused)| refused.clone());
    let mut certificates = issued.into_iter().map(|(certificate, _)| certificate);
    let Some(first) = certificates.next() else {
        return Err(Error::new(Code::Internal, "an output asks for no certificate", "report this"));
    };
    Ok(Issued { first, others: certificates.collect(), contexts, refused })
}

async fn certificate(
    bot: &Bot,
    session: &Arc<Session>,
    order: &Order,
    target: Target,
    roles: &[String],
) -> Result<(Arc<RoleCertificate>, Option<Error>), Error> {
    let ttl = order.ttl.unwrap_or(bot.config.max_ttl).min(bot.config.max_ttl);
    let scope = match order.scope {
        WishedScope::Agent => Scope::Agent,
        WishedScope::Build => Scope::Build(order.lease.clone()),
    };
    let request = IssueRequest {
        roles: roles.to_vec(),
        ttl,
        target: target.clone(),
        route_to_cluster: order.route_to_cluster.clone(),
    };
    let key = CacheKey::new(&bot.config.id, roles, ttl, target, order.route_to_cluster.as_deref(), scope);
    let max_age = bot.config.renewal_interval.map_or(Duration::MAX, |interval| interval.mul_f64(1.0 - FRESH_PART));
    let (own, clock, algorithm) = (Arc::clone(session), Arc::clone(&bot.clock), bot.config.key_algorithm);
    let issued = bot
        .cache
        .get(key.clone(), FRESH_PART, max_age, move || async move {
            let key = Arc::new(generate(algorithm).await?);
            Ok(issue::issue(&own.client, &own.facts.user, &own.cluster.name, &request, key, &*clock).await?)
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

/// RSA keys take a while: never on a thread that serves the network.
async fn generate(algorithm: crate::config::KeyAlgorithm) -> Result<KeyPair, Error> {
    let made = tokio::task::spawn_blocking(move || KeyPair::generate(algorithm)).await;
    Ok(made.map_err(|_| Error::new(Code::Internal, "making a key ended unexpectedly", "report this"))??)
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
    session: Arc<Session>,
    facts: ClusterFacts,
    issued: Vec<Issued>,
    links: Vec<Option<Arc<Link>>>,
    multiplexers: Arc<Multiplexers>,
    refused: Option<Error>,
}

impl Job {
    fn write(self) -> Result<Delivered, Error> {
        let mut notes = Vec::new();
        let mut expires_at: Option<SystemTime> = None;
        let mut valid_from = SystemTime::UNIX_EPOCH;
        for ((placement, issued), link) in self.order.placements.iter().zip(&self.issued).zip(&self.links) {
            self.write_one(placement, issued, link.as_ref())?;
            for certificate in issued.all() {
                let ssh = certificate.certificates.ssh_facts()?;
                valid_from = valid_from.max(ssh.valid_from);
                expires_at = Some(expires_at.map_or(certificate.expires_at, |time| time.min(certificate.expires_at)));
                notes.extend(describe(certificate)?);
            }
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

    fn write_one(&self, placement: &Placement, issued: &Issued, link: Option<&Arc<Link>>) -> Result<(), Error> {
        let durability = if self.order.standing { Durability::Synced } else { Durability::Volatile };
        let destination = Destination::create_or_open(&placement.directory)?.with_durability(durability);
        let multiplexed = link.is_some_and(|link| self.multiplexers.serve(&self.order.lease, &destination, link));
        let stage = destination.begin()?;
        let references = stage.references().to_owned();
        let kubernetes: Vec<_> =
            issued.contexts.iter().zip(issued.all()).map(|(context, certificate)| context.with(certificate)).collect();
        let request = OutputRequest {
            kind: &placement.kind,
            certificate: &issued.first,
            kubernetes: &kubernetes,
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
fn describe(certificate: &RoleCertificate) -> Result<[CertificateNote; 2], Error> {
    let (output, target) = match &certificate.target {
        Target::None => ("identity", String::new()),
        Target::Kubernetes { cluster } => ("kubernetes", cluster.clone()),
        Target::Database { service, .. } => ("database", service.clone()),
        Target::Application { app } => ("application", app.clone()),
    };
    let ssh = certificate.certificates.ssh_facts()?;
    let tls = certificate.certificates.tls_facts()?;
    let logins = |all: &[String]| all.iter().filter(|name| !name.starts_with("-teleport-")).cloned().collect();
    Ok([
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
    ])
}
