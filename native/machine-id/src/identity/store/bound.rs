//! What a bound key needs beside the identity (join-methods 3.7), in tbot's file names, so that a store of tbot can be
//! taken over: the active key, the keys before and after it, and the state of the last join.
//!
//! A state that is shown a second time locks the join token. So before anything is sent that makes the cluster give
//! out a new state, it is written down which state was shown: until another one is stored, that one is never shown
//! again. Showing none at all is refused without harm.

mod format;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::error::StoreError;
use super::format::unix_seconds;
use super::{RenewalPermit, StoreGuard};
use crate::identity::key::KeyPair;
use crate::identity::when::Rfc3339;
use crate::secret::Secret;

/// The active key, PEM, and its public half as a line.
const KEY: &str = "id_bkp";
const PUBLIC_KEY: &str = "id_bkp.pub";
/// The state of the last join, a JWT of the cluster's.
const STATE: &str = "bkp_state";
/// All keys that the cluster may know, the newest first.
const HISTORY: &str = "bkp_key_history.json";
/// Ours: whom the state belongs to, and which one was shown at a join without known outcome.
const SHOWN: &str = "bkp_shown.json";
/// All of them.
#[cfg(test)]
pub(super) const FILES: [&str; 5] = [KEY, PUBLIC_KEY, STATE, HISTORY, SHOWN];
/// As many keys as tbot keeps.
const KEYS: usize = 10;
const MAX_FILE: u64 = 256 << 10;

/// The files of a bound key, as long as the store's lock is held.
#[derive(Clone, Debug)]
pub struct BoundKeys {
    guard: Arc<StoreGuard>,
}

/// What is stored of a bound key.
#[derive(Debug)]
pub struct BoundState {
    /// The keys that the cluster may know: the active one first, then the newest.
    pub keys: Vec<Arc<KeyPair>>,
    /// The state of the last join, as far as it may be shown.
    pub state: Option<Secret>,
    /// When a join was begun whose outcome isn't known: the state is lost with it.
    pub lost_since: Option<SystemTime>,
}

/// What a join has brought.
#[derive(Debug)]
struct Brought {
    /// Hash of the token's name.
    owner: String,
    state: Secret,
    /// The active key from now on.
    key: Arc<KeyPair>,
}

/// What could not be written when it came.
#[derive(Debug, Default)]
pub(super) struct Unwritten(Mutex<Option<Brought>>);

impl Unwritten {
    fn held(&self) -> MutexGuard<'_, Option<Brought>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_any(&self) -> bool {
        self.held().is_some()
    }
}

impl BoundKeys {
    /// Of the store whose lock is held.
    #[must_use]
    pub const fn new(guard: Arc<StoreGuard>) -> Self {
        Self { guard }
    }

    /// Reads all of it; blocks. `owner` is the hash of the join token's name: the state of another token's is none.
    ///
    /// # Errors
    /// When a file can't be read, or isn't what it should be.
    pub fn load(&self, owner: &str) -> Result<BoundState, StoreError> {
        self.write_down();
        let mut keys = Vec::new();
        if let Some(text) = self.text(KEY)? {
            keys.push(Arc::new(
                KeyPair::from_pem(text.expose()).map_err(|error| self.corrupt(KEY, error.to_string()))?,
            ));
        }
        let history = self.history()?;
        for key in history.into_iter().map(|entry| entry.key) {
            if !keys.iter().any(|known: &Arc<KeyPair>| known.ssh_public_line() == key.ssh_public_line()) {
                keys.push(key);
            }
        }
        let state = self.text(STATE)?;
        let shown = self.shown()?;
        let foreign = shown.owner.as_ref().is_some_and(|known| known != owner);
        let lost = shown.state == Some(digest(state.as_ref()));
        let lost_since = lost.then(|| format::from_unix(shown.since));
        Ok(BoundState { keys, state: state.filter(|_| !foreign && !lost), lost_since })
    }

