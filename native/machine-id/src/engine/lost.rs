//! A connection that is lost while nobody needs it. Pure: times are monotonic and come as parameters, chance as a number in
//! `0.0..1.0`.
//!
//! A proxy that restarts cuts a whole fleet at one moment. So whoever needs nothing now comes back in its turn
//! ([`super::patience`]), also where the cluster has never been away. Until then one connection, on which nothing is said,
//! tells whether somebody listens there, so that an outage is known at once.

use std::time::Duration;

/// The knocks of a fleet come within this time.
const KNOCKS: Duration = Duration::from_secs(10);

/// What is known of it; nothing while the connection works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    at: Option<Duration>,
    knock_at: Option<Duration>,
    needed: bool,
}

impl Lost {
    /// How it looks now; gives whether it wasn't known yet that it is lost.
    pub(super) fn seen(&mut self, lost: bool, now: Duration, unit: impl FnOnce() -> f64) -> bool {
        let new = lost && self.at.is_none();
        if !lost {
            (self.at, self.knock_at) = (None, None);
        } else if new {
            (self.at, self.knock_at) = (Some(now), Some(now + KNOCKS.mul_f64(unit())));
        }
        new
    }

    /// Somebody's connections were refused or cut, now or just before it was lost: only the cluster knows why, so that it
    /// isn't left alone any longer.
    pub(super) const fn needed(&mut self) {
        self.needed = true;
    }

    /// The cluster was asked.
    pub(super) const fn asked(&mut self) {
        self.needed = false;
    }

    /// Since when, where nobody needs it.
    pub(super) const fn at(&self) -> Option<Duration> {
        if self.needed { None } else { self.at }
    }

    /// When to see whether somebody listens.
    pub(super) const fn knock_at(&self) -> Option<Duration> {
        self.knock_at
    }

    /// That was seen.
    pub(super) const fn knocked(&mut self) {
        self.knock_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_loss_is_dated_once_and_knocked_at_once() {
        let mut lost = Lost::default();
        assert!(lost.seen(true, s(100), || 0.5));
        assert_eq!((lost.at(), lost.knock_at()), (Some(s(100)), Some(s(105))));
        assert!(!lost.seen(true, s(103), || 0.9));
        assert_eq!(lost.knock_at(), Some(s(105)));
        lost.knocked();
        lost.seen(true, s(110), || 0.9);
        assert_eq!((lost.at(), lost.knock_at()), (Some(s(100)), None));
        lost.seen(false, s(120), || 0.9);
        assert_eq!(lost, Lost::default());
    }

    #[test]
    fn a_loss_that_somebody_meets_is_not_waited_out_whichever_is_seen_first() {
        let (mut before, mut after) = (Lost::default(), Lost::default());
        before.needed();
        before.seen(true, s(100), || 0.5);
        after.seen(true, s(100), || 0.5);
        after.needed();
        for mut lost in [before, after] {
            assert_eq!(lost.at(), None);
            lost.asked();
            assert_eq!(lost.at(), Some(s(100)));
        }
    }
}
