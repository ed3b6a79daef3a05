//! How long the keeper of an identity leaves a cluster alone that was away, or has cut the connection, by who needs it. Pure:
//! times and chance come as parameters.
//!
//! When a cluster comes back a whole fleet wants to be connected. Who has a build waiting goes first; the others, whom nobody
//! misses yet, come one by one, so that the cluster has hardly more to do than on any day (`docs/performance.md`). Whoever
//! asks meanwhile, as a new build does, is not held up by this: see [`super::retry_gate`].

use std::time::{Duration, SystemTime};

use crate::renew::schedule::Validity;

/// A build tries again after this at least and so much more at most: with the time that a connection takes no build waits
/// longer than ten seconds for a cluster that is back.
const BUILD: (Duration, Duration) = (Duration::from_secs(7), Duration::from_secs(2));
/// After the first failure, and after a connection was lost, from 0 to this: a fleet loses its connections at one moment.
const FIRST: Duration = Duration::from_secs(420);
/// After the second one from 0 to this, so that a fleet is spread evenly from then on; after each further one a tenth less at
/// most. Nobody who is idle waits longer, and nobody longer than a sixth of what certificates live there, or than a minute
/// where they live shorter or none was there yet.
const IDLE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));
/// What is live is looked after when at most half of its rest has gone, at this distance at least and at most.
const LIVE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(900));
/// A build whose certificates end within this time is waiting already.
const SOON: Duration = Duration::from_secs(60);

/// Who needs the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A build that has no certificates, or soon none.
    Build,
    /// What is there is valid for so long.
    Live(Duration),
    /// Nobody that we know of: nothing that is held is valid any more. It may wait for so long.
    Idle(Duration),
}

impl Need {
    /// The more urgent one.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Build, _) | (_, Self::Build) => Self::Build,
            (Self::Live(one), Self::Live(two)) => Self::Live(one.min(two)),
            // What has expired doesn't wait as long as what is valid for a long time yet.
            (Self::Live(left), Self::Idle(longest)) | (Self::Idle(longest), Self::Live(left)) => {
                if left / 2 < longest {
                    Self::Live(left)
                } else {
                    Self::Idle(longest)
                }
            }
            (Self::Idle(one), Self::Idle(two)) => Self::Idle(one.min(two)),
        }
    }

    /// What certificates need that are valid so, if there are any. `standing` ones belong to no build.
    pub(super) fn of(validity: Option<Validity>, standing: bool, now: SystemTime) -> Self {
        let left = validity.and_then(|validity| validity.until.duration_since(now).ok()).filter(|left| !left.is_zero());
        match left {
            Some(left) if standing || left > SOON => Self::Live(left),
            None if standing => {
                let life = validity.map_or(Duration::ZERO, |validity| validity.lifetime());
                Self::Idle((life / 6).clamp(IDLE.0, IDLE.1))
            }
            _ => Self::Build,
        }
    }
}

/// The wait of one keeper, through the failures of one outage.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When the failure was that is waited after, how many there were, and what chance said to it.
    failed: Option<(Duration, u32, f64)>,
}

impl Patience {
    /// When the next try may come (monotonic). `failed_at` is the last failure's time, or that of the loss of a connection;
    /// `gate_until` is when somebody who asks would be let through.
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
            Need::Build => gate_until.min(at + BUILD.0 + BUILD.1.mul_f64(unit)),
            Need::Idle(longest) => gate_until.max(at + spread(tries, longest, unit)),
            Need::Live(left) => {
                let early = left.mul_f64(0.25_f64.mul_add(unit, 0.25)).max(LIVE.0);
                gate_until.max(at + spread(tries, LIVE.1, unit).min(early))
            }
        })
    }
}

