//! How long to wait before the next try: exponential, bounded, with full jitter.

use std::time::Duration;

/// Delays between tries: the n-th is drawn evenly from zero to `base · 2ⁿ`, at most `max`.
///
/// Full jitter spreads a fleet of agents that lost the cluster at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    tries: u32,
}

impl Backoff {
    /// Delays that start around `base` and never exceed `max`.
    #[must_use]
    pub const fn new(base: Duration, max: Duration) -> Self {
        Self { base, max, tries: 0 }
    }

    /// The upper bound of the next delay.
    #[must_use]
    pub fn ceiling(&self) -> Duration {
        self.base.saturating_mul(2_u32.saturating_pow(self.tries)).min(self.max)
    }

    /// Draws the next delay. `unit` is a random number in `0.0..1.0`.
    pub fn next_delay(&mut self, unit: f64) -> Duration {
        let delay = self.ceiling().mul_f64(unit.clamp(0.0, 1.0));
        self.tries = self.tries.saturating_add(1);
        delay
    }

    /// Starts again after a success.
    pub const fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_delay_exceeds_the_bound(base in 1_u64..10_000, max in 1_u64..600_000, tries in 0_usize..80, unit in 0.0_f64..1.0) {
            let mut backoff = Backoff::new(Duration::from_millis(base), Duration::from_millis(max));
            for _ in 0..tries {
                prop_assert!(backoff.next_delay(unit) <= Duration::from_millis(max));
            }
        }
    }

    #[test]
    fn the_ceiling_doubles_until_the_bound_and_starts_again_after_a_reset() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(backoff.ceiling().as_secs());
            backoff.next_delay(0.5);
        }
        assert_eq!(seen, [1, 2, 4, 5, 5]);
        backoff.reset();
        assert_eq!(backoff.ceiling(), Duration::from_secs(1));
    }
}
