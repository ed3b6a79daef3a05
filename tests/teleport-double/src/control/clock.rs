//! The cluster's clock: the machine's, plus an offset that a test sets.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;

/// A clock that can be wrong on purpose.
#[derive(Debug, Default)]
pub(crate) struct DoubleClock {
    offset_seconds: AtomicI64,
}

impl DoubleClock {
    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset_seconds.store(seconds, Ordering::Relaxed);
    }

    #[expect(clippy::disallowed_methods, reason = "the double's one place that reads the machine's clock")]
    pub(crate) fn now(&self) -> SystemTime {
        let offset = self.offset_seconds.load(Ordering::Relaxed);
        let step = Duration::from_secs(offset.unsigned_abs());
        if offset < 0 { SystemTime::now() - step } else { SystemTime::now() + step }
    }
}

impl rustls::time_provider::TimeProvider for DoubleClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Some(UnixTime::since_unix_epoch(since))
    }
}
