//! The leases of this process: what each wants, what it has, when it is due.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use super::bot::{Bot, Session};
use super::deliver::{Delivered, deliver};
use super::order::Order;
use super::reply::LeaseStatus;
use crate::backoff::Backoff;
use crate::clock::SharedClock;
use crate::config::DirectoryConfig;
use crate::error::{Code, Error};
use crate::identity::Authorities;
use crate::lease::{Claim, LeaseId, LeaseTable};
use crate::renew::schedule::{Validity, renewal_point};

/// How long after a failed refresh the next one is tried, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));

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
    helper: PathBuf,
    cancelled: watch::Sender<bool>,
    /// Held while its files are written or removed, so that the one never meets the other.
    work: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    delivered: Option<Delivered>,
    authorities: Option<Authorities>,
    refresh_at: SystemTime,
    backoff: Backoff,
    problem: String,
}

impl Leases {
    pub(super) fn open(root: &Path, clock: SharedClock) -> Result<Self, Error> {
        let table = LeaseTable::open(&DirectoryConfig::private(root.to_owned()), Arc::clone(&clock))?;
        Ok(Self { table: Arc::new(table), clock, live: Mutex::new(HashMap::new()) })
    }

    /// Takes a lease in the table, so that its directory is ours, and makes it known to `release`.
    pub(super) fn take(&self, order: Order, helper: &Path) -> Result<Arc<Live>, Error> {
        let id = LeaseId::parse(&order.lease)?;
        let Some(first) = order.placements.first() else {
            return Err(Error::new(Code::RequestInvalid, "a lease needs at least one output", ""));
        };
        let now = self.clock.now();
        let claim = Claim {
            id: &id,
            identity: &order.identity,
            destination: &first.directory,
            within: None,
            expires: now + order.deadline,
            standing: order.standing,
        };
        let mut live = lock(&self.live);
        if live.contains_key(id.as_str()) {
            return Err(Error::new(
                Code::LeaseConflict,
                format!("lease {id} is already taken by this process"),
                "use another lease id, or release this one first",
            ));
        }
        let (_, destination) = self.table.take(&claim)?;
        let helper = if order.portable { destination.place_program(helper, PROGRAM)? } else { helper.to_owned() };
        let lease = Arc::new(Live {
            id: id.clone(),
            order,
            helper,
            cancelled: watch::Sender::new(false),
            work: tokio::sync::Mutex::new(()),
            state: Mutex::new(State {
                delivered: None,
                authorities: None,
                refresh_at: now,
                backoff: Backoff::new(RETRY.0, RETRY.1),
                problem: String::new(),
            }),
        });
        live.insert(id.as_str().to_owned(), Arc::clone(&lease));
        Ok(lease)
    }

    /// Ends a lease of this process, or one that an earlier process left in the table.
    pub(super) async fn release(&self, lease: &str) -> Result<bool, Error> {
        let id = LeaseId::parse(lease)?;
        let live = lock(&self.live).get(id.as_str()).cloned();
        let Some(live) = live else { return self.end(id).await };
        live.cancelled.send_replace(true);
        let _no_refresh = live.work.lock().await;
        let released = self.end(id).await?;
        lock(&self.live).remove(live.id.as_str());
        Ok(released)
    }

    /// Undoes a lease that could not be filled.
    pub(super) async fn drop_failed(&self, live: &Arc<Live>) {
        if let Err(error) = self.release(live.id.as_str()).await {
            tracing::warn!(lease = %live.id, "a lease that could not be filled is not removed yet: {error}");
        }
    }

    async fn end(&self, id: LeaseId) -> Result<bool, Error> {
        let table = Arc::clone(&self.table);
        let ended = tokio::task::spawn_blocking(move || table.release(&id)).await;
        Ok(ended.map_err(|_| Error::new(Code::Internal, "removing a lease ended unexpectedly", "report this"))??)
    }

    /// Removes what dead processes left.
    pub(super) async fn sweep(&self) {
        let table = Arc::clone(&self.table);
        match tokio::task::spawn_blocking(move || table.sweep()).await {
            Ok(Ok(swept)) => {
                for record in swept {
                    tracing::info!(lease = %record.id, directory = %record.directory.display(), "removed a dead process's lease");
                }
            }
            Ok(Err(error)) => tracing::warn!("leases of dead processes can't be removed: {error}"),
            Err(_) => tracing::error!("sweeping leases ended unexpectedly"),
        }
    }

    /// Leases of one identity.
    pub(super) fn of(&self, identity: &str) -> Vec<Arc<Live>> {
        lock(&self.live).values().filter(|live| live.order.identity == identity).cloned().collect()
    }

    pub(super) fn status(&self) -> Vec<LeaseStatus> {
        let live: Vec<_> = lock(&self.live).values().cloned().collect();
        let mut all: Vec<_> = live.iter().filter_map(|live| live.status()).collect();
        all.sort_by(|one, two| one.lease.cmp(&two.lease));
        all
    }

    /// Notes in the table until when a lease's certificates are valid.
    pub(super) fn extend(&self, live: &Live) {
        let Some(expires) = live.expires_at() else { return };
        if let Err(error) = self.table.extend(&live.id, expires) {
            tracing::debug!(lease = %live.id, "the lease table was not updated: {error}");
        }
    }
}

/// Name of the helper inside a lease's directory.
const PROGRAM: &str = "machine-id";

impl Live {
    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    pub(super) const fn order(&self) -> &Order {
        &self.order
    }

    /// Becomes true when the lease is released.
    pub(super) fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.subscribe()
    }

    /// Issues and writes; used for the first time and for every refresh.
    pub(super) async fn refresh(&self, bot: &Bot, session: &Arc<Session>) -> Result<Delivered, Error> {
        let _alone = self.work.lock().await;
        if *self.cancelled.borrow() {
            return Err(Error::new(Code::Cancelled, format!("lease {} was released", self.id), ""));
        }
        let outcome = deliver(bot, session, &self.order, &self.helper).await;
        let mut state = lock(&self.state);
        match &outcome {
            Ok(delivered) => {
                let validity = Validity { from: delivered.valid_from, until: delivered.expires_at };
                state.refresh_at = renewal_point(validity, bot.config.renewal_interval, fastrand::f64());
                state.delivered = Some(delivered.clone());
                state.authorities = Some(session.identity.authorities.clone());
                state.problem.clear();
                state.backoff.reset();
            }
            Err(error) => {
                let delay = state.backoff.next_delay(fastrand::f64()).max(Duration::from_millis(500));
                state.refresh_at = bot.clock.now() + delay;
                state.problem = error.to_string();
            }
        }
        outcome
    }

    /// Whether it should be refreshed now: its time has come, or the cluster's authorities have changed.
    pub(super) fn is_due(&self, now: SystemTime, authorities: &Authorities) -> bool {
        let state = lock(&self.state);
        let changed = state.problem.is_empty() && state.authorities.as_ref().is_some_and(|known| known != authorities);
        state.delivered.is_some() && (now >= state.refresh_at || changed)
    }

    fn expires_at(&self) -> Option<SystemTime> {
        lock(&self.state).delivered.as_ref().map(|delivered| delivered.expires_at)
    }

    fn status(&self) -> Option<LeaseStatus> {
        let state = lock(&self.state);
        state.delivered.as_ref().map(|delivered| LeaseStatus {
            lease: self.id.as_str().to_owned(),
            identity: self.order.identity.clone(),
            directory: self.order.directory().to_owned(),
            expires_at: delivered.expires_at,
            standing: self.order.standing,
            problem: state.problem.clone(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
