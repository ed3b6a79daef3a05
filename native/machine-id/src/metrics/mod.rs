//! What has happened in this process and how things stand, as numbers for Prometheus.
//!
//! One registry of what is counted, [`Metrics`]: whoever sends a join, has a certificate issued or carries a connection
//! tells it what came of that, in one place for each. How things stand ([`Level`]) is looked up when somebody asks.
//!
//! Labels have few values: ids of configured identities and the words of closed lists. No lease, build, host, user or
//! secret is ever one.

mod family;
mod levels;
mod list;
mod outcome;
#[cfg(test)]
mod page_tests;
mod tally;
#[cfg(test)]
mod tests;
mod traffic;

use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use self::family::Series;
pub use self::levels::Level;
pub use self::list::{Kind, METRICS, Metric};
use self::outcome::code;
use self::tally::Tally;
pub use self::tally::{Counts, Outcomes};
pub(crate) use self::traffic::Carried;
pub use self::traffic::Traffic;
#[cfg(test)]
pub(crate) use self::traffic::uncounted;
use crate::error::{Code, Error};
use crate::vocabulary::words;

/// The `Content-Type` of [`Metrics::text`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

words! {
    /// Where a request was refused.
    pub enum Door {
        /// A lease that was asked for, or a certificate of a tunnel.
        Lease = "lease",
        /// A socket for ssh.
        Ssh = "ssh",
        /// A tunnel.
        Tunnel = "tunnel",
    }
}

words! {
    /// Why a request was refused.
    pub enum Reason {
        /// A role that the identity's configuration doesn't allow.
        Role = "role",
        /// A user of this machine that may not connect.
        User = "user",
        /// As many as there may be are connected.
        Full = "full",
    }
}

words! {
    /// Which way bytes went.
    pub enum Direction {
        /// From the client.
        Sent = "sent",
        /// To the client.
        Received = "received",
    }
}

words! {
    /// What tunnels lead to.
    pub enum TunnelTo {
        /// A database.
        Database = "database",
        /// An application.
        Application = "application",
        /// An application that a request to a proxy names.
        Applications = "applications",
    }
}

/// What is counted in this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    tally: Tally,
    joins: Series<Counter>,
    renewals: Series<Counter>,
    issuances: Series<Counter>,
    acquires: Series<Counter>,
    acquire_time: Series<Histogram>,
    refreshes: Series<Counter>,
    heartbeats: Series<Counter>,
    refusals: Series<Counter>,
    ssh_sessions: Series<Counter>,
    ssh_open: Series<Gauge>,
    ssh_bytes: Series<Counter>,
    tunnel_connections: Series<Counter>,
    tunnel_open: Series<Gauge>,
    tunnel_bytes: Series<Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let to = &mut registry;
        let acquire_time: fn() -> Histogram = || Histogram::new(list::ACQUIRE_BOUNDS);
        Self {
            joins: Series::new(list::JOINS, to),
            renewals: Series::new(list::RENEWALS, to),
            issuances: Series::new(list::ISSUANCES, to),
            acquires: Series::new(list::ACQUIRES, to),
            acquire_time: Series::made_by(list::ACQUIRE_TIME, acquire_time, to),
            refreshes: Series::new(list::REFRESHES, to),
            heartbeats: Series::new(list::HEARTBEATS, to),
            refusals: Series::new(list::REFUSALS, to),
            ssh_sessions: Series::new(list::SSH_SESSIONS, to),
            ssh_open: Series::new(list::SSH_OPEN, to),
            ssh_bytes: Series::new(list::SSH_BYTES, to),
            tunnel_connections: Series::new(list::TUNNEL_CONNECTIONS, to),
            tunnel_open: Series::new(list::TUNNEL_OPEN, to),
            tunnel_bytes: Series::new(list::TUNNEL_BYTES, to),
            registry,
            tally: Tally::default(),
        }
    }
}

impl Metrics {
    /// A join was answered.
    pub(crate) fn joined(&self, identity: &str, method: &str, error: Option<Code>) {
        self.joins.of([identity, method, code(error)]).inc();
        self.tally.add(identity, |counts| &mut counts.joins, code(error));
    }

    /// A renewal came to its end.
    pub(crate) fn renewed(&self, identity: &str, error: Option<Code>) {
        self.renewals.of([identity, code(error)]).inc();
        self.tally.add(identity, |counts| &mut counts.renewals, code(error));
    }

    /// A role certificate was asked for.
    pub(crate) fn issued(&self, identity: &str, target: &str, error: Option<Code>) {
        self.issuances.of([identity, target, code(error)]).inc();
        self.tally.add(identity, |counts| &mut counts.issuances, code(error));
    }

    /// A lease was asked for.
    pub(crate) fn acquired<T>(&self, identity: &str, took: Duration, outcome: &Result<T, Error>) {
        let error = outcome.as_ref().err().map(Error::code);
        self.acquires.of([identity, code(error)]).inc();
        let word = if error.is_some() { "error" } else { "ok" };
        self.acquire_time.of([identity, word]).observe(took.as_secs_f64());
    }

    /// A lease was refreshed in place, or not.
    pub(crate) fn refreshed(&self, identity: &str, error: Option<Code>) {
        self.refreshes.of([identity, code(error)]).inc();
    }

    /// A heartbeat was sent.
    pub(crate) fn heartbeat(&self, identity: &str, error: Option<Code>) {
        self.heartbeats.of([identity, code(error)]).inc();
    }

    /// A role was asked for that the configuration doesn't allow.
    pub(crate) fn role_refused(&self) {
        self.refusals.of([Door::Lease.as_str(), Reason::Role.as_str()]).inc();
    }

    /// What is counted at the sockets for ssh.
    pub(crate) fn ssh(&self) -> Traffic {
        let bytes = |direction: Direction| self.ssh_bytes.of([direction.as_str()]);
        Traffic {
            door: Door::Ssh,
            kind: None,
            answers: self.ssh_sessions.clone(),
            refusals: self.refusals.clone(),
            open: self.ssh_open.of([]),
            sent: bytes(Direction::Sent),
            received: bytes(Direction::Received),
        }
    }

    /// What is counted at tunnels.
    pub(crate) fn tunnel(&self, to: TunnelTo) -> Traffic {
        let kind = to.as_str();
        let bytes = |direction: Direction| self.tunnel_bytes.of([kind, direction.as_str()]);
        Traffic {
            door: Door::Tunnel,
            kind: Some(kind),
            answers: self.tunnel_connections.clone(),
            refusals: self.refusals.clone(),
            open: self.tunnel_open.of([kind]),
            sent: bytes(Direction::Sent),
            received: bytes(Direction::Received),
        }
    }

    /// What was counted of an identity, whatever its method and targets.
    pub(crate) fn counts(&self, identity: &str) -> Counts {
        self.tally.of(identity)
    }

    /// All of it in Prometheus' text format, version 0.0.4. `states` are the words that a state can be.
    #[must_use]
    pub fn text(&self, levels: &[Level], states: &[&'static str]) -> String {
        let mut text = String::new();
        for registry in [&levels::registry(levels, states), &self.registry] {
            // Writing into a text doesn't fail.
            let _ = prometheus_text::encode(&mut text, registry);
        }
        text
    }
}
