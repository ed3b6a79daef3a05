//! Times in messages.

use std::fmt;
use std::time::{Duration, SystemTime};

/// Shows any time as RFC 3339 in UTC; a hostile certificate may name one that has no such form.
pub(crate) struct Rfc3339(pub(crate) SystemTime);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// 9999-12-31T23:59:59Z.
        const LAST: Duration = Duration::from_secs(253_402_300_799);
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).min(LAST);
        write!(f, "{}", humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_outside_of_rfc_3339_are_shown_as_its_limits() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::MAX >> 1);
        assert_eq!(Rfc3339(far).to_string(), "9999-12-31T23:59:59Z");
        let past = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(Rfc3339(past).to_string(), "1970-01-01T00:00:00Z");
    }
}
