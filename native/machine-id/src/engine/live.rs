//! The leases of this process: what each wants, what it has, when it is due.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::bot::Bot;
use super::deliver::{Delivered, Place, deliver};
use super::hold::delay;
use super::ledger::Ledger;
use super::order::{Order, PROGRAM};
use super::reply::{LeaseStatus, Released};
use super::rotation::{Reaction, reaction};
use super::session::Session;
use crate::backoff::Backoff;
use crate::blocking::{self, Lane};
use crate::clock::{Clock, SharedClock};
use crate::config::DirectoryConfig;
use crate::destination::{Destination, Program};
use crate::error::{Code, Error};
use crate::identity::Authorities;
use crate::lease::{CertificateHistory, Claim, Ended, LeaseError, LeaseId, LeaseTable};
use crate::renew::schedule::{Validity, renewal_point};

/// How long after a failed refresh the next one is tried, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A refresh never follows another one sooner, whatever lifetime the cluster grants.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// How long another process may hold what is needed of the lease table.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How much of that a thread waits at once, and the time to the next try.
const LOCK_TRY: Duration = Duration::from_millis(20);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// All leases that this process holds, and the table that all processes share.
#[derive(Debug)]
pub(super) struct Leases {
    table: Arc<LeaseTable>,
    clock: SharedClock,
    live: Mutex<HashMap<String, Arc<Live>>>,
}

/// A lease of this process.
#[derive(Debug)]
pub(super) struct Live {
    id: LeaseId,
    order: Order,
    /// Where it stands, once it is taken in the table.
    taken: OnceLock<Taken>,
    cancelled: watch::Sender<bool>,
    /// Held while its files are written or removed, so that the one never meets the other: by the thread that writes,
    /// since the task that waits for it may be cut.
    work: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Taken {
    helper: PathBuf,
    ledger: Ledger,
    /// Taken again, after the process that took it first has ended or closed: its files are in use.
    adopted: bool,
}

#[derive(Debug)]
struct State {
    /// The directory as it was opened when the lease was taken, for the first files.
    opened: Option<Destination>,
    delivered: Option<Delivered>,
    authorities: Option<Authorities>,
    refresh_at: SystemTime,
    backoff: Backoff,
    problem: Option<Error>,
}

impl Leases {
    pub(super) fn open(root: &Path, clock: SharedClock) -> Result<Self, Error> {
        let table = LeaseTable::open(&DirectoryConfig::private(root.to_owned()), Arc::clone(&clock))?;
        let table = table.with_patience(LOCK_TRY);
        Ok(Self { table: Arc::new(table), clock, live: Mutex::new(HashMap::new()) })
    }

    /// Makes a lease known, to `release` too, if nothing in this process stands against it. To be taken in the table next.
    pub(super) fn announce(&self, order: Order) -> Result<Arc<Live>, Error> {
        let id = LeaseId::parse(&order.lease)?;
        if order.placements.is_empty() {
            return Err(Error::new(Code::RequestInvalid, "a lease needs at least one output", ""));
        }
        let now = self.clock.now();
        let mut live = lock(&self.live);
        if live.contains_key(id.as_str()) {
            return Err(Error::new(
                Code::LeaseConflict,
                format!("lease {id} is already taken by this process"),
                "use another lease id, or release this one first",
            ));
        }
        if let Some(other) = live.values().find(|other| other.order.shares_directory(&order)) {
            return Err(Error::new(
                Code::LeaseConflict,
                format!("{} is already kept by lease {}", other.order.directory().display(), other.id),
                "give each lease a directory of its own, or release the other one first",
            ));
        }
        let lease = Arc::new(Live {
            id: id.clone(),
            taken: OnceLock::new(),
            cancelled: watch::Sender::new(false),
            work: Arc::default(),
            state: Mutex::new(State {
                opened: None,
                delivered: None,
                authorities: None,
                refresh_at: now,
                backoff: Backoff::new(RETRY.0, RETRY.1),
                problem: None,
            }),
            order,
        });
        live.insert(id.as_str().to_owned(), Arc::clone(&lease));
        Ok(lease)
    }

