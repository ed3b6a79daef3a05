//! The bot's store as an attempt uses it: locked, read, written, and kept in memory what can't be written yet.

use std::sync::Arc;
use std::time::Duration;

use super::bot::{Bot, ended};
use crate::blocking::{self, Lane};
use crate::destination::DestinationError;
use crate::error::{Code, Error};
use crate::identity::{BotIdentity, BoundKeys, Certificates, StoreError, StoreGuard, StoredState};
use crate::join;
use crate::once::first_time;

const STORE_POLL: Duration = Duration::from_millis(50);
/// How long another process may hold the store where what is to be written can as well be written another time.
pub(super) const SHORT_WAIT: Duration = Duration::from_secs(2);

/// The store's lock, as long as an attempt needs it.
#[derive(Debug)]
pub(super) struct Locked(Arc<StoreGuard>);

impl Drop for Locked {
    fn drop(&mut self) {
        let guard = Arc::clone(&self.0);
        // Letting go is a request to the file system, too.
        blocking::later(Lane::Store, move || drop(guard));
    }
}

impl Locked {
    /// The files of a bound key beside the identity.
    pub(super) fn bound_keys(&self) -> BoundKeys {
        BoundKeys::new(Arc::clone(&self.0))
    }
}

impl Bot {
    /// Forgets the identity, at hand and stored, whatever its state; whether there was one. What needs one afterwards joins.
    /// The cluster isn't told.
    pub(super) async fn forget(self: &Arc<Self>) -> Result<bool, Error> {
        /// How long another process may hold the store.
        const WAIT: Duration = Duration::from_secs(15);
        let bot = Arc::clone(self);
        let forgetting = tokio::spawn(async move {
            let _alone = bot.attempt.lock().await;
            let guard = bot.lock_store(WAIT).await?;
            let stored = bot.write_with(&guard, StoreGuard::remove).await??;
            let unwritten = {
                let mut memory = bot.memory();
                memory.gate.succeeded();
                (memory.renew_by, memory.came, memory.refused_token) = (None, None, None);
                memory.roles.1 = None;
                memory.unwritten.take().is_some()
            };
            let at_hand = bot.current().is_some();
            bot.observed.succeeded();
            bot.cache.forget_identity(&bot.config.id);
            bot.sessions.forget();
            tracing::warn!(identity = %bot.config.id, "the identity was dropped on request");
            Ok(stored || unwritten || at_hand)
        });
        forgetting.await.unwrap_or_else(|error| Err(ended(&error)))
    }

    pub(super) async fn lock_store(self: &Arc<Self>, wait: Duration) -> Result<Locked, Error> {
        let started = self.clock.monotonic();
        loop {
            match self.on_disk(|bot| bot.store.lock(Duration::ZERO)).await? {
                Err(error @ StoreError::Destination(DestinationError::Busy { .. })) => {
                    if self.clock.monotonic().saturating_sub(started) > wait {
                        return Err(error.into());
                    }
                    tokio::time::sleep(STORE_POLL.mul_f64(0.5 + fastrand::f64())).await;
                }
                other => return Ok(Locked(Arc::new(other?))),
            }
        }
    }

