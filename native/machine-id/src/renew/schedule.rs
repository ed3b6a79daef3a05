//! When a certificate is renewed. Pure: times in, a time out.

use std::time::{Duration, SystemTime};

/// The validity of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    /// Start; the cluster puts it a minute into the past (protocol B1).
    pub from: SystemTime,
    /// End.
    pub until: SystemTime,
}

/// How far the cluster puts the start of a certificate into the past (protocol B1): not a part of its life.
const BACKDATED: Duration = Duration::from_secs(60);

impl Validity {
    /// The useful life of a certificate that was issued a minute after its start of validity.
    #[must_use]
    pub(crate) fn of_certificate(valid_from: SystemTime, valid_until: SystemTime) -> Self {
        let issued = valid_from.checked_add(BACKDATED).unwrap_or(valid_from);
        Self { from: issued.min(valid_until), until: valid_until }
    }

    /// The whole span; zero if the end lies before the start.
    #[must_use]
    pub(crate) fn lifetime(&self) -> Duration {
        self.until.duration_since(self.from).unwrap_or_default()
    }
}

/// The moment at which a certificate should be renewed.
///
/// Without a fixed `interval`: a point between half and two thirds of the lifetime, spread by `unit` (a random
/// number in `0.0..1.0`), so that agents which started together don't renew together. With one: that long after
/// the start, up to a tenth earlier, and never later than two thirds of the lifetime: a lifetime that the cluster
/// shortened is followed.
#[must_use]
pub(crate) fn renewal_point(validity: Validity, interval: Option<Duration>, unit: f64) -> SystemTime {
    let unit = unit.clamp(0.0, 1.0);
    let lifetime = validity.lifetime();
    let latest = lifetime.mul_f64(2.0 / 3.0);
    let after = match interval {
        Some(interval) => interval.min(latest).mul_f64(0.1_f64.mul_add(-unit, 1.0)),
        None => lifetime.mul_f64(0.5 + unit / 6.0),
    };
    validity.from + after
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(from: u64, until: u64) -> Validity {
        let at = |hour| SystemTime::UNIX_EPOCH + Duration::from_secs(hour * 3600);
        Validity { from: at(from), until: at(until) }
    }

    #[test]
    fn without_an_interval_renewal_falls_between_half_and_two_thirds() {
        let validity = hours(0, 6);
        assert_eq!(renewal_point(validity, None, 0.0), hours(3, 3).from);
        assert_eq!(renewal_point(validity, None, 1.0), hours(4, 4).from);
    }

    #[test]
    fn an_interval_is_kept_unless_the_cluster_shortened_the_lifetime() {
        let interval = Some(Duration::from_secs(5 * 3600));
        assert_eq!(renewal_point(hours(0, 12), interval, 0.0), hours(5, 5).from);
        assert_eq!(renewal_point(hours(0, 3), interval, 0.0), hours(2, 2).from);
    }

    #[test]
    fn the_minute_before_its_issuance_is_no_part_of_a_short_life() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let validity = Validity::of_certificate(at(1000), at(1120));
        assert_eq!(validity, Validity { from: at(1060), until: at(1120) });
        assert_eq!(renewal_point(validity, None, 0.0), at(1090));
        assert_eq!(Validity::of_certificate(at(1000), at(1030)).lifetime(), Duration::ZERO);
    }

    #[test]
    fn an_interval_of_any_length_is_bounded_by_the_lifetime() {
        // Found by fuzzing: the jitter of the longest interval is no duration any more.
        assert_eq!(renewal_point(hours(0, 3), Some(Duration::MAX), 0.0), hours(2, 2).from);
    }

    proptest! {
        #[test]
        fn renewal_always_falls_inside_the_lifetime(from in 0_u64..1 << 33, life in 1_u64..1 << 25, interval in proptest::option::of(1_u64..1 << 25), unit in 0.0_f64..1.0) {
            let validity = Validity {
                from: SystemTime::UNIX_EPOCH + Duration::from_secs(from),
                until: SystemTime::UNIX_EPOCH + Duration::from_secs(from + life),
            };
            let point = renewal_point(validity, interval.map(Duration::from_secs), unit);
            prop_assert!(validity.from <= point && point < validity.until);
        }

        #[test]
        fn a_certificate_that_ends_before_it_starts_is_due_at_once(from in 1_u64..1000, unit in 0.0_f64..1.0) {
            let validity = Validity {
                from: SystemTime::UNIX_EPOCH + Duration::from_secs(from),
                until: SystemTime::UNIX_EPOCH,
            };
            prop_assert_eq!(renewal_point(validity, None, unit), validity.from);
        }
    }
}
