//! What the double has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::fault::Point;

/// Numbers of requests, successes and locks so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Requests seen, by kind; also those that were refused or hit by a fault.
    pub seen: BTreeMap<Point, u64>,
    /// Joins that issued certificates.
    pub joined: u64,
    /// Renewals that advanced a generation.
    pub renewed: u64,
    /// Role certificates issued.
    pub impersonated: u64,
    /// Locks the double made by itself: on a generation mismatch, and on a wrong join state.
    pub locks: u64,
    /// What clients said in the metadata `version`, each once. A well-behaved one says nothing.
    pub client_versions: BTreeSet<String>,
}

impl Snapshot {
    /// Requests of one kind.
    #[must_use]
    pub fn seen(&self, point: Point) -> u64 {
        self.seen.get(&point).copied().unwrap_or(0)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<Snapshot>);

impl Counters {
    pub(crate) fn see(&self, point: Point) {
        self.change(|counts| *counts.seen.entry(point).or_default() += 1);
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
