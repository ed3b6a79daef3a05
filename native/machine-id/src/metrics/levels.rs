//! How things stand at the moment at which the metrics are asked for.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::family::Series;
use super::list;
use crate::error::Code;

/// How an identity and its leases stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The identity's id.
    pub identity: String,
    /// Its state, and all that there are.
    pub state: &'static str,
    /// Seconds until it expires.
    pub remaining: Option<f64>,
    /// What keeps it from working as it should.
    pub trouble: Option<Code>,
    /// Whether there is a connection to the auth server.
    pub connected: bool,
    /// Its leases.
    pub leases: usize,
    /// Those that can't be used.
    pub unusable: usize,
    /// Those that can't be refreshed now.
    pub failing: usize,
    /// Those that are late.
    pub late: usize,
    /// Seconds until the first lease expires.
    pub lease_remaining: Option<f64>,
}

type Number = Gauge<f64, std::sync::atomic::AtomicU64>;

/// A registry of these levels alone: what is gone by now has no series in it.
pub(super) fn registry(levels: &[Level], states: &[&'static str]) -> Registry {
    let mut registry = Registry::default();
    let mut gauges = |metric| Series::<Number>::new(metric, &mut registry);
    let (build, state, remaining) = (gauges(list::BUILD), gauges(list::STATE), gauges(list::REMAINING));
    let (trouble, connected) = (gauges(list::TROUBLE), gauges(list::CONNECTED));
    let counts = [list::LEASES, list::UNUSABLE, list::FAILING, list::LATE].map(&mut gauges);
    let lease_remaining = gauges(list::LEASE_REMAINING);
    build.of([env!("CARGO_PKG_VERSION")]).set(1.0);
    for level in levels {
        let identity = level.identity.as_str();
        for one in states {
            state.of([identity, one]).set(flag(*one == level.state));
        }
        if let Some(left) = level.remaining {
            remaining.of([identity]).set(left);
        }
        if let Some(code) = level.trouble {
            trouble.of([identity, code.as_str()]).set(1.0);
        }
        connected.of([identity]).set(flag(level.connected));
        for (gauge, count) in counts.iter().zip([level.leases, level.unusable, level.failing, level.late]) {
            gauge.of([identity]).set(number(count));
        }
        if let Some(left) = level.lease_remaining {
            lease_remaining.of([identity]).set(left);
        }
    }
    registry
}

fn flag(on: bool) -> f64 {
    if on { 1.0 } else { 0.0 }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
