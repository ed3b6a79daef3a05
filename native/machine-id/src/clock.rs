//! Time as a parameter, so that every decision about validity and renewal can be tested without waiting.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Where the library reads the time.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Wall clock: what certificates are compared with.
    fn now(&self) -> SystemTime;
    /// Time since some fixed point that never jumps; compared with [`Clock::now`] to notice clock jumps and sleep.
    fn monotonic(&self) -> Duration;
}

/// A clock that several rooms share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts at zero now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is moved; for tests and simulations.
#[derive(Debug)]
pub struct FixedClock {
    now: Mutex<SystemTime>,
    monotonic: Mutex<Duration>,
}

impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        Self { now: Mutex::new(now), monotonic: Mutex::new(Duration::ZERO) }
    }

    /// Lets `step` pass on both clocks.
    pub fn advance(&self, step: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += step;
        *self.monotonic.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    pub fn set_wall(&self, now: SystemTime) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn monotonic(&self) -> Duration {
        *self.monotonic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
