//! Waiting for something observable.

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
pub const LONG: Duration = Duration::from_secs(180);

/// For what must not wait until a call gives up, which it does after 30 s: that much a loaded machine may take instead.
pub const PROMPT: Duration = Duration::from_secs(20);

/// Looks every few milliseconds until there is an answer.
///
/// # Panics
/// When there is none within `limit`.
#[expect(clippy::disallowed_methods, reason = "a test's own deadline")]
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
