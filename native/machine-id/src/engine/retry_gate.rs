//! How long the cluster is left alone after a failure. Pure: the clock and chance come as parameters.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::error::{Code, Error, Retry};

/// After a failure that may pass by itself: from 0 to 1 s at first, from 0 to 60 s at most (full jitter).
const PASSING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// No retry comes sooner.
const SHORTEST: Duration = Duration::from_millis(250);
/// After a refusal that somebody has to mend: a lock, a used token. Drawn from 80 to 120 % of it.
const LASTING: Duration = Duration::from_secs(60);
/// Somebody who asks is not made to wait longer than this for a fresh answer.
const ON_DEMAND: Duration = Duration::from_secs(9);
/// A server that asks for more than this is asked again all the same.
const LONGEST: Duration = Duration::from_secs(600);

/// The last failure, and when the next try may come. Times are monotonic.
#[derive(Debug)]
pub(super) struct RetryGate {
    backoff: Backoff,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Failure {
    error: Error,
    at: Duration,
    retry_at: Duration,
}

impl Default for RetryGate {
    fn default() -> Self {
        Self { backoff: Backoff::new(PASSING.0, PASSING.1), failure: None }
    }
}

impl RetryGate {
    /// Notes a failure at `now`. `unit` is a random number in `0.0..1.0`.
    pub(super) fn failed(&mut self, error: &Error, now: Duration, unit: f64) -> Duration {
        let delay = delay(&mut self.backoff, error, unit);
        self.failure = Some(Failure { error: error.clone(), at: now, retry_at: now.saturating_add(delay) });
        delay
    }

    /// All is well again.
    pub(super) fn succeeded(&mut self) {
        self.backoff.reset();
        self.failure = None;
    }

    /// Lets the next try come at once, for example because the machine has slept or a fresh token was configured.
    pub(super) fn release(&mut self, now: Duration) {
        self.backoff.reset();
        if let Some(failure) = &mut self.failure {
            failure.retry_at = failure.retry_at.min(now);
        }
    }

    /// The last failure, until a success.
    pub(super) fn error(&self) -> Option<&Error> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    /// When the cluster may be asked again; the task that keeps the identity may wait longer ([`super::patience`]).
    pub(super) fn retry_at(&self) -> Option<Duration> {
        self.failure.as_ref().map(|failure| failure.retry_at)
    }

    /// When the last failure was that may pass by itself, until a success.
    pub(super) fn passing_since(&self) -> Option<Duration> {
        self.failure.as_ref().filter(|failure| !is_lasting(failure.error.code())).map(|failure| failure.at)
    }

    /// The answer for somebody who asks while the cluster is left alone.
    pub(super) fn refuses(&self, now: Duration) -> Option<&Error> {
        let opens_at = self.opens_at()?;
        self.error().filter(|_| now < opens_at)
    }

    /// From when somebody who asks gets a fresh answer.
    pub(super) fn opens_at(&self) -> Option<Duration> {
        self.failure.as_ref().map(|failure| failure.retry_at.min(failure.at.saturating_add(ON_DEMAND)))
    }
}

/// The delay before the next try after `error`.
pub(super) fn delay(backoff: &mut Backoff, error: &Error, unit: f64) -> Duration {
    if let Retry::After(asked) = error.retry() {
        return asked.min(LONGEST).mul_f64(0.1_f64.mul_add(unit.clamp(0.0, 1.0), 1.0)).max(SHORTEST);
    }
    if is_lasting(error.code()) {
        return LASTING.mul_f64(0.4_f64.mul_add(unit.clamp(0.0, 1.0), 0.8));
    }
    backoff.next_delay(unit).max(SHORTEST)
}

/// Whether somebody has to act before a retry can help.
const fn is_lasting(code: Code) -> bool {
    matches!(
        code,
        Code::BotLocked
            | Code::IdentityNeedsRejoin
            | Code::IdentityForeign
            | Code::IdentityCorrupt
            | Code::JoinRejected
            | Code::JoinWrongRole
            | Code::JoinProofMissing
            | Code::BotAlreadyJoined
            | Code::CaPinMismatch
            | Code::RoleNotAllowed
            | Code::TargetUnknown
            | Code::Unsupported
            | Code::ConfigInvalid
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(code: Code) -> Error {
        Error::new(code, "x", "")
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn without_a_failure_nobody_is_refused() {
        let gate = RetryGate::default();
        assert!(gate.refuses(s(0)).is_none() && gate.retry_at().is_none());
    }

    #[test]
    fn a_cluster_that_is_away_is_left_alone_longer_and_longer_but_never_beyond_a_minute() {
        let mut gate = RetryGate::default();
        let delays: Vec<u64> =
            (0..8).map(|_| gate.failed(&error(Code::ClusterUnreachable), s(0), 1.0).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
        gate.succeeded();
        assert!(gate.error().is_none());
        assert_eq!(gate.failed(&error(Code::ClusterUnreachable), s(0), 1.0), s(1));
    }

    #[test]
    fn a_lock_is_looked_at_about_once_a_minute() {
        let mut gate = RetryGate::default();
        for _ in 0..20 {
            assert_eq!(gate.failed(&error(Code::BotLocked), s(100), 0.0), s(48));
            assert_eq!(gate.failed(&error(Code::BotLocked), s(100), 1.0), s(72));
        }
    }

    #[test]
    fn who_asks_gets_the_last_answer_for_nine_seconds_at_most() {
        let mut gate = RetryGate::default();
        gate.failed(&error(Code::BotLocked), s(100), 0.5);
        assert_eq!(gate.refuses(s(108)).map(Error::code), Some(Code::BotLocked));
        assert!(gate.refuses(s(109)).is_none());
        assert_eq!(gate.retry_at(), Some(s(160)));
    }

    #[test]
    fn waking_up_lets_the_next_try_come_at_once_but_forgets_no_error() {
        let mut gate = RetryGate::default();
        gate.failed(&error(Code::ClusterUnreachable), s(100), 1.0);
        gate.release(s(100));
        assert_eq!(gate.retry_at(), Some(s(100)));
        assert!(gate.refuses(s(100)).is_none() && gate.error().is_some());
    }

    proptest! {
        #[test]
        fn every_delay_is_bounded_from_both_sides(code in 0_usize..Code::ALL.len(), tries in 1_usize..40, unit in 0.0_f64..1.0) {
            let mut gate = RetryGate::default();
            for _ in 0..tries {
                let delay = gate.failed(&error(Code::ALL[code]), s(0), unit);
                prop_assert!(delay >= SHORTEST && delay <= s(72));
            }
        }
    }
}
