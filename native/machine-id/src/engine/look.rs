//! When the cluster is asked whether anything has changed: its authorities, or a lock on us. Pure: all times are
//! monotonic and come as parameters, chance comes as numbers in `0.0..1.0`. `stretch` is how many times as long the cluster is
//! left alone because it is slow ([`crate::strain`]); a change that it tells of is read at once all the same.

use std::time::Duration;

/// Between two looks, from 80 to 120 % of it: a lock is seen within this time.
const EVERY: Duration = Duration::from_secs(60);
/// How long a working watch is believed: it hears of changes at once, and a look is one ping instead of four readings.
const BELIEVED: Duration = Duration::from_secs(600);
/// A rotation touches several authorities one after the other.
const DEBOUNCE: Duration = Duration::from_millis(500);
/// What changed between the last reading and the beginning of a watch isn't told. Spread, since after an outage a whole
/// fleet begins to watch.
const AFTER_BEGIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(28));

/// After a look it takes this long until somebody else's refusal leads to the next one.
const ALARM: Duration = Duration::from_secs(5);

/// What to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Whether we are still welcome.
    Ping,
    /// All authorities.
    Authorities,
}

/// The schedule of one identity.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    at: Duration,
    read_at: Duration,
    looked_at: Option<Duration>,
}

impl Looks {
    /// Nothing is connected yet.
    pub(super) const fn new(now: Duration) -> Self {
        let at = now.saturating_add(EVERY);
        Self { at, read_at: at, looked_at: None }
    }

    /// When the next look is due.
    pub(super) const fn at(&self) -> Duration {
        self.at
    }

    /// The authorities have just been read.
    pub(super) fn established(&mut self, now: Duration, stretch: f64, unit: f64) {
        self.at = now + around(EVERY.mul_f64(stretch), unit);
        self.read_at = self.at;
    }

    /// A watch has begun.
    pub(super) fn watching(&mut self, now: Duration, stretch: f64, unit: f64) {
        self.read_by(now + AFTER_BEGIN.0 + AFTER_BEGIN.1.mul_f64(stretch * unit));
    }

    /// The watch tells of a change.
    pub(super) fn changed(&mut self, now: Duration) {
        self.read_by(now + DEBOUNCE);
    }

    /// Somebody was refused because of a lock: it is looked at once, however many are.
    pub(super) fn alarmed(&mut self, now: Duration) {
        let next = self.looked_at.map_or(now, |looked_at| now.max(looked_at + ALARM));
        self.at = self.at.min(next);
    }

    /// What to ask now that a look is due, and plans the next one.
    pub(super) fn take(&mut self, now: Duration, watched: bool, stretch: f64, unit: f64) -> Look {
        self.looked_at = Some(now);
        let look = if watched && now < self.read_at { Look::Ping } else { Look::Authorities };
        let next = now + around(EVERY.mul_f64(stretch), unit);
        if look == Look::Authorities {
            self.read_at = if watched { now + around(BELIEVED.mul_f64(stretch), unit) } else { next };
        }
        self.at = next.min(self.read_at);
        look
    }

    fn read_by(&mut self, time: Duration) {
        self.read_at = self.read_at.min(time);
        self.at = self.at.min(time);
    }
}

fn around(duration: Duration, unit: f64) -> Duration {
    duration.mul_f64(0.4_f64.mul_add(unit, 0.8))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The looks of `length` seconds, from the moment that a watch has begun.
    fn day(watched: bool, length: u64) -> (usize, usize) {
        let mut looks = Looks::new(s(0));
        looks.established(s(0), 1.0, 0.5);
        if watched {
            looks.watching(s(0), 1.0, 0.5);
        }
        let (mut pings, mut readings) = (0, 0);
        while looks.at() < s(length) {
            match looks.take(looks.at(), watched, 1.0, 0.5) {
                Look::Ping => pings += 1,
                Look::Authorities => readings += 1,
            }
        }
        (pings, readings)
    }

    #[test]
    fn without_a_watch_everything_is_read_every_minute() {
        assert_eq!(day(false, 3601), (0, 60));
    }

    #[test]
    fn with_a_watch_a_ping_a_minute_will_do_and_a_reading_every_ten() {
        let (pings, readings) = day(true, 3601);
        assert!((50..=56).contains(&pings) && (6..=7).contains(&readings), "{pings} {readings}");
    }

    #[test]
    fn a_change_that_is_told_is_read_in_half_a_second() {
        let mut looks = Looks::new(s(0));
        looks.take(s(1), true, 1.0, 0.5);
        looks.changed(s(10));
        assert_eq!(looks.at(), s(10) + DEBOUNCE);
        assert_eq!(looks.take(looks.at(), true, 1.0, 0.5), Look::Authorities);
        assert_eq!(looks.take(looks.at(), true, 1.0, 0.5), Look::Ping);
    }

    #[test]
    fn what_came_before_the_watch_is_read_within_half_a_minute() {
        for unit in [0.0, 0.999] {
            let mut looks = Looks::new(s(0));
            looks.established(s(5), 1.0, unit);
            looks.watching(s(5), 1.0, unit);
            assert!(looks.at() <= s(35), "{:?}", looks.at());
            assert_eq!(looks.take(looks.at(), true, 1.0, unit), Look::Authorities);
        }
    }

    #[test]
    fn a_refusal_is_looked_into_at_once_and_a_hundred_of_them_once() {
        let mut looks = Looks::new(s(0));
        looks.established(s(0), 1.0, 0.5);
        looks.alarmed(s(7));
        assert_eq!(looks.at(), s(7));
        looks.take(s(7), true, 1.0, 0.5);
        for _ in 0..100 {
            looks.alarmed(s(8));
        }
        assert_eq!(looks.at(), s(12));
    }

    #[test]
    fn a_lost_watch_is_not_believed() {
        let mut looks = Looks::new(s(0));
        assert_eq!(looks.take(s(60), true, 1.0, 0.5), Look::Authorities);
        assert_eq!(looks.take(looks.at(), false, 1.0, 0.5), Look::Authorities);
    }

    #[test]
    fn a_slow_cluster_is_looked_at_less_often_but_a_change_is_read_at_once() {
        let mut looks = Looks::new(s(0));
        looks.established(s(0), 4.0, 0.5);
        assert_eq!(looks.at(), s(240));
        looks.take(s(240), true, 4.0, 0.5);
        assert_eq!(looks.at(), s(480));
        looks.changed(s(300));
        assert_eq!(looks.at(), s(300) + DEBOUNCE);
        looks.alarmed(s(300));
        assert_eq!(looks.at(), s(300));
    }
}
