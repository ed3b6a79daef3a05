//! Everything in order: join, renew, issue, write, lease. The only room that wires the others together.

mod active_lease;
mod active_leases;
mod agenda;
mod applications;
mod authorities;
mod bot;
mod bot_store;
mod check;
mod deliver;
mod discard;
mod establish;
mod expected;
#[cfg(test)]
mod fleet;
mod freshness;
mod heartbeat;
mod issuing;
mod keeper;
mod known;
mod kubernetes;
mod lateness;
mod lease_request;
mod lease_road;
mod lease_tunnels;
mod ledger;
mod look;
mod lost;
mod multiplex;
mod observed;
mod patience;
mod plan;
mod proxy;
mod reply;
mod report;
mod retry_gate;
mod rotation;
mod session;
mod spare;
mod standing;
mod timestamp;
mod tunnel_road;
mod tunnels;
#[cfg(test)]
mod vouched;
mod waiting;
mod watcher;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use self::active_lease::ActiveLease;
use self::active_leases::ActiveLeases;
use self::bot::{Bot, Common};
pub use self::check::{check, stored};
pub use self::discard::discard;
pub use self::expected::{expected_files, files_to_write, holds_a_key};
pub use self::lateness::is_overdue;
pub use self::lease_request::{LeaseRequest, Placement};
use self::lease_tunnels::LeaseTunnels;
use self::multiplex::Multiplexers;
pub use self::observed::{Failure, Origin, Server};
pub use self::reply::{
    Acquired, Checked, Dropped, Health, IdentityReport, IdentityState, IdentityStatus, LeaseStatus, OpenTunnel,
    Released, Renewed, Status, Trust,
};
pub use self::standing::Standing;
pub use self::timestamp::timestamp;
use self::tunnels::Tunnels;
pub use self::tunnels::{Opened, TunnelRequest};
use self::waiting::Waiting;
use crate::blocking::{self, Lane};
use crate::clock::SharedClock;
use crate::config::{EngineConfig, GivenToken};
use crate::destination::Program;
use crate::error::{Code, Error};
use crate::join;
pub use crate::lease::{CertificateHistory, CertificateNote};
use crate::metrics::Metrics;

/// An open engine: identities, leases, and the tasks that keep both fresh.
///
/// Its methods need a tokio runtime. [`Engine::close`] ends its tasks; dropping it does too, without waiting.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    program: Arc<Program>,
    bots: BTreeMap<String, Arc<Bot>>,
    leases: ActiveLeases,
    multiplexers: Arc<Multiplexers>,
    tunnels: Tunnels,
    lease_tunnels: Arc<LeaseTunnels>,
    metrics: Arc<Metrics>,
    opened_at: SystemTime,
    stop: watch::Sender<bool>,
    /// Identities of leases, by identity and by what their holder calls all that may share one; gone when nobody joins with it
    /// or has certificates issued any more.
    shares: Mutex<HashMap<(String, String), Weak<Bot>>>,
}

/// How long whoever acquires waits for a failed lease to be taken back.
const UNDOING: Duration = Duration::from_secs(2);
/// How long reading the stores may take for a status.
const STATUS: Duration = Duration::from_secs(10);

impl Shared {
    /// Ends what serves a lease.
    async fn withdraw(&self, lease: &str) {
        self.multiplexers.withdraw(lease).await;
        self.tunnels.withdraw(lease).await;
        self.lease_tunnels.withdraw(lease).await;
    }

    /// The leases as they are.
    fn lease_statuses(&self) -> Vec<LeaseStatus> {
        let mut leases = self.leases.status(|identity| self.bots.get(identity).and_then(|bot| bot.trouble()));
        for lease in &mut leases {
            lease.failures = self.lease_tunnels.failures(&lease.lease);
        }
        leases
    }

    /// Takes back a lease that could not be filled.
    async fn undo(&self, live: &Arc<ActiveLease>) {
        let (ours, lease) = (self.leases.holds(live), live.id().as_str());
        if ours {
            self.withdraw(lease).await;
        }
        self.leases.drop_failed(live).await;
        // A write that was under way may have begun to serve again.
        if ours && !self.leases.has(lease) {
            self.withdraw(lease).await;
        }
    }
}