    /// Takes an announced lease in the table, so that its directory is ours. `expires` is when its certificates are
    /// expected to end, if that is known. May be cut: what has begun is then finished, and a release waits for it.
    pub(super) async fn take(
        &self,
        lease: &Arc<Live>,
        program: &Arc<Program>,
        expires: Option<SystemTime>,
    ) -> Result<(), Error> {
        let expires = expires.unwrap_or_else(|| self.clock.now() + lease.order.deadline);
        let (table, clock) = (&self.table, &self.clock);
        patiently(|| {
            let (table, clock, lease) = (Arc::clone(table), Arc::clone(clock), Arc::clone(lease));
            let program = Arc::clone(program);
            async move {
                let alone = Arc::clone(&lease.work).lock_owned().await;
                // A release that came first has found nothing; nothing may be there after it.
                if *lease.cancelled.borrow() {
                    return Err(lease.was_released());
                }
                blocking::run(Lane::Leases, move || {
                    let taken = lease.take(&table, &*clock, &program, expires);
                    drop(alone);
                    taken
                })
                .await
            }
        })
        .await
    }

    /// Ends a lease of this process, or one that an earlier process left in the table.
    pub(super) async fn release(&self, lease: &str) -> Result<Released, Error> {
        let id = LeaseId::parse(lease)?;
        let live = lock(&self.live).get(id.as_str()).cloned();
        match live {
            Some(live) => self.release_live(&live, LeaseTable::release).await,
            None => self.end(id, LeaseTable::release).await,
        }
    }

    async fn release_live(&self, live: &Arc<Live>, how: Release) -> Result<Released, Error> {
        live.cancelled.send_replace(true);
        let _no_refresh = live.work.lock().await;
        // Somebody else may have ended it meanwhile, and then its name may be taken again.
        if !self.holds(live) {
            return Ok(Ended::NOTHING.into());
        }
        let mut released = self.end(live.id.clone(), how).await?;
        // What could not be written into the record is known here all the same.
        let mut history = live.history();
        history.follow(released.history);
        released.history = history;
        self.forget(live);
        Ok(released)
    }

    /// Undoes a lease that could not be filled. One that was taken again keeps its files: a build is using them, and
    /// they may be valid for a while yet. It can be taken once more, or released.
    pub(super) async fn drop_failed(&self, live: &Arc<Live>) {
        let is_cancelled = || *live.cancelled.borrow();
        if !is_cancelled() {
            let _no_refresh = live.work.lock().await;
            let ours = live.taken.get().is_some_and(|taken| !taken.adopted);
            if !ours && !is_cancelled() {
                self.forget(live);
                return;
            }
        }
        let how = if is_cancelled() { LeaseTable::release } else { LeaseTable::release_ours };
        if let Err(error) = self.release_live(live, how).await {
            tracing::warn!(lease = %live.id, "a lease that could not be filled is not removed yet: {error}");
        }
    }

    /// Whether this lease has its name still, and not another one that was taken later.
    pub(super) fn holds(&self, live: &Live) -> bool {
        is_this(lock(&self.live).get(live.id.as_str()), live)
    }

    fn forget(&self, live: &Live) {
        let mut all = lock(&self.live);
        if is_this(all.get(live.id.as_str()), live) {
            all.remove(live.id.as_str());
        }
    }

    async fn end(&self, id: LeaseId, how: Release) -> Result<Released, Error> {
        let ended = patiently(|| {
            let (table, id) = (Arc::clone(&self.table), id.clone());
            blocking::run(Lane::Leases, move || how(&table, &id))
        });
        Ok(ended.await?.into())
    }

    /// Removes what dead processes left.
    pub(super) async fn sweep(&self) {
        let table = Arc::clone(&self.table);
        match blocking::run(Lane::Leases, move || table.sweep()).await {
            Ok(Ok(swept)) => {
                // A standing directory stays, so nothing was removed that anybody would miss.
                for record in swept.iter().filter(|record| !record.standing) {
                    tracing::info!(lease = %record.id, directory = %record.directory.display(), "removed a dead process's lease");
                }
            }
            Ok(Err(error)) => tracing::warn!("leases of dead processes can't be removed: {error}"),
            Err(error) => tracing::error!("sweeping leases ended unexpectedly: {error}"),
        }
    }

