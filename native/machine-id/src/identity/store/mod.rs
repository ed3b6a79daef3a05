//! Where the bot's identity is kept: one file, replaced as a whole, guarded by a file lock.
//!
//! Teleport locks a bot that presents an old generation for renewal (protocol E). So the intent to renew is on disk
//! before the request leaves, and only who holds a [`RenewalPermit`], which exists only for an identity whose last
//! renewal ended well, has a reason to renew. After a crash or a lost reply the file says *pending* for good: such
//! an identity still serves role certificates until it expires, and then needs a fresh token.
//!
//! Where a join method can join again at any time there is nothing worth keeping, and a stored key is only something to
//! steal: such an identity lives in the memory of its process, behind the same interface.

mod bound;
mod error;
mod format;
mod machine;
mod medium;
mod tbots;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "fuzzing")]
pub use bound::fuzz_bound_keys;
pub(crate) use bound::{BoundKeys, BoundState};
pub(crate) use error::StoreError;
pub(crate) use machine::MachineMark;

use super::authority::Authorities;
use super::bot::BotIdentity;
use crate::clock::SharedClock;
use crate::config::DirectoryConfig;
use crate::destination::DirectoryLock;
use medium::Medium;

/// The identity's file.
pub(crate) const IDENTITY_FILE: &str = "identity.json";

/// Everything that stands in a storage.
#[cfg(test)]
pub(crate) fn files() -> Vec<&'static str> {
    let own = [IDENTITY_FILE, medium::PROBE_FILE];
    own.into_iter().chain(bound::FILES).chain(tbots::FILES).chain(tbots::OTHERS).collect()
}

/// What keeps one bot identity: a directory, or the memory of this process.
#[derive(Clone, Debug)]
pub struct Store {
    medium: Arc<Medium>,
    clock: SharedClock,
    /// What of a bound key could not be written yet.
    unwritten: Arc<bound::Unwritten>,
}

impl Store {
    /// Opens the directory, creating it with mode 0700 where it doesn't exist.
    ///
    /// # Errors
    /// When it can't be made, or isn't safe to keep a key in.
    pub fn open(directory: &DirectoryConfig, clock: SharedClock) -> Result<Self, StoreError> {
        Ok(Self::on(Medium::make(directory)?, clock))
    }

    /// One whose identity is gone with the process: nothing is ever written to disk.
    #[must_use]
    pub fn in_memory(clock: SharedClock) -> Self {
        Self::on(Medium::memory(), clock)
    }

    /// Opens the directory only if it is there, for showing what it holds.
    ///
    /// # Errors
    /// When it isn't safe, or can't be opened.
    pub fn open_existing(directory: &DirectoryConfig, clock: SharedClock) -> Result<Option<Self>, StoreError> {
        Ok(Medium::existing(directory)?.map(|medium| Self::on(medium, clock)))
    }

    fn on(medium: Medium, clock: SharedClock) -> Self {
        Self { medium: Arc::new(medium), clock, unwritten: Arc::default() }
    }

    /// Takes the lock, waiting at most `wait` for another holder; blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Destination`] with `DestinationError::Busy` when it is still held then.
    pub fn lock(&self, wait: Duration) -> Result<StoreGuard, StoreError> {
        Ok(StoreGuard { _lock: self.medium.lock(wait)?, store: self.clone() })
    }

    /// The identity's file; a name for messages where it is kept in memory.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.medium.path()
    }

    /// The hash of the token that tbot has joined with, where tbot keeps an identity in the directory. Reads the disk.
    #[must_use]
    pub fn tbots_token_hash(&self) -> Option<String> {
        match &*self.medium {
            Medium::Disk(destination) if tbots::is_there(destination) => tbots::token_hash(destination),
            _ => None,
        }
    }

    /// Whether something of a bound key waits in memory to be written down ([`BoundKeys::write_down`]).
    #[must_use]
    pub fn has_unwritten(&self) -> bool {
        self.unwritten.is_any()
    }

    /// The present version of the file; none if there is none. Each write makes a new file, so it has another stamp.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        self.medium.stamp()
    }

    /// Reads without the lock, for showing only: the file is replaced as a whole, so what is read is complete.
    ///
    /// # Errors
    /// As [`StoreGuard::load`].
    pub fn peek(&self) -> Result<Option<StoredState>, StoreError> {
        self.medium.read()
    }
}

/// Tells one version of the file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    modified: (i64, i64),
}

/// What a store holds.
#[derive(Clone, Debug)]
pub struct StoredState {
    /// The identity.
    pub identity: BotIdentity,
    /// Whether it may be renewed.
    pub renewal: RenewalState,
    /// The machine that wrote it.
    pub machine: MachineMark,
    /// When it was written.
    pub saved_at: SystemTime,
}

impl StoredState {
    /// Whether this store was written on the machine that `here` marks.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when both marks name a machine, and not the same.
    pub fn check_machine(&self, here: &MachineMark) -> Result<(), StoreError> {
        if self.machine.same_machine(here) { Ok(()) } else { Err(StoreError::Foreign) }
    }
}

/// Whether an identity may be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewalState {
    /// Yes.
    Ready,
    /// A renewal was begun and its outcome isn't known: never again.
    Pending {
        /// When it was begun.
        since: SystemTime,
        /// The generation that was presented.
        generation: Option<u64>,
    },
    /// Never again, for a known reason.
    NeedsRejoin {
        /// The reason, for people.
        reason: String,
    },
}

/// The right to present an identity for renewal, once. Made by [`StoreGuard::begin_renewal`].
#[derive(Debug)]
pub struct RenewalPermit {
    identity: BotIdentity,
    since: SystemTime,
}