impl Engine {
    /// Opens the stores of the configured identities. Nothing is sent, no task is started. Blocks.
    ///
    /// # Errors
    /// When a store can't be opened, or an address can't be used.
    pub fn open(config: EngineConfig, clock: SharedClock) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::default());
        let opened_at = clock.now();
        let multiplexers = Arc::new(Multiplexers::new(metrics.ssh()));
        let lease_tunnels = Arc::new(LeaseTunnels::of(&config.root));
        let switch = lease_tunnels.switch();
        let common = Common {
            clock: Arc::clone(&clock),
            multiplexers: Arc::clone(&multiplexers),
            tunnels: Arc::clone(&lease_tunnels),
            metrics: Arc::clone(&metrics),
        };
        let mut bots = BTreeMap::new();
        for identity in config.identities {
            bots.insert(identity.id.clone(), Arc::new(Bot::open(identity, common.clone())?));
        }
        let leases = ActiveLeases::open(&config.root, clock)?;
        let shared = Shared {
            program: Arc::new(Program::new(config.helper)),
            bots,
            leases,
            multiplexers,
            tunnels: Tunnels::new(switch),
            lease_tunnels,
            metrics,
            opened_at,
            stop: watch::Sender::new(false),
            shares: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), tasks: Mutex::new(Vec::new()) })
    }

    /// Starts one task per identity, which renews it and refreshes its leases. Once is enough.
    pub fn keep_fresh(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.is_empty() {
            for bot in self.shared.bots.values() {
                tasks.push(tokio::spawn(keeper::keep(Arc::clone(&self.shared), Arc::clone(bot))));
            }
        }
    }

    /// Sends one heartbeat per identity once it is connected, for a process that ends after one pass. Nothing waits for
    /// it.
    pub fn report_once(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for bot in self.shared.bots.values() {
            tasks.push(tokio::spawn(heartbeat::once(Arc::clone(bot), self.shared.stop.subscribe())));
        }
    }

    /// Serves SSH connections for what is acquired from now on, as long as this engine is open: `ssh_config` relies on
    /// it while it is there.
    pub fn serve_ssh(&self) {
        self.shared.multiplexers.switch_on();
    }

    /// Opens a tunnel: a listener of this machine whose connections go to a database or an application through the
    /// cluster, or to the application that each request names, each as a certificate that is fresh then. It ends with its lease ([`Engine::release`], which needn't know
    /// the lease otherwise), or with the engine.
    ///
    /// # Errors
    /// Whatever stands in the way, wrong names with those that the roles see; nothing is left behind then.
    pub async fn open_tunnel(&self, request: TunnelRequest) -> Result<Opened, Error> {
        let bot = self.bot(&request.identity)?;
        self.shared.tunnels.open(bot, request).await
    }

    /// Takes a lease: certificates of the wished kinds in the wished directories. Asked for once more in the same words, a lease
    /// that isn't standing stays as it is. While a cluster is away that this process has
    /// been connected to, a lease that isn't standing waits for its return, until nine tenths of its deadline have passed.
    ///
    /// # Errors
    /// Whatever stands in the way; nothing is left behind then, or where a disk hangs not for long. [`Code::Cancelled`]
    /// when [`Engine::release`] came first, [`Code::DeadlineExceeded`] when it took too long.
    pub async fn acquire(&self, request: LeaseRequest) -> Result<Acquired, Error> {
        let bot = self.bot(&request.identity)?;
        counted(bot, self.take_or_fill(bot, request)).await
    }

    /// Takes a lease whose identity is its own: joined by what is `given`, kept in memory, forgotten as soon as the certificates
    /// are there, and those of leases that share it and are taken at the same time. Nothing renews such a lease by itself:
    /// called again with the same request and a fresh token, this does.
    ///
    /// # Errors
    /// As [`Engine::acquire`]; [`Code::RequestInvalid`] for an identity that joins otherwise. A lease that can't be renewed
    /// stays as it is.
    pub async fn acquire_given(&self, mut request: LeaseRequest, given: GivenToken) -> Result<Acquired, Error> {
        request.given = true;
        let bot = self.bot_of_lease(&request.identity, given)?;
        counted(&bot, self.take_or_fill(&bot, request)).await
    }

    /// A lease that this process has filled for the same request is filled anew, as it stands: whoever asks may not know that
    /// only its own connection to this process was lost.
    async fn take_or_fill(&self, bot: &Arc<Bot>, request: LeaseRequest) -> Result<Acquired, Error> {
        match self.shared.leases.filled_alike(&request).filter(|_| request.given || !request.standing) {
            Some(live) => {
                let filled = tokio::time::timeout(request.deadline, Box::pin(self.fill(bot, &live))).await;
                filled.unwrap_or_else(|_| Err(live.took_too_long()))
            }
            None => self.take(bot, request).await,
        }
    }

    /// Whether this engine has the lease, filled or not.
    #[must_use]
    pub fn has(&self, lease: &str) -> bool {
        self.shared.leases.has(lease)
    }

    async fn take(&self, bot: &Arc<Bot>, request: LeaseRequest) -> Result<Acquired, Error> {
        let live = self.shared.leases.announce(request)?;
        let mut cancelled = live.cancelled();
        let work = tokio::time::timeout(live.request().deadline, async {
            let expires = issuing::expected_end(bot, live.request());
            self.shared.leases.take(&live, &self.shared.program, expires).await?;
            self.fill_waiting(bot, &live).await
        });
        let outcome = tokio::select! {
            outcome = work => outcome.unwrap_or_else(|_| Err(live.took_too_long())),
            _ = cancelled.wait_for(|cancelled| *cancelled) => Err(Error::new(
                Code::Cancelled,
                format!("acquiring lease {} was cancelled", live.id()),
                "",
            )),
        };
        if outcome.is_err() {
            let (shared, failed) = (Arc::clone(&self.shared), Arc::clone(&live));
            let undoing = tokio::spawn(async move { shared.undo(&failed).await });
            // It goes on where it takes longer: the caller isn't to wait for a disk that hangs.
            let _later = tokio::time::timeout(UNDOING, undoing).await;
        }
        if live.request().portable {
            // The next lease's copy, while nobody waits for one.
            let program = Arc::clone(&self.shared.program);
            blocking::later(Lane::Leases, move || program.restock());
        }
        outcome
    }

    /// Fills a lease. A build's waits where the cluster is away that this process has been connected to; an address that has
    /// never worked is told at once.
    async fn fill_waiting(&self, bot: &Arc<Bot>, live: &Arc<ActiveLease>) -> Result<Acquired, Error> {
        let mut waiting = Waiting::new(bot.clock.monotonic(), live.request().deadline);
        let mut said = false;
        loop {
            // On the heap: as a part of its callers' futures it is too deep for the compiler.
            let error = match Box::pin(self.fill(bot, live)).await {
                Err(error) if !live.request().standing && bot.connector.was_reached() => error,
                outcome => return outcome,
            };
            let (now, opens_at) = (bot.clock.monotonic(), bot.memory().gate.opens_at());
            let Some(again_at) = waiting.again(&error, opens_at, now, fastrand::f64()) else { return Err(error) };
            if !std::mem::replace(&mut said, true) {
                tracing::info!(lease = %live.id(), "waits for the cluster: {error}");
            }
            let before = bot.current();
            tokio::select! {
                () = tokio::time::sleep(again_at.saturating_sub(now)) => {}
                () = bot.changed(before.as_ref()) => {}
            }
        }
    }

    async fn fill(&self, bot: &Arc<Bot>, live: &Arc<ActiveLease>) -> Result<Acquired, Error> {
        let from = bot.clock.monotonic();
        let delivered = match self.deliver(bot, live).await {
            // A lost connection shows when it is used: once more, with a new one.
            Err(error) if error.code() == Code::ClusterUnreachable => self.deliver(bot, live).await,
            other => other,
        }?;
        bot.wake.notify_one();
        if live.request().given {
            // Another lease's failure, of an identity that is gone with it.
            bot.observed.succeeded();
        }
        Ok(Acquired {
            lease: live.id().as_str().to_owned(),
            directory: live.request().directory().to_owned(),
            expires_at: delivered.expires_at,
            origin: bot.current().map_or(Origin::Kept, |session| bot.origin(&session, Some(from))),
            method: bot.config.join.method.as_str(),
            environment: delivered.environment,
            history: live.history(),
            tunnels: delivered.tunnels,
        })
    }

    async fn deliver(&self, bot: &Arc<Bot>, live: &Arc<ActiveLease>) -> Result<deliver::Delivered, Error> {
        let session = bot.session().await?;
        live.refresh(bot, &session).await
    }

    /// Ends a lease, also one that is still being acquired: its directory is gone afterwards, unless it is a
    /// standing one. Tells every certificate that it has held.
    ///
    /// # Errors
    /// When files can't be removed.
    pub async fn release(&self, lease: &str) -> Result<Released, Error> {
        let failures = self.shared.lease_tunnels.failures(lease);
        self.shared.withdraw(lease).await;
        let released = self.shared.leases.release(lease).await;
        // A write that was under way may have begun to serve again.
        self.shared.withdraw(lease).await;
        released.map(|released| Released { failures, ..released })
    }

    /// Removes the leases of dead processes now. The keeper does it too, but leaves them alone for a while after the
    /// start, so that a build that outlived its agent can take its lease again; whoever takes none again needn't wait.
    pub async fn sweep(&self) {
        self.shared.leases.sweep().await;
    }

    /// Renews an identity now.
    ///
    /// # Errors
    /// When it can't be renewed; what is valid stays in use.
    pub async fn renew(&self, identity: &str) -> Result<Renewed, Error> {
        let session = self.bot(identity)?.renew().await?;
        if let Some(stuck) = &session.stuck {
            let hint = if join::recovers(&self.bot(identity)?.config.join) {
                "it serves until it expires, then the bot joins anew"
            } else {
                "it serves until it expires; configure a fresh token before"
            };
            let what = format!("identity {identity:?} can't be renewed: {stuck}");
            return Err(Error::new(Code::IdentityNeedsRejoin, what, hint));
        }
        Ok(Renewed { expires_at: session.facts.valid_until, generation: session.facts.generation })
    }

    /// Drops an identity, at hand and stored, whatever its state. Leases stay as they are; what keeps them fresh joins anew
    /// where the method can, and otherwise needs a fresh token. The cluster isn't told.
    ///
    /// # Errors
    /// When the store can't be locked or written; the identity stays then.
    pub async fn drop_identity(&self, identity: &str) -> Result<Dropped, Error> {
        Ok(Dropped { dropped: self.bot(identity)?.forget().await? })
    }

    /// Renews an identity and everything that it keeps fresh now, as tbot does when it is told to.
    ///
    /// # Errors
    /// The first failure; all are tried, and what is valid stays in use.
    pub async fn renew_all(&self, identity: &str) -> Result<(), Error> {
        let renewed = self.renew(identity).await.map(|_| ());
        let refreshed = keeper::refresh_all(&self.shared, self.bot(identity)?).await;
        renewed.and(refreshed)
    }

    /// How an identity and what it keeps stand, from what this process knows alone.
    ///
    /// # Errors
    /// [`Code::RequestInvalid`] for an identity that isn't there.
    pub fn health(&self, identity: &str) -> Result<Health, Error> {
        let bot = self.bot(identity)?;
        let mut leases = self.shared.lease_statuses();
        leases.retain(|lease| lease.identity == identity);
        let session = bot.current();
        let identity_late = session.as_ref().is_some_and(|session| {
            let facts = &session.facts;
            is_overdue(facts.valid_from, facts.valid_until, bot.config.renewal_interval, bot.clock.now())
        });
        let stuck = session.and_then(|session| session.stuck.clone());
        let recovers = join::recovers(&bot.config.join);
        Ok(Health { trouble: bot.trouble(), stuck, recovers, identity_late, leases })
    }

    /// The engine as it is; asks nobody.
    ///
    /// # Errors
    /// When a store can't be read, or not soon.
    pub async fn status(&self) -> Result<Status, Error> {
        let bots: Vec<_> = self.shared.bots.values().cloned().collect();
        let read = blocking::run(Lane::Store, move || bots.iter().map(|bot| bot.report()).collect::<Result<_, _>>());
        let mut identities: Vec<IdentityReport> = tokio::time::timeout(STATUS, read).await.map_err(|_| {
            Error::new(
                Code::DeadlineExceeded,
                format!("the stored identities can't be read within {} s", STATUS.as_secs()),
                "check the disk of the agent's root",
            )
        })???;
        for report in identities.iter_mut().filter(|report| report.given) {
            report.failure = self.shared.leases.refusal(&report.status.id).or(report.failure.take());
        }
        let leases = self.shared.lease_statuses();
        Ok(Status { version: env!("CARGO_PKG_VERSION"), opened_at: self.shared.opened_at, identities, leases })
    }

    /// Ends the tasks, and waits for a join or a renewal that is under way: cut in the middle it would cost the bot its
    /// identity. Leases stay as they are; SSH connections by this engine end.
    pub async fn close(self) {
        self.shared.tunnels.withdraw_all().await;
        self.shared.lease_tunnels.withdraw_all().await;
        self.shared.multiplexers.withdraw_all().await;
        self.shared.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A task that panicked has already been reported by its panic.
            let _ = task.await;
        }
        for bot in self.shared.bots.values() {
            bot.settled().await;
        }
    }

    /// An identity of its own, or the one that another lease of the same holder is just joining as.
    fn bot_of_lease(&self, identity: &str, given: GivenToken) -> Result<Arc<Bot>, Error> {
        let configured = self.bot(identity)?;
        let Some(share) = given.share else {
            return Ok(Arc::new(configured.of_lease(given.id_token)?));
        };
        let mut shares = self.shared.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, bot| bot.strong_count() > 0);
        let key = (identity.to_owned(), share);
        if let Some(bot) = shares.get(&key).and_then(Weak::upgrade) {
            return Ok(bot);
        }
        let bot = Arc::new(configured.of_lease(given.id_token)?);
        shares.insert(key, Arc::downgrade(&bot));
        Ok(bot)
    }

    fn bot(&self, id: &str) -> Result<&Arc<Bot>, Error> {
        self.shared.bots.get(id).ok_or_else(|| {
            Error::new(
                Code::RequestInvalid,
                format!("there is no identity {id:?}"),
                format!("known are: {}", self.shared.bots.keys().cloned().collect::<Vec<_>>().join(", ")),
            )
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
    }
}

/// Counts what comes of a lease that is asked for, and how long whoever asks waits.
async fn counted<T>(bot: &Bot, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let from = bot.clock.monotonic();
    let outcome = work.await;
    bot.metrics.acquired(&bot.config.id, bot.clock.monotonic().saturating_sub(from), &outcome);
    outcome
}
