//! How long the keeper of an identity leaves a cluster alone that was away, by who needs it. Pure: times and chance come as
//! parameters.
//!
//! When a cluster comes back a whole fleet wants to be connected. Who has a build waiting goes first; the others, whom nobody
//! misses yet, come one by one, so that the cluster has hardly more to do than on any day (`docs/performance.md`). Whoever
//! asks meanwhile, as a new build does, is not held up by this: see [`super::retry_gate`].

use std::time::{Duration, SystemTime};

use super::freshness::Freshness;

/// No build waits longer for a cluster that is back.
const BUILD: Duration = Duration::from_secs(10);
/// After the first failure from 0 to this, so that one lost answer costs nobody much.
const FIRST: Duration = Duration::from_secs(120);
/// After each further one: a third less at least. Nobody who is idle waits longer.
const IDLE: Duration = Duration::from_secs(600);
/// What is live is looked after when at most half of its rest has gone, at this distance at least.
const LIVE: Duration = Duration::from_secs(5);
/// A build whose certificates end within this time is waiting already.
const SOON: Duration = Duration::from_secs(60);

/// Who needs the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A build that has no certificates, or soon none.
    Build,
    /// What is there is valid for so long.
    Live(Duration),
    /// Nobody that we know of: nothing that is held is valid any more.
    Idle,
}

impl Need {
    /// The more urgent one.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Build, _) | (_, Self::Build) => Self::Build,
            (Self::Live(one), Self::Live(two)) => Self::Live(one.min(two)),
            (Self::Live(left), Self::Idle) | (Self::Idle, Self::Live(left)) => Self::Live(left),
            (Self::Idle, Self::Idle) => Self::Idle,
        }
    }

    /// What certificates are worth that end at `end`, if there are any. `standing` ones belong to no build.
    pub(super) fn of(end: Option<SystemTime>, standing: bool, now: SystemTime) -> Self {
        let left = end.and_then(|end| end.duration_since(now).ok()).filter(|left| !left.is_zero());
        match left {
            Some(left) if standing || left > SOON => Self::Live(left),
            None if standing => Self::Idle,
            _ => Self::Build,
        }
    }

    /// What a lease needs.
    pub(super) fn of_lease(lease: &Freshness, standing: bool, now: SystemTime) -> Self {
        Self::of(lease.expires_at(), standing, now)
    }
}

/// The wait of one keeper, through the failures of one outage.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When the failure was that is waited after, how many there were, and what chance said to it.
    failed: Option<(Duration, u32, f64)>,
}

impl Patience {
    /// When the next try may come (monotonic). `failed_at` is the last failure's time, none without one; `gate_until` is when
    /// somebody who asks would be let through.
    pub(super) fn until(
        &mut self,
        failed_at: Option<Duration>,
        gate_until: Option<Duration>,
        need: Need,
        unit: impl FnOnce() -> f64,
    ) -> Option<Duration> {
        let (Some(failed_at), Some(gate_until)) = (failed_at, gate_until) else {
            self.failed = None;
            return None;
        };
        let (at, tries, unit) = match self.failed {
            Some(known) if known.0 == failed_at => known,
            Some((_, tries, _)) => (failed_at, tries.saturating_add(1), unit()),
            None => (failed_at, 0, unit()),
        };
        self.failed = Some((at, tries, unit));
        Some(match need {
            Need::Build => gate_until.min(at + BUILD),
            Need::Idle => gate_until.max(at + idle(tries, unit)),
            Need::Live(left) => {
                let early = left.mul_f64(0.25_f64.mul_add(unit, 0.25)).max(LIVE);
                gate_until.max(at + idle(tries, unit).min(early))
            }
        })
    }
}

fn idle(tries: u32, unit: f64) -> Duration {
    if tries == 0 { FIRST.mul_f64(unit) } else { IDLE.mul_f64((1.0 / 3.0_f64).mul_add(unit, 2.0 / 3.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + s(second)
    }

    #[test]
    fn a_build_without_valid_certificates_needs_it_and_a_standing_output_does_not() {
        assert_eq!(Need::of(None, false, at(100)), Need::Build);
        assert_eq!(Need::of(Some(at(100)), false, at(100)), Need::Build);
        assert_eq!(Need::of(Some(at(159)), false, at(100)), Need::Build);
        assert_eq!(Need::of(Some(at(300)), false, at(100)), Need::Live(s(200)));
        assert_eq!(Need::of(Some(at(110)), true, at(100)), Need::Live(s(10)));
        assert_eq!(Need::of(Some(at(90)), true, at(100)), Need::Idle);
        assert_eq!(Need::Idle.or(Need::Live(s(9))).or(Need::Live(s(7))), Need::Live(s(7)));
        assert_eq!(Need::Live(s(7)).or(Need::Build), Need::Build);
    }

    #[test]
    fn without_a_failure_nobody_waits_and_the_next_outage_begins_anew() {
        let mut patience = Patience::default();
        assert_eq!(patience.until(None, None, Need::Idle, || 1.0), None);
        assert_eq!(patience.until(Some(s(10)), Some(s(11)), Need::Idle, || 1.0), Some(s(130)));
        assert_eq!(patience.until(Some(s(130)), Some(s(131)), Need::Idle, || 1.0), Some(s(730)));
        assert_eq!(patience.until(None, None, Need::Idle, || 1.0), None);
        assert_eq!(patience.until(Some(s(800)), Some(s(801)), Need::Idle, || 0.5), Some(s(860)));
    }

    #[test]
    fn a_build_that_comes_ends_the_wait_and_chance_is_asked_once_for_a_failure() {
        let mut patience = Patience::default();
        let mut wait = |failed, gate, need| patience.until(Some(s(failed)), Some(s(gate)), need, || 0.5).unwrap();
        wait(0, 1, Need::Idle);
        assert_eq!(wait(100, 101, Need::Idle), s(600));
        assert_eq!(wait(100, 101, Need::Build), s(101));
        assert_eq!(wait(100, 160, Need::Build), s(110));
        assert_eq!(wait(100, 101, Need::Live(s(400))), s(250));
        assert_eq!(wait(100, 101, Need::Live(s(2))), s(105));
        // A server that asks for more is followed.
        assert_eq!(wait(100, 900, Need::Idle), s(900));
    }
}
