//! Where a store keeps its state: a file in a guarded directory, or the memory of this process.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::error::StoreError;
use super::{IDENTITY_FILE, Stamp, StoredState, format};
use crate::config::DirectoryConfig;
use crate::destination::{Destination, DestinationError, DirectoryLock};

/// The file by which a directory is tried out.
pub(super) const PROBE_FILE: &str = "probe";
/// Larger than an identity with a few authorities.
const PROBE_SIZE: usize = 64 * 1024;

#[derive(Debug)]
pub(super) enum Medium {
    Disk(Destination),
    Memory(Box<Mutex<Held>>),
}

/// What is held in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    state: Option<StoredState>,
    /// How often it was written.
    version: u64,
    /// What is kept beside it, by name.
    beside: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl Medium {
    pub(super) fn make(directory: &DirectoryConfig) -> Result<Self, StoreError> {
        Ok(Self::Disk(Destination::create_or_open(directory)?))
    }

    pub(super) fn existing(directory: &DirectoryConfig) -> Result<Option<Self>, StoreError> {
        Ok(Destination::open_existing(directory)?.map(Self::Disk))
    }

    pub(super) fn memory() -> Self {
        Self::Memory(Box::default())
    }

    /// The lock of a directory; memory has one process alone, which makes one attempt at a time.
    pub(super) fn lock(&self, wait: Duration) -> Result<Option<DirectoryLock>, StoreError> {
        let Self::Disk(destination) = self else { return Ok(None) };
        let lock = destination.lock(wait)?;
        // A half-written identity holds a key too. That it can't be deleted now is no reason to stop.
        if let Err(error) = destination.clear_leftovers(&lock) {
            tracing::debug!("what a killed process left can't be cleared: {error}");
        }
        Ok(Some(lock))
    }

    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Disk(destination) => destination.path().join(IDENTITY_FILE),
            Self::Memory(_) => PathBuf::from("the identity in memory"),
        }
    }

    pub(super) fn stamp(&self) -> Option<Stamp> {
        match self {
            Self::Disk(_) => {
                let seen = std::fs::symlink_metadata(self.path()).ok()?;
                Some(Stamp { inode: seen.ino(), modified: (seen.mtime(), seen.mtime_nsec()) })
            }
            Self::Memory(held) => {
                let held = locked(held);
                held.state.is_some().then_some(Stamp { inode: held.version, modified: (0, 0) })
            }
        }
    }

    pub(super) fn read(&self) -> Result<Option<StoredState>, StoreError> {
        let destination = match self {
            Self::Disk(destination) => destination,
            Self::Memory(held) => return Ok(locked(held).state.clone()),
        };
        match destination.read(IDENTITY_FILE, format::MAX_FILE) {
            Ok(Some(text)) => format::read(&text, &self.path()).map(Some),
            Ok(None) => Ok(None),
            Err(DestinationError::TooLong { path, length, limit }) => {
                let reason = format!("it has {length} bytes, an identity has at most {limit}");
                Err(StoreError::Corrupt { path, reason })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn write(&self, state: StoredState) -> Result<(), StoreError> {
        match self {
            Self::Disk(destination) => {
                let text = format::write(&state.identity, &state.renewal, &state.machine, state.saved_at)?;
                Ok(destination.replace(IDENTITY_FILE, text.as_bytes())?)
            }
            Self::Memory(held) => {
                let mut held = locked(held);
                held.version += 1;
                held.state = Some(state);
                Ok(())
            }
        }
    }

    /// What is kept beside the identity under another name.
    pub(super) fn read_beside(&self, name: &str, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match self {
            Self::Disk(destination) => Ok(destination.read(name, limit)?),
            Self::Memory(held) => Ok(locked(held).beside.get(name).cloned()),
        }
    }

    pub(super) fn write_beside(&self, name: &str, contents: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Disk(destination) => Ok(destination.replace(name, contents)?),
            Self::Memory(held) => {
                locked(held).beside.insert(name.to_owned(), Zeroizing::new(contents.to_vec()));
                Ok(())
            }
        }
    }

    pub(super) fn try_out(&self) -> Result<(), StoreError> {
        let Self::Disk(destination) = self else { return Ok(()) };
        destination.replace(PROBE_FILE, &[b' '; PROBE_SIZE])?;
        Ok(destination.delete(PROBE_FILE)?)
    }

    /// Whether there was one.
    pub(super) fn remove(&self) -> Result<bool, StoreError> {
        match self {
            Self::Disk(destination) => {
                let stored = self.stamp().is_some();
                destination.delete(IDENTITY_FILE)?;
                Ok(stored)
            }
            Self::Memory(held) => Ok(locked(held).state.take().is_some()),
        }
    }

    pub(super) fn set_aside(&self, now: SystemTime) -> Result<PathBuf, StoreError> {
        let from = self.path();
        match self {
            Self::Disk(_) => {
                let to = from.with_extension(format!("json.set-aside-{}", format::unix_seconds(now)));
                std::fs::rename(&from, &to).map_err(|source| StoreError::Rename { path: from, source })?;
                Ok(to)
            }
            Self::Memory(held) => {
                locked(held).state = None;
                Ok(from)
            }
        }
    }
}

fn locked(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
