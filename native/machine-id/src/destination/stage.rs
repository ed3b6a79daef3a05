//! A change of a destination that has begun.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::lock::DirectoryLock;
use super::pair::PairPaths;
use super::written::Written;
use super::{Destination, DestinationError, remove};

/// A set of files in the making. Nothing is changed before it is committed.
#[derive(Debug)]
pub struct Stage<'a> {
    pub(super) destination: &'a Destination,
    /// What earlier sets have put there.
    pub(super) written: Written,
    /// Nothing was written here before, as far as is known.
    pub(super) first: bool,
    /// Whether `ssh` reads a pair of the set.
    pub(super) paired: bool,
    _lock: DirectoryLock,
}

impl<'a> Stage<'a> {
    pub(super) fn begin(destination: &'a Destination, wait: Duration) -> Result<Self, DestinationError> {
        let lock = destination.lock(wait)?;
        let (top, path) = (&destination.handle, destination.path.as_path());
        let first = destination.untouched.swap(false, Ordering::Relaxed);
        let written = if first {
            Written::default()
        } else {
            remove::leftovers(top, path, &remove::entries(top, path)?)?;
            Written::read(top)
        };
        Ok(Self { destination, written, first, paired: false, _lock: lock })
    }

    /// Where `ssh` finds key and certificate of this set and of all later ones, so that they match at every instant.
    pub fn pair(&mut self) -> PairPaths {
        self.paired = true;
        PairPaths::below(&self.destination.path)
    }
}