fn spread(tries: u32, longest: Duration, unit: f64) -> Duration {
    match tries {
        0 => FIRST.min(longest).mul_f64(unit),
        1 => longest.mul_f64(unit),
        _ => longest.mul_f64(0.1_f64.mul_add(unit, 0.9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const IDLE: Need = Need::Idle(super::IDLE.1);

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + s(second)
    }

    fn until(second: u64) -> Option<Validity> {
        Some(Validity { from: at(0), until: at(second) })
    }

    #[test]
    fn a_build_without_valid_certificates_needs_it_and_a_standing_output_does_not() {
        assert_eq!(Need::of(None, false, at(100)), Need::Build);
        assert_eq!(Need::of(until(100), false, at(100)), Need::Build);
        assert_eq!(Need::of(until(159), false, at(100)), Need::Build);
        assert_eq!(Need::of(until(300), false, at(100)), Need::Live(s(200)));
        assert_eq!(Need::of(until(110), true, at(100)), Need::Live(s(10)));
        assert_eq!(IDLE.or(Need::Live(s(9))).or(Need::Live(s(7))), Need::Live(s(7)));
        assert_eq!(Need::Live(s(7)).or(Need::Build), Need::Build);
    }

    #[test]
    fn who_is_idle_waits_as_long_as_its_certificates_suggest() {
        assert_eq!(Need::of(until(3600), true, at(3600)), Need::Idle(s(600)));
        assert_eq!(Need::of(until(86_400), true, at(90_000)), Need::Idle(s(600)));
        assert_eq!(Need::of(until(1200), true, at(1201)), Need::Idle(s(200)));
        assert_eq!(Need::of(until(60), true, at(100)), Need::Idle(s(60)));
        assert_eq!(Need::of(None, true, at(100)), Need::Idle(s(60)));
    }

    #[test]
    fn without_a_failure_nobody_waits_and_the_next_outage_begins_anew() {
        let mut patience = Patience::default();
        assert_eq!(patience.until(None, None, IDLE, || 1.0), None);
        assert_eq!(patience.until(Some(s(10)), Some(s(11)), IDLE, || 1.0), Some(s(430)));
        assert_eq!(patience.until(Some(s(430)), Some(s(431)), IDLE, || 0.5), Some(s(730)));
        assert_eq!(patience.until(Some(s(730)), Some(s(731)), IDLE, || 0.0), Some(s(1270)));
        assert_eq!(patience.until(None, None, IDLE, || 1.0), None);
        assert_eq!(patience.until(Some(s(2000)), Some(s(2001)), IDLE, || 0.5), Some(s(2210)));
    }

    #[test]
    fn a_build_that_comes_ends_the_wait_and_chance_is_asked_once_for_a_failure() {
        let mut patience = Patience::default();
        let mut wait = |failed, gate, need| patience.until(Some(s(failed)), Some(s(gate)), need, || 0.5).unwrap();
        wait(0, 1, IDLE);
        assert_eq!(wait(100, 101, IDLE), s(400));
        assert_eq!(wait(100, 101, Need::Build), s(101));
        assert_eq!(wait(100, 160, Need::Build), s(108));
        assert_eq!(wait(100, 101, Need::Live(s(400))), s(250));
        assert_eq!(wait(100, 101, Need::Live(s(2))), s(105));
        // A server that asks for more is followed.
        assert_eq!(wait(100, 900, IDLE), s(900));
    }

    #[test]
    fn whose_certificates_live_waits_longest_and_a_build_never_beyond_ten_seconds() {
        for unit in [0.0, 0.4, 0.999] {
            let mut patience = Patience::default();
            let mut wait = |failed, need| patience.until(Some(s(failed)), Some(s(failed)), need, || unit).unwrap();
            wait(0, IDLE);
            wait(500, IDLE);
            let (live, idle) = (wait(1000, Need::Live(s(36_000))), wait(1000, IDLE));
            assert!(live > idle && idle <= s(1600) && live <= s(1900), "{live:?} {idle:?}");
            assert!(wait(1000, Need::Build) <= s(1009));
        }
    }
}
