//! From a lease request to files: issue, render, write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use futures_util::future::{join_all, try_join, try_join_all};
use tokio::sync::OwnedMutexGuard;

use super::bot::Bot;
use super::issuing::{Issued, issue_all, issue_tunnels, named_roles, own_roles, warn_of_subset};
use super::known::{self, Asked, Doubt};
use super::lease_request::{LeaseRequest, Placement};
use super::lease_road::Way;
use super::lease_tunnels::{Fresh, LeaseTunnels, Served, Spoken};
use super::ledger::Ledger;
use super::multiplex::Multiplexers;
use super::reply::OpenTunnel;
use super::session::Session;
use crate::blocking::{self, Lane};
use crate::config::{OutputKind, OutputType, TunnelKind};
use crate::destination::{Destination, Durability};
use crate::error::{Code, Error};
use crate::identity::CertificateFacts;
use crate::issue::{RoleCertificate, Seen, Target};
use crate::lease::{CertificateKind, CertificateNote};
use crate::metrics::Metrics;
use crate::output::{ClusterFacts, OutputRequest, SshFiles, artifacts};
use crate::proxy::multiplex::Link;
use crate::tunnel::{self, Reached};

/// What was delivered.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) expires_at: SystemTime,
    pub(super) valid_from: SystemTime,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) tunnels: Vec<OpenTunnel>,
    /// Why no fresher certificates could be had; those at hand are still valid.
    pub(super) refused: Option<Error>,
}

/// Where what is delivered goes.
pub(super) struct Place<'a> {
    pub(super) request: &'a LeaseRequest,
    pub(super) helper: &'a Path,
    /// The directory as it was opened when the lease was taken, for the first files.
    pub(super) opened: Option<Destination>,
    pub(super) ledger: Ledger,
    /// Somebody uses it: what is well of it goes on beside what fails.
    pub(super) again: bool,
    /// Told when the proxy refuses its certificates.
    pub(super) refused: Arc<AtomicBool>,
    /// Let go when the last file is written, also when nobody waits for that any more.
    pub(super) alone: OwnedMutexGuard<()>,
}

/// Issues what the request asks for, notes it, and writes it.
pub(super) async fn deliver(bot: &Bot, session: &Arc<Session>, place: Place<'_>) -> Result<Delivered, Error> {
    let Place { request, helper, opened, ledger, again, refused: told, alone } = place;
    let roles = match named_roles(bot, request)? {
        Some(roles) => {
            warn_of_subset(bot, session, &roles).await;
            roles
        }
        None => own_roles(bot, session).await?,
    };
    let outputs = request.placements.iter().map(|placement| issue_all(bot, session, request, placement, &roles));
    // On the heap: as a part of its callers' futures it is too deep for the compiler.
    let prepared = Box::pin(prepare_tunnels(bot, session, request, &roles, again, &told));
    let (issued, Prepared { tunnels, refused: stale, doubts }) = try_join(try_join_all(outputs), prepared).await?;
    let refused = issued.iter().find_map(|issued| issued.refused.clone()).or(stale);
    let facts = cluster_facts(session);
    let mut links = Vec::with_capacity(issued.len());
    for (placement, issued) in request.placements.iter().zip(&issued) {
        let link = || bot.multiplexers.link(&bot.connector, &bot.clock, session, &issued.first, &bot.alarm);
        let link = match &placement.kind {
            OutputKind::Multiplexer(_) => Some(link()?.ok_or_else(|| no_multiplexer(session))?),
            kind if kind.has_ssh_config() => link()?,
            _ => None,
        };
        links.push(link);
    }
    let job = Job {
        request: request.clone(),
        helper: helper.to_owned(),
        opened,
        session: Arc::clone(session),
        facts,
        issued,
        links,
        multiplexers: Arc::clone(&bot.multiplexers),
        tunnels,
        doubts,
        again,
        lease_tunnels: Arc::clone(&bot.tunnels),
        metrics: Arc::clone(&bot.metrics),
        ledger,
        refused,
    };
    blocking::run(Lane::Leases, move || {
        let outcome = job.write();
        drop(alone);
        outcome
    })
    .await?
}

/// What the tunnels of a lease are opened or taken on with.
#[derive(Default)]
struct Prepared {
    /// Each with its certificate, where there is one.
    tunnels: Vec<(Option<Arc<RoleCertificate>>, Fresh)>,
    /// Why nothing fresher could be had.
    refused: Option<Error>,
    /// What the roles may not allow.
    doubts: Vec<(TunnelKind, String)>,
}

