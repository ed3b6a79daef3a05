//! A lease of this process: what it wants, where it stands, and how it is filled.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use tokio::sync::{OwnedMutexGuard, watch};

use super::bot::Bot;
use super::deliver::{Delivered, Place, deliver};
use super::freshness::{Freshness, Verdict};
use super::issuing;
use super::lease_request::{LeaseRequest, PROGRAM};
use super::ledger::Ledger;
use super::reply::LeaseStatus;
use super::session::Session;
use crate::clock::Clock;
use crate::destination::{Destination, Program};
use crate::error::{Code, Error};
use crate::lease::{CertificateHistory, Claim, LeaseError, LeaseId, LeaseTable};
use crate::proxy::multiplex::Alarm;

/// A lease of this process.
#[derive(Debug)]
pub(super) struct ActiveLease {
    id: LeaseId,
    request: LeaseRequest,
    /// Where it stands, once it is taken in the table.
    taken: OnceLock<Taken>,
    cancelled: watch::Sender<bool>,
    /// Held while its files are written or removed, so that the one never meets the other: by the thread that writes,
    /// since the task that waits for it may be cut.
    work: Arc<tokio::sync::Mutex<()>>,
    /// The directory as it was opened when the lease was taken, for the first files.
    opened: Mutex<Option<Destination>>,
    freshness: Mutex<Freshness>,
    /// Of an identity of its own, which nobody keeps: the last refusal of its connections is all that is known of a lock.
    alarm: Mutex<Option<Arc<Alarm>>>,
}

#[derive(Debug)]
struct Taken {
    helper: PathBuf,
    ledger: Ledger,
    /// Taken again, after the process that took it first has ended or closed: its files are in use.
    adopted: bool,
}

impl ActiveLease {
    /// Not yet taken.
    pub(super) fn new(id: LeaseId, request: LeaseRequest, now: SystemTime) -> Self {
        Self {
            id,
            request,
            taken: OnceLock::new(),
            cancelled: watch::Sender::new(false),
            work: Arc::default(),
            opened: Mutex::default(),
            freshness: Mutex::new(Freshness::new(now)),
            alarm: Mutex::default(),
        }
    }

    /// Takes it in the table; blocks.
    pub(super) fn take(
        &self,
        table: &Arc<LeaseTable>,
        clock: &dyn Clock,
        program: &Program,
        expires: SystemTime,
    ) -> Result<(), LeaseError> {
        let (id, request) = (&self.id, &self.request);
        let first = request.placements.first().map(|placement| &placement.directory);
        let none = || LeaseError::Directory { path: PathBuf::new(), reason: "no output is asked for".to_owned() };
        let claim = Claim {
            id,
            identity: &request.identity,
            destination: first.ok_or_else(none)?,
            within: None,
            expires,
            standing: request.standing,
            given: request.given,
        };
        let begun = clock.now();
        let (record, destination) = table.take(&claim)?;
        let adopted = record.created < begun;
        let placed = if request.portable {
            program.place(&destination, PROGRAM, begun)
        } else {
            program.check(begun).map(|()| program.path().to_owned())
        };
        match placed {
            Ok(helper) => {
                *lock(&self.opened) = Some(destination);
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

    pub(super) const fn id(&self) -> &LeaseId {
        &self.id
    }

    /// Waits until nobody writes or removes its files, and keeps others from it.
    pub(super) async fn work(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.work).lock_owned().await
    }

    /// Whether it is taken, and no earlier process's: its files are in nobody's use.
    pub(super) fn is_new(&self) -> bool {
        self.taken.get().is_some_and(|taken| !taken.adopted)
    }

    /// Ends what is under way for it: it is being released.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    pub(super) fn was_released(&self) -> Error {
        Error::new(Code::Cancelled, format!("lease {} was released", self.id), "")
    }

    /// Whoever asked for it can't wait any longer.
    pub(super) fn took_too_long(&self) -> Error {
        Error::new(
            Code::DeadlineExceeded,
            format!("acquiring lease {} took longer than {} s", self.id, self.request.deadline.as_secs()),
            "check that the cluster can be reached from this machine, or allow more time",
        )
    }

    pub(super) const fn request(&self) -> &LeaseRequest {
        &self.request
    }

    /// Becomes true when the lease is released.
    pub(super) fn cancelled(&self) -> watch::Receiver<bool> {
        self.cancelled.subscribe()
    }

    /// Issues and writes; used for the first time and for every refresh. A release ends it: what is under way on the
    /// network is dropped, what is being written is waited for.
    pub(super) async fn refresh(&self, bot: &Bot, session: &Arc<Session>) -> Result<Delivered, Error> {
        let alone = self.work().await;
        let taken = self.taken.get();
        let taken = taken.ok_or_else(|| Error::new(Code::Internal, "a lease that isn't taken yet", "report this"))?;
        let opened = lock(&self.opened).take();
        let mut cancelled = self.cancelled();
        let (request, helper, ledger) = (&self.request, taken.helper.as_path(), taken.ledger.clone());
        let (again, refused) = {
            let freshness = lock(&self.freshness);
            (taken.adopted || freshness.validity().is_some(), freshness.refused())
        };
        if refused.swap(false, Ordering::Relaxed) {
            issuing::forget(bot, request);
        }
        let place = Place { request, helper, opened, ledger, again, refused, alone };
        if request.given {
            *lock(&self.alarm) = Some(Arc::clone(&bot.alarm));
        }
        let outcome = tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => {
                return Err(self.was_released());
            }
            outcome = deliver(bot, session, place) => outcome,
        };
        let (now, fixed, unit) = (bot.clock.now(), bot.config.renewal_interval, fastrand::f64());
        let mut freshness = lock(&self.freshness);
        match &outcome {
            Ok(delivered) => freshness.delivered(delivered, &session.identity.authorities, now, fixed, unit),
            Err(error) => freshness.failed(error, now, unit),
        }
        drop(freshness);
        outcome
    }

    /// What it has, and when it is due.
    pub(super) fn freshness(&self) -> MutexGuard<'_, Freshness> {
        lock(&self.freshness)
    }

    /// Every certificate that it has held.
    pub(super) fn history(&self) -> CertificateHistory {
        self.taken.get().map(|taken| taken.ledger.history()).unwrap_or_default()
    }

    /// What its connections were refused with because of a lock, and since when, if its identity is its own.
    pub(super) fn refusal(&self) -> Option<(Error, SystemTime)> {
        lock(&self.alarm).as_ref().and_then(|alarm| alarm.heard())
    }

    /// As it is, if it has ever been filled. `trouble` is what is wrong with its identity.
    pub(super) fn status(&self, trouble: Option<&Error>, now: SystemTime) -> Option<LeaseStatus> {
        let refusal = self.refusal().map(|(error, _)| error);
        let trouble = refusal.as_ref().or(trouble);
        let Verdict { expires_at, usable, problem, late } = self.freshness().verdict(trouble, now)?;
        Some(LeaseStatus {
            lease: self.id.as_str().to_owned(),
            identity: self.request.identity.clone(),
            directory: self.request.directory().to_owned(),
            expires_at,
            standing: self.request.standing,
            usable,
            problem,
            late,
            failures: Vec::new(),
            history: self.history(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
