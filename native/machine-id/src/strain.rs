//! How strained a cluster seems, by the time that its answers take, and how much longer whoever needs nothing leaves it
//! alone. Pure: times come as parameters.
//!
//! Nobody tells a fleet that its cluster is slow; each member feels it. The rate of what isn't needed now is halved by a
//! slow answer and grows again by the same small step with each quick one, as TCP does it: so all together come to what
//! the cluster can bear. What somebody waits for is never held back by this.

use std::time::{Duration, SystemTime};

/// The lowest rate, as a part of the usual one.
const LEAST: f64 = 0.25;
/// What a quick answer gives back of it.
const STEP: f64 = 0.125;
/// One slow moment counts once, however many answers it delays; one quick moment, too.
const SLOWER_EVERY: Duration = Duration::from_secs(10);
const FASTER_EVERY: Duration = Duration::from_secs(30);
/// An answer is slow that takes so many times as long as usual.
const TIMES: u32 = 4;
/// The usual time follows longer ones by one part in so many.
const FOLLOWS: u32 = 50;
/// Of what is due, the last of so many parts of its remaining life may pass first, at the lowest rate.
const POSTPONED: f64 = 0.25;
/// What is left of a certificate's life where nothing is postponed any more.
const LAST: Duration = Duration::from_secs(60);

/// What took its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A connection, until calls can be made on it.
    Connection,
    /// A call on a connection.
    Call,
}

impl Asked {
    /// What is never slow, whatever is usual.
    const fn quick(self) -> Duration {
        match self {
            Self::Connection => Duration::from_secs(3),
            Self::Call => Duration::from_secs(1),
        }
    }
}

/// What one member feels of its cluster.
#[derive(Clone, Debug)]
pub(crate) struct Strain {
    rate: f64,
    connection: Option<Duration>,
    call: Option<Duration>,
    /// When the rate was changed, down and at all (monotonic).
    slower_at: Option<Duration>,
    changed_at: Option<Duration>,
}

impl Default for Strain {
    fn default() -> Self {
        Self { rate: 1.0, connection: None, call: None, slower_at: None, changed_at: None }
    }
}

impl Strain {
    /// An answer has come at `now` (monotonic).
    pub(crate) fn answered(&mut self, asked: Asked, took: Duration, now: Duration) {
        let usual = match asked {
            Asked::Connection => &mut self.connection,
            Asked::Call => &mut self.call,
        };
        let before = *usual.get_or_insert(took.min(asked.quick()));
        *usual = Some(if took <= before { took } else { before + (took - before) / FOLLOWS });
        if took > asked.quick().max(before * TIMES) {
            self.slower(now);
        } else {
            self.faster(now);
        }
    }

    /// No answer has come, or not in time, or one that says that there is too much to do; or the connection was lost.
    pub(crate) fn exhausted(&mut self, now: Duration) {
        self.slower(now);
    }

    /// How many times as long as usual the cluster is left alone by whoever needs nothing: 1 to 4.
    pub(crate) fn stretch(&self) -> f64 {
        self.rate.recip()
    }

    /// Whether there has been a connection.
    pub(crate) const fn was_reached(&self) -> bool {
        self.connection.is_some()
    }

    fn slower(&mut self, now: Duration) {
        if self.slower_at.is_none_or(|at| now.saturating_sub(at) >= SLOWER_EVERY) {
            self.rate = (self.rate / 2.0).max(LEAST);
            (self.slower_at, self.changed_at) = (Some(now), Some(now));
        }
    }

    fn faster(&mut self, now: Duration) {
        if self.rate < 1.0 && self.changed_at.is_none_or(|at| now.saturating_sub(at) >= FASTER_EVERY) {
            self.rate = (self.rate + STEP).min(1.0);
            self.changed_at = Some(now);
        }
    }
}