/// Issues what the tunnels of the lease go as; of those that aren't open yet it is found out what is spoken there, and whether
/// the roles allow it.
async fn prepare_tunnels(
    bot: &Bot,
    session: &Arc<Session>,
    request: &LeaseRequest,
    roles: &[String],
    again: bool,
    told: &Arc<AtomicBool>,
) -> Result<Prepared, Error> {
    if request.tunnels.is_empty() {
        return Ok(Prepared::default());
    }
    let known = bot.tunnels.spoken(&request.lease).await;
    let seen = Arc::new(Seen::default());
    // One that can't be named needs its certificate.
    let all = !again || request.tunnels.iter().any(|tunnel| !known.contains_key(&tunnel.kind));
    let answers = issue_tunnels(bot, session, request, roles, &seen, all).await?;
    // All at once: looking for what may be doubtful has a time of its own, which they have together.
    let (spoken, seen) = (&known, &*seen);
    let found = join_all(request.tunnels.iter().zip(&answers).map(|(tunnel, answer)| async move {
        let Ok((certificate, _)) = answer else { return None };
        if spoken.contains_key(&tunnel.kind) {
            return None;
        }
        let asked = Asked { bot, session, roles: &certificate.facts.tls.subject.roles, seen };
        Some(find_out(asked, &tunnel.kind, certificate, again).await)
    }));
    let mut prepared = Prepared::default();
    for ((tunnel, found), answer) in request.tunnels.iter().zip(found.await).zip(answers) {
        let spoken = match (known.get(&tunnel.kind), found) {
            (_, Some(found)) => {
                let (spoken, doubts) = found?;
                prepared.doubts.extend(doubts.iter().map(|doubt| (tunnel.kind.clone(), doubt.to_string())));
                spoken
            }
            (Some(spoken), None) => spoken.clone(),
            // Nothing is known of it, and it has no certificate to ask with.
            (None, None) => {
                let passed_over = || Error::new(Code::Internal, "a tunnel was passed over", "report this");
                return Err(answer.err().unwrap_or_else(passed_over));
            }
        };
        let (certificate, way) = match answer {
            Ok((certificate, stale)) => {
                prepared.refused = prepared.refused.or(stale);
                let way = Way::new(&bot.connector, session, &certificate, &bot.locked, told)?;
                (Some(certificate), Ok(way))
            }
            Err(error) => (None, Err(error)),
        };
        prepared.tunnels.push((certificate, Fresh { tunnel: tunnel.clone(), spoken, way }));
    }
    Ok(prepared)
}

/// What is spoken at a tunnel that isn't open yet, and what its roles may not allow.
async fn find_out(
    asked: Asked<'_>,
    kind: &TunnelKind,
    certificate: &RoleCertificate,
    again: bool,
) -> Result<(Spoken, Vec<Doubt>), Error> {
    let spoken = known::spoken(asked, kind, &certificate.facts.tls).await?;
    // Somebody uses what is taken again: the cluster decides alone.
    let doubts = if again { Vec::new() } else { known::allowed(asked, kind, &spoken.0).await? };
    Ok((spoken, doubts))
}

/// What needs sockets can't do without somebody who serves them.
fn no_multiplexer(session: &Session) -> Error {
    if session.cluster.server_version.has_transport_service() {
        let message = "an ssh-multiplexer is served by `machine-id start` as long as it runs, and not in one pass";
        return Error::new(Code::Unsupported, message, "start without oneshot, or take an output of type identity");
    }
    Error::new(
        Code::Unsupported,
        "an ssh-multiplexer needs a proxy of version 13 or newer",
        "take an output of type identity, whose ssh_config works with older ones",
    )
}