    /// Leases of one identity.
    pub(super) fn of(&self, identity: &str) -> Vec<Arc<Live>> {
        lock(&self.live).values().filter(|live| live.order.identity == identity).cloned().collect()
    }

    /// The leases of this process; `trouble` tells what is wrong with an identity.
    pub(super) fn status(&self, trouble: impl Fn(&str) -> Option<Error>) -> Vec<LeaseStatus> {
        let now = self.clock.now();
        let live: Vec<_> = lock(&self.live).values().cloned().collect();
        let mut all: Vec<_> =
            live.iter().filter_map(|live| live.status(trouble(&live.order.identity).as_ref(), now)).collect();
        all.sort_by(|one, two| one.lease.cmp(&two.lease));
        all
    }

    /// Lets go of leases that another process has taken over or ended meanwhile, as when an agent was restarted while
    /// its old process lives on: what is left of them isn't ours to write any more.
    pub(super) async fn is_ours(&self, live: &Live) -> bool {
        let (table, id) = (Arc::clone(&self.table), live.id.clone());
        match blocking::run(Lane::Leases, move || table.is_ours(&id)).await {
            Ok(Ok(false)) => {
                tracing::info!(lease = %live.id, "another process has taken this lease over or ended it");
                self.forget(live);
                false
            }
            // Where the table can't be read now, that says nothing about the lease.
            Ok(Ok(true) | Err(_)) | Err(_) => true,
        }
    }
}

/// How the table ends a lease.
type Release = fn(&LeaseTable, &LeaseId) -> Result<Ended, LeaseError>;

/// Tries again while another process holds what is needed, for [`LOCK_WAIT`]; waits without blocking.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Result<T, LeaseError>, Error>>,
{
    let mut waited = Duration::ZERO;
    loop {
        match attempt().await? {
            Err(error) if error.is_busy() && waited < LOCK_WAIT => {
                tokio::time::sleep(LOCK_PAUSE).await;
                waited += LOCK_PAUSE + LOCK_TRY;
            }
            other => return Ok(other?),
        }
    }
}

fn is_this(known: Option<&Arc<Live>>, live: &Live) -> bool {
    known.is_some_and(|known| std::ptr::eq(&raw const **known, live))
}

impl Live {
    /// Takes it in the table; blocks.
    fn take(
        &self,
        table: &Arc<LeaseTable>,
        clock: &dyn Clock,
        program: &Program,
        expires: SystemTime,
    ) -> Result<(), LeaseError> {
        let (id, order) = (&self.id, &self.order);
        let first = order.placements.first().map(|placement| &placement.directory);
        let none = || LeaseError::Directory { path: PathBuf::new(), reason: "no output is asked for".to_owned() };
        let claim = Claim {
            id,
            identity: &order.identity,
            destination: first.ok_or_else(none)?,
            within: None,
            expires,
            standing: order.standing,
        };
        let begun = clock.now();
        let (record, destination) = table.take(&claim)?;
        let adopted = record.created < begun;
        let placed = if order.portable {
            program.place(&destination, PROGRAM, begun)
        } else {
            program.check(begun).map(|()| program.path().to_owned())
        };
        match placed {
            Ok(helper) => {
                lock(&self.state).opened = Some(destination);
                let ledger = Ledger::new(Arc::clone(table), id.clone(), record.history);
                // Only a lease that isn't taken yet is taken.
                let _first = self.taken.set(Taken { helper, ledger, adopted });
                Ok(())
            }
            Err(error) => {
                if !adopted && let Err(left) = table.release_ours(id) {
                    tracing::warn!(lease = %id, "a lease that could not be filled is not removed yet: {left}");
                }
                Err(error.into())
            }
        }
    }

    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    fn was_released(&self) -> Error {
        Error::new(Code::Cancelled, format!("lease {} was released", self.id), "")
    }

    pub(super) const fn order(&self) -> &Order {
        &self.order
    }

    /// Becomes true when the lease is released.
    pub(super) fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.subscribe()
    }