    /// Makes a key the active one; blocks.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn adopt(&self, key: &KeyPair) -> Result<(), StoreError> {
        self.write(PUBLIC_KEY, format!("{}\n", key.ssh_public_line()).as_bytes())?;
        self.write(KEY, key.tls_private_pem().expose().as_bytes())
    }

    /// Keeps a new key, before anybody hears of it; blocks.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn remember(&self, key: &Arc<KeyPair>) -> Result<(), StoreError> {
        let mut entries = self.history()?;
        let time = Rfc3339(self.guard.store.clock.now()).to_string();
        entries.insert(0, format::Entry { time, key: Arc::clone(key) });
        entries.truncate(KEYS);
        self.write(HISTORY, format::write_history(&entries)?.as_bytes())
    }

    /// Writes down that the stored state is about to be used up; blocks.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin_recovery(&self) -> Result<(), StoreError> {
        let state = Some(digest(self.text(STATE)?.as_ref()));
        self.note(self.shown()?.owner, state)
    }

    /// Takes that back: surely nothing came of it; blocks.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn abandon_recovery(&self) -> Result<(), StoreError> {
        self.note(self.shown()?.owner, None)
    }

    /// [`StoreGuard::begin_rejoin`]; blocks.
    ///
    /// # Errors
    /// As there.
    pub fn begin_rejoin(&self) -> Result<RenewalPermit, StoreError> {
        self.guard.begin_rejoin()
    }

    /// [`StoreGuard::abandon_renewal`]; blocks.
    ///
    /// # Errors
    /// As there.
    pub fn abandon_rejoin(&self, permit: RenewalPermit, reason: &str) -> Result<(), StoreError> {
        self.guard.abandon_renewal(permit, reason)
    }

    /// Keeps what a join brought: the new state, and the key that the cluster knows from now on; blocks. What can't be
    /// written is kept in memory, and written before anything else.
    pub fn settle(&self, owner: &str, state: Secret, key: &Arc<KeyPair>) {
        let brought = Brought { owner: owner.to_owned(), state, key: Arc::clone(key) };
        *self.guard.store.unwritten.held() = Some(brought);
        self.write_down();
    }

    /// Writes down what could not be written when it came, and says whether nothing is left of that; blocks.
    pub(crate) fn write_down(&self) -> bool {
        let mut held = self.guard.store.unwritten.held();
        let Some(brought) = &*held else { return true };
        match self.write_brought(brought) {
            Ok(()) => *held = None,
            Err(error) => {
                tracing::error!("the state of the last join can't be written down yet, it is kept in memory: {error}");
            }
        }
        held.is_none()
    }

    /// A process that ends between any two of these writes leaves no state that is taken for another token's, and none
    /// that may not be shown.
    fn write_brought(&self, Brought { owner, state, key }: &Brought) -> Result<(), StoreError> {
        if self.shown()?.owner.as_ref() != Some(owner) {
            // The state that still stands there is the other token's: as this one's it counts as shown.
            self.note(Some(owner.clone()), Some(digest(self.text(STATE)?.as_ref())))?;
        }
        self.write(STATE, state.expose().as_bytes())?;
        self.adopt(key)?;
        self.note(Some(owner.clone()), None)
    }

    fn history(&self) -> Result<Vec<format::Entry>, StoreError> {
        let Some(text) = self.guard.store.medium.read_beside(HISTORY, MAX_FILE)? else { return Ok(Vec::new()) };
        format::read_history(&text).map_err(|reason| self.corrupt(HISTORY, reason))
    }

    fn note(&self, owner: Option<String>, state: Option<[u8; 32]>) -> Result<(), StoreError> {
        let since = unix_seconds(self.guard.store.clock.now());
        self.write(SHOWN, &format::write_shown(&format::Shown { owner, since, state })?)
    }

    fn shown(&self) -> Result<format::Shown, StoreError> {
        let text = self.guard.store.medium.read_beside(SHOWN, MAX_FILE)?;
        let Some(text) = text else { return Ok(format::Shown::default()) };
        format::read_shown(&text).map_err(|reason| self.corrupt(SHOWN, reason))
    }

    /// A file's text without surrounding white space; none where there is no file, or nothing in it.
    fn text(&self, name: &str) -> Result<Option<Secret>, StoreError> {
        let Some(bytes) = self.guard.store.medium.read_beside(name, MAX_FILE)? else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).map_err(|_| self.corrupt(name, "it isn't text".to_owned()))?.trim();
        Ok((!text.is_empty()).then(|| Secret::new(text.to_owned())))
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StoreError> {
        self.guard.store.medium.write_beside(name, contents)
    }

    fn corrupt(&self, name: &str, reason: String) -> StoreError {
        StoreError::BoundKey { path: self.guard.store.path().with_file_name(name), reason }
    }
}

fn digest(state: Option<&Secret>) -> [u8; 32] {
    Sha256::digest(state.map_or("", Secret::expose)).into()
}

/// The history of keys and our own note, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub fn fuzz_bound_keys(bytes: &[u8]) {
    if let Ok(entries) = format::read_history(bytes) {
        assert!(format::write_history(&entries).is_ok(), "what was read can't be written back");
    }
    drop(format::read_shown(bytes));
}

#[cfg(test)]
mod tests;