/// What the files say about the cluster.
pub(super) fn cluster_facts(session: &Session) -> ClusterFacts {
    let name = session.cluster.name.clone();
    let proxy = &session.proxy;
    ClusterFacts {
        name,
        server_version: session.cluster.server_version.clone(),
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
    request: LeaseRequest,
    helper: PathBuf,
    opened: Option<Destination>,
    session: Arc<Session>,
    facts: ClusterFacts,
    issued: Vec<Issued>,
    links: Vec<Option<Arc<Link>>>,
    multiplexers: Arc<Multiplexers>,
    /// Each with its certificate, where there is one.
    tunnels: Vec<(Option<Arc<RoleCertificate>>, Fresh)>,
    doubts: Vec<(TunnelKind, String)>,
    again: bool,
    lease_tunnels: Arc<LeaseTunnels>,
    metrics: Arc<Metrics>,
    ledger: Ledger,
    refused: Option<Error>,
}

impl Job {
    fn write(mut self) -> Result<Delivered, Error> {
        let mut opened = self.opened.take();
        let tunnels = std::mem::take(&mut self.tunnels);
        let certificates = || {
            self.issued
                .iter()
                .flat_map(Issued::all)
                .chain(tunnels.iter().filter_map(|(certificate, _)| certificate.as_ref()))
        };
        let valid_from = certificates().map(|one| one.facts.ssh.valid_from).max().unwrap_or(SystemTime::UNIX_EPOCH);
        let expires_at = certificates().map(|one| one.expires_at).min().unwrap_or(valid_from);
        // Before anybody can read them: no certificate is held that nobody knows of, even if we are killed now.
        self.ledger.note(expires_at, &certificates().flat_map(|one| describe(one)).collect::<Vec<_>>())?;
        for ((placement, issued), link) in self.request.placements.iter().zip(&self.issued).zip(&self.links) {
            self.write_one(opened.take(), placement, issued, link.as_ref())?;
        }
        let served = self.open(tunnels.into_iter().map(|(_, fresh)| fresh).collect())?;
        for (tunnel, doubt) in &self.doubts {
            tracing::warn!(lease = %self.request.lease, "tunnel to {tunnel}: {doubt}");
            self.lease_tunnels.tell(&self.request.lease, tunnel, doubt);
        }
        let mut environment = self.request.environment(&self.facts, &self.helper, expires_at)?;
        let reached: Vec<Reached> = served.iter().map(|one| one.reached.clone()).collect();
        environment.extend(tunnel::environment(&reached));
        let tunnels = served.iter().map(|one| OpenTunnel::new(&one.reached, one.kept)).collect();
        let refused = self.refused.or_else(|| served.into_iter().find_map(|one| one.failure));
        Ok(Delivered { expires_at, valid_from, environment, tunnels, refused })
    }

    /// In the lease's own directory, as it is now.
    fn open(&self, fresh: Vec<Fresh>) -> Result<Vec<Served>, Error> {
        let Some(placement) = self.request.placements.first().filter(|_| !fresh.is_empty()) else {
            return Ok(Vec::new());
        };
        let destination = Destination::create_or_open_as(&placement.directory, Durability::Volatile)?;
        self.lease_tunnels.serve(&self.request.lease, &destination, fresh, self.again, &self.metrics)
    }

    fn write_one(
        &self,
        opened: Option<Destination>,
        placement: &Placement,
        issued: &Issued,
        link: Option<&Arc<Link>>,
    ) -> Result<(), Error> {
        let durability = if self.request.standing { Durability::Synced } else { Durability::Volatile };
        let destination = match opened {
            Some(opened) => opened.with_durability(durability),
            None => Destination::create_or_open_as(&placement.directory, durability)?,
        };
        let lease = &self.request.lease;
        let multiplexed = match (&placement.kind, link) {
            (OutputKind::Multiplexer(_), Some(link)) => {
                self.multiplexers.serve_as_tbot(lease, &destination, link, &issued.first)?;
                true
            }
            (_, Some(link)) => self.multiplexers.serve(lease, &destination, link),
            (_, None) => false,
        };
        let mut stage = destination.begin()?;
        let pair = placement.kind.has_ssh_config().then(|| stage.pair());
        let kubernetes: Vec<_> =
            issued.contexts.iter().zip(issued.all()).map(|(context, certificate)| context.with(certificate)).collect();
        let output = OutputRequest {
            kind: &placement.kind,
            certificate: &issued.first,
            kubernetes: &kubernetes,
            authorities: &self.session.identity.authorities,
            cluster: &self.facts,
            helper: &self.helper,
            directory: destination.path(),
            ssh: pair.as_ref().map(|pair| SshFiles { keys: &pair.keys, certificates: &pair.certificates }),
            multiplexed,
        };
        let files = artifacts(&output)?;
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|file| (file.name.as_ref(), file.contents.expose().as_bytes())).collect();
        stage.commit(&files)?;
        Ok(())
    }
}

/// A certificate pair as two notes.
fn describe(certificate: &RoleCertificate) -> [CertificateNote; 2] {
    let (output, target) = match &certificate.target {
        Target::None | Target::Reissuable => (OutputType::Identity, String::new()),
        Target::Kubernetes { cluster } => (OutputType::Kubernetes, cluster.clone()),
        Target::Database { service, .. } => (OutputType::Database, service.clone()),
        Target::Application { app } => (OutputType::Application, app.clone()),
    };
    let CertificateFacts { ssh, tls } = &certificate.facts;
    let logins = |all: &[String]| all.iter().filter(|name| !name.starts_with("-teleport-")).cloned().collect();
    [
        CertificateNote {
            kind: CertificateKind::Ssh.to_string(),
            output: output.to_string(),
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
            kind: CertificateKind::X509.to_string(),
            output: output.to_string(),
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
