//! How a build waits for its certificates while the cluster is away. Pure: times are monotonic and come as parameters,
//! chance as a number in `0.0..1.0`.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::error::{Code, Error, Retry};

/// Between two tries: from 0 to half a second at first, from 0 to this at most, so that the cluster's return is noticed in time.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// No try follows sooner.
const SHORTEST: Duration = Duration::from_millis(250);
/// The part of the deadline after which nothing is begun any more: who waited in vain is told why, not only that it took long.
const PART: f64 = 0.9;

/// One build's wait.
#[derive(Debug)]
pub(super) struct Waiting {
    backoff: Backoff,
    until: Duration,
}

impl Waiting {
    /// One that begins now and may take so long.
    pub(super) fn new(now: Duration, deadline: Duration) -> Self {
        let until = now.saturating_add(deadline.mul_f64(PART));
        Self { backoff: Backoff::new(PAUSES.0, PAUSES.1), until }
    }

    /// When to try again after `error`; none: it is the answer, since waiting doesn't help, or not in time. `opens_at` is when
    /// the identity may ask the cluster again.
    pub(super) fn again(
        &mut self,
        error: &Error,
        opens_at: Option<Duration>,
        now: Duration,
        unit: f64,
    ) -> Option<Duration> {
        // A full disk, a directory in use and a proof that isn't there are no outage of the cluster.
        if !matches!(error.code(), Code::ClusterUnreachable | Code::ClusterFailed | Code::RateLimited) {
            return None;
        }
        let pause = match error.retry() {
            Retry::No => return None,
            Retry::Later => self.backoff.next_delay(unit).max(SHORTEST),
            // Not all of those that were told the same at the same moment.
            Retry::After(asked) => asked.mul_f64(0.1_f64.mul_add(unit, 1.0)).max(SHORTEST),
        };
        // The gate's time is when another one of the same identity would try: no second pause on top of it.
        let again = match opens_at.filter(|at| *at > now) {
            Some(at) if error.retry() == Retry::Later => at,
            Some(at) => at.max(now.saturating_add(pause)),
            None => now.saturating_add(pause),
        };
        (again < self.until).then_some(again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{ConnectError, Refusal, TransportError};
    use crate::error::Fault;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn unreachable() -> Error {
        let (address, reason) = ("t:443".to_owned(), "connection refused".to_owned());
        ConnectError::from(TransportError::Unreachable { address, reason }).into()
    }

    #[derive(Debug, thiserror::Error)]
    #[error("disk full")]
    struct Full;

    impl Fault for Full {
        fn code(&self) -> Code {
            Code::DiskFull
        }
        fn hint(&self) -> String {
            String::new()
        }
        fn retry(&self) -> Retry {
            Retry::Later
        }
    }

    fn limited(retry_in: Option<Duration>) -> Error {
        ConnectError::from(Refusal::RateLimited { message: "max rate".to_owned(), retry_in }).into()
    }

    #[test]
    fn what_somebody_has_to_mend_is_told_at_once() {
        let mut waiting = Waiting::new(s(0), s(120));
        let locked = Error::new(Code::BotLocked, "locked", "");
        assert_eq!(waiting.again(&locked, Some(s(60)), s(0), 0.5), None);
        assert_eq!(waiting.again(&Full.into(), None, s(0), 0.5), None, "no outage of the cluster");
    }

    #[test]
    fn the_cluster_is_tried_again_as_often_as_the_gate_lets_it_until_the_deadline_comes_near() {
        let mut waiting = Waiting::new(s(0), s(120));
        assert_eq!(waiting.again(&unreachable(), Some(s(8)), s(1), 1.0), Some(s(8)));
        assert_eq!(waiting.again(&unreachable(), Some(s(107)), s(100), 1.0), Some(s(107)));
        assert_eq!(waiting.again(&unreachable(), Some(s(109)), s(101), 1.0), None);
    }

    #[test]
    fn without_a_gate_tries_are_spread_and_never_further_apart_than_eight_seconds() {
        let mut waiting = Waiting::new(s(0), s(1000));
        let mut now = s(0);
        for _ in 0..50 {
            let again = waiting.again(&unreachable(), None, now, 0.999).unwrap();
            assert!(again >= now + SHORTEST && again <= now + s(8));
            now = again;
        }
        assert_eq!(waiting.again(&unreachable(), None, now, 0.0), Some(now + SHORTEST));
    }

    #[test]
    fn a_server_that_says_when_is_obeyed() {
        let mut waiting = Waiting::new(s(0), s(120));
        assert_eq!(waiting.again(&limited(Some(s(30))), Some(s(8)), s(0), 0.5), Some(Duration::from_millis(31_500)));
        assert_eq!(waiting.again(&limited(Some(s(200))), None, s(0), 0.5), None);
        assert!(waiting.again(&limited(None), None, s(0), 0.5).is_some());
    }
}