    /// [`Bot::on_disk`], where the store's lock is held.
    pub(super) async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        guard: &Locked,
        work: impl FnOnce(&Self, &StoreGuard) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let guard = Arc::clone(&guard.0);
        self.on_disk(move |bot| work(bot, &guard)).await
    }

    /// [`Bot::with`], for what writes the identity's file.
    pub(super) async fn write_with<T: Send + 'static>(
        self: &Arc<Self>,
        guard: &Locked,
        work: impl FnOnce(&StoreGuard) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let write = |bot: &Self, guard: &StoreGuard| {
            let written = work(guard);
            bot.saw_store();
            written
        };
        self.with(guard, write).await
    }

    /// Writes down what could not be written when it came. Gives the identity if it still can't be: it works, but must
    /// not be renewed again before.
    pub(super) fn write_down(&self, guard: &StoreGuard) -> Option<BotIdentity> {
        let (identity, replaces) = self.memory().unwritten.clone()?;
        let stored = guard.load().map(|state| state.map(|state| state.identity.certificates));
        if stored.is_ok_and(|stored| stored != replaces) {
            tracing::warn!(identity = %self.config.id, "another process has stored another identity meanwhile");
            self.memory().unwritten = None;
            return None;
        }
        match self.save(guard, &identity) {
            Ok(()) => None,
            Err(error) => {
                self.say_unwritten(&error.into());
                Some(identity)
            }
        }
    }

    /// [`Self::write_down`], where nobody has the lock and it isn't urgent.
    pub(super) async fn write_down_later(self: &Arc<Self>) {
        let identity = self.memory().unwritten.is_some();
        let bound = self.store.has_unwritten();
        if !identity && !bound {
            return;
        }
        let Ok(guard) = self.lock_store(SHORT_WAIT).await else { return };
        if bound {
            let keys = guard.bound_keys();
            if self.on_disk(move |_| keys.write_down()).await.unwrap_or_default() {
                tracing::info!(identity = %self.config.id, "the state of the last join is written down now");
            }
        }
        if identity && self.with(&guard, Self::write_down).await.is_ok_and(|unwritten| unwritten.is_none()) {
            tracing::info!(identity = %self.config.id, "the identity is written down now");
        }
    }

    pub(super) fn save(&self, guard: &StoreGuard, identity: &BotIdentity) -> Result<(), StoreError> {
        guard.save(identity)?;
        self.saw_store();
        let mut memory = self.memory();
        (memory.unwritten, memory.said_unwritten) = (None, None);
        Ok(())
    }

    /// Says once for each cause that an identity is in memory alone: writing it is tried every few seconds.
    fn say_unwritten(&self, error: &Error) {
        if self.memory().said_unwritten.replace(error.code()) != Some(error.code()) {
            tracing::error!(identity = %self.config.id, "the new identity can't be written down yet, it is kept in memory: {error}");
        }
    }

    /// Remembers the store's file as it is now: what we have read or written ourselves isn't another process's. Reads
    /// the disk; the caller holds the store's lock.
    pub(super) fn saw_store(&self) {
        let stamp = self.store.stamp();
        self.memory().seen = stamp;
    }

    /// Saves, or keeps in memory what can't be saved: losing it would lose the bot.
    pub(super) async fn save_or_keep(
        self: &Arc<Self>,
        guard: &Locked,
        identity: &BotIdentity,
        replaces: Option<Certificates>,
    ) {
        let saved = identity.clone();
        let outcome = match self.with(guard, move |bot, guard| bot.save(guard, &saved)).await {
            Ok(outcome) => outcome.map_err(Error::from),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            // A process that ends doesn't wait for a join that can be made again.
            if error.code() != Code::Cancelled {
                self.say_unwritten(&error);
            }
            self.memory().unwritten = Some((identity.clone(), replaces));
        }
    }

    /// Takes over what tbot has left. Where that can't be, its token is known to be used up: it isn't sent again.
    fn take_over(&self, guard: &StoreGuard) -> Result<(), Error> {
        match guard.take_over() {
            Ok(None) => Ok(()),
            Ok(Some(directory)) => {
                tracing::info!(
                    identity = %self.config.id,
                    "tbot's identity in {} is taken over, and its files there are removed: tbot would need a fresh token",
                    directory.display()
                );
                Ok(())
            }
            Err(error @ StoreError::Tbots { .. }) => {
                let token = join::token_hash(&self.join_config())?;
                if token.is_none() || token == self.store.tbots_token_hash() {
                    return Err(error.into());
                }
                if first_time(token.unwrap_or_default(), "tbot's identity") {
                    tracing::warn!(identity = %self.config.id, "{error}; a fresh token is configured");
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A file that can't be read is moved aside, never overwritten, and only when a join can replace it.
    pub(super) fn load(&self, guard: &StoreGuard, token: bool) -> Result<Option<StoredState>, Error> {
        self.saw_store();
        match guard.load() {
            Ok(None) if self.config.join.method.renewable() => {
                self.take_over(guard)?;
                self.saw_store();
                Ok(guard.load()?)
            }
            Ok(Some(state)) => {
                // Before it is renewed.
                guard.finish_take_over()?;
                Ok(Some(state))
            }
            Err(error @ (StoreError::Corrupt { .. } | StoreError::OtherVersion { .. }))
                if token || !self.config.join.method.renewable() =>
            {
                let aside = guard.set_aside()?;
                tracing::warn!(kept = %aside.display(), "the stored identity can't be used: {error}");
                Ok(None)
            }
            other => Ok(other?),
        }
    }
}
