//! When something that isn't renewed is no longer to be passed over: half of what was left of its life is gone. Pure.

use std::time::{Duration, SystemTime};

use crate::renew::schedule::{Validity, renewal_point};

/// Whether a certificate should have been renewed so long ago that half of what was left then is gone. `interval` is a
/// renewal interval that is configured.
#[must_use]
pub fn is_overdue(from: SystemTime, until: SystemTime, interval: Option<Duration>, now: SystemTime) -> bool {
    let mut late = Lateness::NONE;
    late.renewed(renewal_point(Validity::of_certificate(from, until), interval, LATEST), until);
    late.is_late(now)
}

/// Which point of the window counts: the last one for a lifetime, the longest for an interval.
const LATEST: f64 = 1.0;

/// The life of one certificate, and since when its renewal fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lateness {
    /// When it should be renewed, and when it ends; none: there is none yet.
    life: Option<(SystemTime, SystemTime)>,
    failing_since: Option<SystemTime>,
    said: bool,
}

impl Lateness {
    /// Of something that isn't there yet.
    pub(super) const NONE: Self = Self { life: None, failing_since: None, said: false };

    /// It was renewed; the next time is `due`.
    pub(super) const fn renewed(&mut self, due: SystemTime, expires: SystemTime) {
        *self = Self { life: Some((due, expires)), ..Self::NONE };
    }

    /// A renewal has failed.
    pub(super) fn failed(&mut self, now: SystemTime) {
        self.failing_since.get_or_insert(now);
    }

    /// From when it is late, if it isn't renewed before.
    pub(super) fn at(&self) -> Option<SystemTime> {
        let (due, expires) = self.life?;
        let begun = self.failing_since.map_or(due, |since| since.min(due));
        Some(begun + expires.duration_since(begun).unwrap_or_default() / 2)
    }

    pub(super) fn is_late(&self, now: SystemTime) -> bool {
        self.at().is_some_and(|at| now >= at)
    }

    /// Whether it is late and that wasn't said yet; from now on it was.
    pub(super) fn must_be_said(&mut self, now: SystemTime) -> bool {
        let late = self.is_late(now);
        late && !std::mem::replace(&mut self.said, late)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_renewed_in_time_is_never_late() {
        let mut late = Lateness::NONE;
        assert_eq!(late.at(), None);
        for hour in 0..5 {
            late.renewed(at(hour * 3600 + 1800), at(hour * 3600 + 3600));
            assert!(!late.is_late(at(hour * 3600 + 1800)));
        }
    }

    #[test]
    fn half_of_what_was_left_is_gone_since_it_was_due_or_first_failed() {
        let mut late = Lateness::NONE;
        late.renewed(at(1800), at(3600));
        assert_eq!(late.at(), Some(at(2700)), "nobody has even tried");
        late.failed(at(1900));
        assert_eq!(late.at(), Some(at(2700)));
        let mut early = Lateness::NONE;
        early.renewed(at(1800), at(3600));
        early.failed(at(600));
        early.failed(at(700));
        assert_eq!(early.at(), Some(at(2100)), "a rotation asked for it before it was due");
    }

    #[test]
    fn a_certificate_on_disk_is_overdue_after_five_sixths_of_its_life() {
        let overdue = |minutes: u64| is_overdue(at(0), at(3660), None, at(60 + minutes * 60));
        assert!(!overdue(49) && overdue(50));
        let often = |minutes: u64| is_overdue(at(0), at(3660), Some(Duration::from_secs(1200)), at(60 + minutes * 60));
        assert!(!often(38) && often(40));
    }

    #[test]
    fn it_is_said_once_and_again_after_the_next_success() {
        let mut late = Lateness::NONE;
        late.renewed(at(10), at(20));
        assert!(!late.must_be_said(at(14)) && late.must_be_said(at(15)) && !late.must_be_said(at(16)));
        late.renewed(at(30), at(40));
        assert!(!late.must_be_said(at(31)) && late.must_be_said(at(35)));
    }

    proptest! {
        #[test]
        fn it_is_known_before_the_end(due in 0_u64..10_000, left in 2_u64..10_000, failed in 0_u64..30_000) {
            let mut late = Lateness::NONE;
            late.renewed(at(due), at(due + left));
            late.failed(at(failed));
            let known = late.at().unwrap();
            prop_assert!(known < at(due + left));
            prop_assert!(known <= at(due) + Duration::from_secs(left) / 2);
        }
    }
}