/// When a renewal is made that is `due` and whose certificate lives `until` then: at most a quarter of the rest later, so
/// that it is never late, and not at all in a certificate's last minute: what joins by it needs some of its life.
pub(crate) fn postponed(stretch: f64, due: SystemTime, until: SystemTime) -> SystemTime {
    let rest = until.duration_since(due).unwrap_or_default();
    let part = (1.0 - stretch.max(1.0).recip()) / (1.0 - LEAST) * POSTPONED;
    let latest = rest.saturating_sub(LAST);
    due.checked_add(rest.mul_f64(part.clamp(0.0, POSTPONED)).min(latest)).unwrap_or(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_cluster_that_answers_as_usual_is_asked_as_usual() {
        let mut strain = Strain::default();
        for minute in 0..60 {
            strain.answered(Asked::Call, ms(20 + minute), s(minute * 60));
            strain.answered(Asked::Connection, ms(2900), s(minute * 60));
        }
        assert_eq!(strain.stretch(), 1.0);
    }

    #[test]
    fn each_slow_answer_halves_the_rate_and_quick_ones_give_it_back_step_by_step() {
        let mut strain = Strain::default();
        strain.answered(Asked::Call, ms(20), s(0));
        let slow: Vec<f64> = (1..5)
            .map(|minute| {
                strain.answered(Asked::Call, s(2), s(minute * 60));
                strain.stretch()
            })
            .collect();
        assert_eq!(slow, [2.0, 4.0, 4.0, 4.0]);
        let mut quick = 0;
        while strain.stretch() > 1.0 {
            quick += 1;
            strain.answered(Asked::Call, ms(20), s(300 + quick * 60));
        }
        assert_eq!(quick, 6);
    }

    #[test]
    fn one_moment_counts_once_however_many_calls_meet_it() {
        let mut strain = Strain::default();
        for _ in 0..100 {
            strain.exhausted(s(5));
        }
        assert_eq!(strain.stretch(), 2.0);
        for _ in 0..100 {
            strain.answered(Asked::Call, ms(1), s(50));
        }
        assert_eq!(strain.stretch(), 1.6);
    }

    #[test]
    fn a_far_cluster_is_no_strained_one_and_the_first_answer_can_be_slow() {
        let mut far = Strain::default();
        for minute in 0..10 {
            far.answered(Asked::Call, ms(900 + 10 * minute), s(minute * 60));
            far.answered(Asked::Call, ms(3500), s(minute * 60 + 30));
        }
        assert_eq!(far.stretch(), 1.0);
        let mut first = Strain::default();
        first.answered(Asked::Call, s(9), s(0));
        assert_eq!(first.stretch(), 2.0);
    }

    #[test]
    fn what_stays_slow_becomes_usual() {
        let mut strain = Strain::default();
        strain.answered(Asked::Call, ms(20), s(0));
        let (mut now, mut asked) = (s(0), 0);
        loop {
            now += s(60).mul_f64(strain.stretch());
            strain.answered(Asked::Call, s(2), now);
            asked += 1;
            if asked > 20 && strain.stretch() <= 1.0 {
                break;
            }
            assert!(asked < 100, "still thought to be slow");
        }
    }

    #[test]
    fn a_renewal_waits_for_a_quarter_of_the_rest_at_most() {
        let at = |minute: u64| SystemTime::UNIX_EPOCH + s(minute * 60);
        assert_eq!(postponed(1.0, at(1800), at(3600)), at(1800));
        assert_eq!(postponed(2.0, at(1800), at(3600)), at(2100));
        assert_eq!(postponed(4.0, at(1680), at(3600)), at(2160));
        assert_eq!(postponed(4.0, at(60), at(30)), at(60));
        // A renewal by a certificate needs some of its life.
        let at = |second: u64| SystemTime::UNIX_EPOCH + s(second);
        assert_eq!((postponed(4.0, at(0), at(70)), postponed(4.0, at(5), at(16))), (at(10), at(5)));
    }

    proptest! {
        #[test]
        fn nothing_stretches_beyond_its_bounds(answers in proptest::collection::vec((0_u64..60_000, 0_u64..100_000, any::<bool>()), 0..80)) {
            let mut strain = Strain::default();
            for (took, now, call) in answers {
                let asked = if call { Asked::Call } else { Asked::Connection };
                strain.answered(asked, ms(took), ms(now));
                prop_assert!((1.0..=4.0).contains(&strain.stretch()));
            }
        }

        #[test]
        fn a_postponed_renewal_is_never_late(due in 0_u64..1 << 30, left in 0_u64..1 << 30, stretch in 0.0_f64..100.0) {
            let due = SystemTime::UNIX_EPOCH + s(due);
            let then = postponed(stretch, due, due + s(left));
            prop_assert!(then >= due && then <= due + s(left) / 3);
        }
    }
}