    /// Issues and writes; used for the first time and for every refresh. A release ends it: what is under way on the
    /// network is dropped, what is being written is waited for.
    pub(super) async fn refresh(&self, bot: &Bot, session: &Arc<Session>) -> Result<Delivered, Error> {
        let alone = Arc::clone(&self.work).lock_owned().await;
        let taken = self.taken.get();
        let taken = taken.ok_or_else(|| Error::new(Code::Internal, "a lease that isn't taken yet", "report this"))?;
        let opened = lock(&self.state).opened.take();
        let mut cancelled = self.cancelled();
        let (order, helper, ledger) = (&self.order, taken.helper.as_path(), taken.ledger.clone());
        let place = Place { order, helper, opened, ledger, alone };
        let outcome = tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => {
                return Err(self.was_released());
            }
            outcome = deliver(bot, session, place) => outcome,
        };
        let now = bot.clock.now();
        let mut state = lock(&self.state);
        match &outcome {
            Ok(delivered) => {
                let validity = Validity::of_certificate(delivered.valid_from, delivered.expires_at);
                let point = renewal_point(validity, bot.config.renewal_interval, fastrand::f64());
                let refused = delivered.refused.clone();
                state.refresh_at = match &refused {
                    None => point.max(now + SHORTEST_LIFE),
                    Some(error) => now + delay(&mut state.backoff, error, fastrand::f64()),
                };
                state.delivered = Some(delivered.clone());
                state.authorities = Some(session.identity.authorities.clone());
                if refused.is_none() {
                    state.backoff.reset();
                }
                state.problem = refused;
            }
            Err(error) => {
                state.refresh_at = now + delay(&mut state.backoff, error, fastrand::f64());
                state.problem = Some(error.clone());
            }
        }
        outcome
    }

    /// When it is to be refreshed: at its time, or at once when the cluster's authorities have changed. None: it has
    /// never been filled.
    pub(super) fn due_at(&self, authorities: Option<&Authorities>) -> Option<SystemTime> {
        let state = lock(&self.state);
        state.delivered.as_ref()?;
        let changed = state.problem.is_none()
            && authorities
                .zip(state.authorities.as_ref())
                .is_some_and(|(current, known)| reaction(known, current) != Reaction::Nothing);
        Some(if changed { SystemTime::UNIX_EPOCH } else { state.refresh_at })
    }

    /// Whether its files hold certificates for the future only or for the past: the wall clock was set.
    pub(super) fn let_refresh(&self, now: SystemTime) {
        let mut state = lock(&self.state);
        state.refresh_at = state.refresh_at.min(now);
        state.backoff.reset();
    }

    /// What went wrong the last time.
    pub(super) fn problem(&self) -> Option<Error> {
        lock(&self.state).problem.clone()
    }

    /// Every certificate that it has held.
    pub(super) fn history(&self) -> CertificateHistory {
        self.taken.get().map(|taken| taken.ledger.history()).unwrap_or_default()
    }

    fn status(&self, trouble: Option<&Error>, now: SystemTime) -> Option<LeaseStatus> {
        let state = lock(&self.state);
        let delivered = state.delivered.as_ref()?;
        let overdue = trouble.filter(|_| now >= state.refresh_at);
        let locked = trouble.into_iter().chain(state.problem.as_ref()).find(|error| error.code() == Code::BotLocked);
        let cause = locked.or(state.problem.as_ref()).or(overdue);
        let expired = now >= delivered.expires_at;
        let problem = match (expired, cause) {
            (true, Some(cause)) => format!("expired at {}: {cause}", super::timestamp(delivered.expires_at)),
            (true, None) => format!("expired at {}", super::timestamp(delivered.expires_at)),
            (false, Some(cause)) => cause.to_string(),
            (false, None) => String::new(),
        };
        Some(LeaseStatus {
            lease: self.id.as_str().to_owned(),
            identity: self.order.identity.clone(),
            directory: self.order.directory().to_owned(),
            expires_at: delivered.expires_at,
            standing: self.order.standing,
            usable: !expired && locked.is_none(),
            problem,
            history: self.history(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
