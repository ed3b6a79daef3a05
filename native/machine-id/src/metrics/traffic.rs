//! What is counted at sockets of ours, without anything of who connects.

use std::fmt::{self, Debug};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::family::Series;
use super::outcome::code;
use super::{Door, Reason};
use crate::error::Error;

/// What is counted at one kind of socket.
#[derive(Clone)]
pub struct Traffic {
    pub(super) door: Door,
    /// A kind's label before others, where the metrics have one.
    pub(super) kind: Option<&'static str>,
    pub(super) answers: Series<Counter>,
    pub(super) refusals: Series<Counter>,
    pub(super) open: Gauge,
    pub(super) sent: Counter,
    pub(super) received: Counter,
}

impl Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic").field("door", &self.door).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Traffic {
    /// A client was connected, or told why not.
    pub(crate) fn answered<T>(&self, outcome: &Result<T, Error>) {
        let code = code(outcome.as_ref().err().map(Error::code));
        match self.kind {
            Some(kind) => self.answers.of([kind, code]).inc(),
            None => self.answers.of([code]).inc(),
        };
    }

    /// A client was sent away before it said what it wants.
    pub(crate) fn refused(&self, reason: Reason) {
        self.refusals.of([self.door.as_str(), reason.as_str()]).inc();
    }

    /// From now on a connection is carried, until what comes back is dropped.
    pub(crate) fn carries(&self) -> Carried {
        self.open.inc();
        Carried { open: self.open.clone(), sent: self.sent.clone(), received: self.received.clone() }
    }
}

/// A connection that is carried.
#[derive(Debug)]
pub(crate) struct Carried {
    open: Gauge,
    sent: Counter,
    received: Counter,
}

impl Carried {
    /// So much went from the client to its service.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.inc_by(count(bytes));
    }

    /// So much came from the service to its client.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.inc_by(count(bytes));
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.open.dec();
    }
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// For tests whose sockets nobody counts.
#[cfg(test)]
pub(crate) fn uncounted() -> Traffic {
    super::Metrics::default().ssh()
}