impl RenewalPermit {
    /// The identity to renew.
    #[must_use]
    pub const fn identity(&self) -> &BotIdentity {
        &self.identity
    }
}

/// A store whose lock is held. Dropping it lets go of the lock.
#[derive(Debug)]
pub struct StoreGuard {
    _lock: Option<DirectoryLock>,
    store: Store,
}

impl StoreGuard {
    /// Reads what is stored; nothing: the bot has never joined here.
    ///
    /// # Errors
    /// When the file isn't safe, or isn't a whole identity of a version we know. It is left as it is.
    pub fn load(&self) -> Result<Option<StoredState>, StoreError> {
        self.store.peek()
    }

    /// Writes and deletes a file as large as an identity: to be called before a token is spent on one that could not
    /// be stored then.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn try_out(&self) -> Result<(), StoreError> {
        self.store.medium.try_out()
    }

    /// Stores an identity fresh from a join or a renewal, ready to be renewed.
    ///
    /// # Errors
    /// When it can't be written, the file there can't be read ([`StoreGuard::set_aside`] moves it away), or the
    /// identity is the one that may no longer be renewed.
    pub fn save(&self, identity: &BotIdentity) -> Result<(), StoreError> {
        if let Some(stored) = self.load()?
            && stored.renewal != RenewalState::Ready
            && stored.identity.certificates == identity.certificates
        {
            return Err(StoreError::NotReady { state: stored.renewal });
        }
        self.write(identity, &RenewalState::Ready)
    }

    /// Replaces the authorities alone; whether the identity may be renewed stays as it is.
    ///
    /// # Errors
    /// When nothing is stored, or it can't be read or written.
    pub fn update_authorities(&self, authorities: &Authorities) -> Result<(), StoreError> {
        let mut stored = self.stored()?;
        stored.identity.authorities = authorities.clone();
        self.write(&stored.identity, &stored.renewal)
    }

    /// Writes down that the stored identity is about to be presented for renewal. To be followed by
    /// [`StoreGuard::save`] or [`StoreGuard::abandon_renewal`]; by neither when the outcome isn't known.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when it may not be renewed, [`StoreError::NotRenewable`] when it never could.
    pub fn begin_renewal(&self) -> Result<RenewalPermit, StoreError> {
        let StoredState { identity, .. } = self.stored()?;
        let facts = identity.facts()?;
        if !facts.renewable {
            return Err(StoreError::NotRenewable { user: facts.user });
        }
        self.begin_rejoin()
    }

    /// As [`StoreGuard::begin_renewal`], for an identity that is presented at a further join: there, too, its generation
    /// counts.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] when it may not be presented.
    pub fn begin_rejoin(&self) -> Result<RenewalPermit, StoreError> {
        let StoredState { identity, renewal, .. } = self.stored()?;
        if renewal != RenewalState::Ready {
            return Err(StoreError::NotReady { state: renewal });
        }
        let facts = identity.facts()?;
        let since = format::whole_seconds(self.store.clock.now());
        self.write(&identity, &RenewalState::Pending { since, generation: facts.generation })?;
        Ok(RenewalPermit { identity, since })
    }

    /// Takes the intent back: the request surely never reached the server.
    ///
    /// # Errors
    /// When the store no longer holds that intent, or can't be read or written.
    pub fn abandon_renewal(&self, permit: RenewalPermit, reason: &str) -> Result<(), StoreError> {
        let stored = self.stored()?;
        let same = matches!(stored.renewal, RenewalState::Pending { since, .. } if since == permit.since)
            && stored.identity.certificates == permit.identity.certificates;
        if !same {
            return Err(StoreError::NotReady { state: stored.renewal });
        }
        tracing::debug!(reason, "renewal was not sent, the identity stays as it is");
        self.write(&stored.identity, &RenewalState::Ready)
    }

    /// Writes down that the identity can never be renewed again.
    ///
    /// # Errors
    /// When nothing is stored, or it can't be read or written.
    pub fn mark_needs_rejoin(&self, reason: &str) -> Result<(), StoreError> {
        /// A server's message may be of any length.
        const MAX_REASON: usize = 1000;
        let reason = reason.chars().take(MAX_REASON).collect();
        self.write(&self.stored()?.identity, &RenewalState::NeedsRejoin { reason })
    }

    /// Moves a file that can't be read out of the way, so that a fresh join can be saved; says where it is now.
    ///
    /// # Errors
    /// When it can't be renamed.
    pub fn set_aside(&self) -> Result<PathBuf, StoreError> {
        self.store.medium.set_aside(self.store.clock.now())
    }

    /// Deletes the stored identity, whatever its state; whether there was one. A bound key beside it stays.
    ///
    /// # Errors
    /// When it can't be deleted.
    pub fn remove(&self) -> Result<bool, StoreError> {
        self.store.medium.remove()
    }

    fn stored(&self) -> Result<StoredState, StoreError> {
        self.load()?.ok_or_else(|| StoreError::Missing { path: self.store.path() })
    }

    fn write(&self, identity: &BotIdentity, renewal: &RenewalState) -> Result<(), StoreError> {
        self.store.medium.write(StoredState {
            identity: identity.clone(),
            renewal: renewal.clone(),
            machine: MachineMark::of_this_machine(),
            saved_at: self.store.clock.now(),
        })
    }
}

/// A store's file, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub fn fuzz_store(bytes: &[u8]) {
    if let Ok(state) = format::read(bytes, std::path::Path::new("/identity.json")) {
        let text = format::write(&state.identity, &state.renewal, &state.machine, state.saved_at);
        assert!(text.is_ok(), "what was read can't be written back");
    }
}

#[cfg(test)]
mod tests;
