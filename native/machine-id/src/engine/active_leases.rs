//! The leases of this process, and the table that all processes share.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::active_lease::ActiveLease;
use super::lease_request::LeaseRequest;
use super::observed::Failure;
use super::reply::{LeaseStatus, Released};
use crate::blocking::{self, Lane};
use crate::clock::SharedClock;
use crate::config::DirectoryConfig;
use crate::destination::Program;
use crate::error::{Code, Error};
use crate::lease::{Ended, LeaseError, LeaseId, LeaseTable};

/// How long another process may hold what is needed of the lease table.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How much of that a thread waits at once, and the time to the next try.
const LOCK_TRY: Duration = Duration::from_millis(20);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// All leases that this process holds, and the table that all processes share.
#[derive(Debug)]
pub(super) struct ActiveLeases {
    table: Arc<LeaseTable>,
    clock: SharedClock,
    live: Mutex<HashMap<String, Arc<ActiveLease>>>,
}

impl ActiveLeases {
    pub(super) fn open(root: &Path, clock: SharedClock) -> Result<Self, Error> {
        let table = LeaseTable::open(&DirectoryConfig::private(root.to_owned()), Arc::clone(&clock))?;
        let table = table.with_patience(LOCK_TRY);
        Ok(Self { table: Arc::new(table), clock, live: Mutex::new(HashMap::new()) })
    }

    /// Makes a lease known, to `release` too, if nothing in this process stands against it. To be taken in the table next.
    pub(super) fn announce(&self, request: LeaseRequest) -> Result<Arc<ActiveLease>, Error> {
        let id = LeaseId::parse(&request.lease)?;
        if request.placements.is_empty() {
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
        if let Some(other) = live.values().find(|other| other.request().shares_directory(&request)) {
            return Err(Error::new(
                Code::LeaseConflict,
                format!("{} is already kept by lease {}", other.request().directory().display(), other.id()),
                "give each lease a directory of its own, or release the other one first",
            ));
        }
        let lease = Arc::new(ActiveLease::new(id.clone(), request, now));
        live.insert(id.as_str().to_owned(), Arc::clone(&lease));
        Ok(lease)
    }

    /// The lease that was filled for the same request, if this process has it.
    pub(super) fn filled_alike(&self, request: &LeaseRequest) -> Option<Arc<ActiveLease>> {
        let live = lock(&self.live).get(&request.lease).cloned()?;
        let filled = live.freshness().due_at(None, 1.0).is_some();
        (filled && live.request().asks_alike(request)).then_some(live)
    }

    /// Takes an announced lease in the table, so that its directory is ours. `expires` is when its certificates are
    /// expected to end, if that is known. May be cut: what has begun is then finished, and a release waits for it.
    pub(super) async fn take(
        &self,
        lease: &Arc<ActiveLease>,
        program: &Arc<Program>,
        expires: Option<SystemTime>,
    ) -> Result<(), Error> {
        let expires = expires.unwrap_or_else(|| self.clock.now() + lease.request().deadline);
        let (table, clock) = (&self.table, &self.clock);
        patiently(|| {
            let (table, clock, lease) = (Arc::clone(table), Arc::clone(clock), Arc::clone(lease));
            let program = Arc::clone(program);
            async move {
                let alone = lease.work().await;
                // A release that came first has found nothing; nothing may be there after it.
                if lease.is_cancelled() {
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

    async fn release_live(&self, live: &Arc<ActiveLease>, how: Release) -> Result<Released, Error> {
        live.cancel();
        let _no_refresh = live.work().await;
        // Somebody else may have ended it meanwhile, and then its name may be taken again.
        if !self.holds(live) {
            return Ok(Ended::NOTHING.into());
        }
        let mut released = self.end(live.id().clone(), how).await?;
        // What could not be written into the record is known here all the same.
        let mut history = live.history();
        history.follow(released.history);
        released.history = history;
        self.forget(live);
        Ok(released)
    }

    /// Undoes a lease that could not be filled. One that was taken again keeps its files: a build is using them, and
    /// they may be valid for a while yet. It can be taken once more, or released.
    pub(super) async fn drop_failed(&self, live: &Arc<ActiveLease>) {
        if !live.is_cancelled() {
            let _no_refresh = live.work().await;
            if !live.is_new() && !live.is_cancelled() {
                self.forget(live);
                return;
            }
        }
        let how = if live.is_cancelled() { LeaseTable::release } else { LeaseTable::release_ours };
        if let Err(error) = self.release_live(live, how).await {
            tracing::warn!(lease = %live.id(), "a lease that could not be filled is not removed yet: {error}");
        }
    }

    /// Whether this lease has its name still, and not another one that was taken later.
    pub(super) fn holds(&self, live: &ActiveLease) -> bool {
        is_this(lock(&self.live).get(live.id().as_str()), live)
    }

    /// Whether there is a lease of that name in this process.
    pub(super) fn has(&self, lease: &str) -> bool {
        lock(&self.live).contains_key(lease)
    }

    fn forget(&self, live: &ActiveLease) {
        let mut all = lock(&self.live);
        if is_this(all.get(live.id().as_str()), live) {
            all.remove(live.id().as_str());
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

    /// The leases that an identity of the configuration keeps fresh.
    pub(super) fn of(&self, identity: &str) -> Vec<Arc<ActiveLease>> {
        let kept = |live: &LeaseRequest| live.identity == identity && !live.given;
        lock(&self.live).values().filter(|live| kept(live.request())).cloned().collect()
    }

    /// What a lease with an identity of its own was refused with because of a lock: the first of them.
    pub(super) fn refusal(&self, identity: &str) -> Option<Failure> {
        let live: Vec<_> =
            lock(&self.live).values().filter(|live| live.request().identity == identity).cloned().collect();
        let refusals = live.iter().filter_map(|live| live.refusal());
        refusals.min_by_key(|(_, since)| *since).map(|(error, since)| Failure::new(&error, since, since))
    }

    /// The leases of this process; `trouble` tells what is wrong with an identity.
    pub(super) fn status(&self, trouble: impl Fn(&str) -> Option<Error>) -> Vec<LeaseStatus> {
        let now = self.clock.now();
        let live: Vec<_> = lock(&self.live).values().cloned().collect();
        let mut all: Vec<_> =
            live.iter().filter_map(|live| live.status(trouble(&live.request().identity).as_ref(), now)).collect();
        all.sort_by(|one, two| one.lease.cmp(&two.lease));
        all
    }

    /// Lets go of leases that another process has taken over or ended meanwhile, as when an agent was restarted while
    /// its old process lives on: what is left of them isn't ours to write any more.
    pub(super) async fn is_ours(&self, live: &ActiveLease) -> bool {
        let (table, id) = (Arc::clone(&self.table), live.id().clone());
        match blocking::run(Lane::Leases, move || table.is_ours(&id)).await {
            Ok(Ok(false)) => {
                tracing::info!(lease = %live.id(), "another process has taken this lease over or ended it");
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

fn is_this(known: Option<&Arc<ActiveLease>>, live: &ActiveLease) -> bool {
    known.is_some_and(|known| std::ptr::eq(&raw const **known, live))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "active_leases_tests.rs"]
mod tests;
