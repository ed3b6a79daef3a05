//! How often a cluster is asked why connections end.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::local::quota::lock;

/// From one question to the next, at first, and at most where nothing is ever wrong: many services end connections themselves,
/// as a web server does after each answer.
const PAUSE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));

/// When somebody may ask.
#[derive(Debug, Default)]
pub(super) struct Asking(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When it was last asked.
    last: Option<Instant>,
    /// How long after that it is asked again because of ordinary ends.
    pause: Option<Duration>,
    /// Somebody is about to ask: what ends until then is asked about with it.
    waiting: bool,
}

impl Asking {
    /// Waits until it may be asked. False: somebody else asks, or is about to.
    ///
    /// `ordinary`: the service may just have been done, so that more and more time passes between two questions.
    pub(super) async fn turn(&self, ordinary: bool) -> bool {
        let Some(at) = lock(&self.0).plan(ordinary, Instant::now()) else { return false };
        sleep_until(at).await;
        lock(&self.0).ask(ordinary, Instant::now())
    }
}

impl State {
    /// When to ask; none: somebody is about to.
    fn plan(&mut self, ordinary: bool, now: Instant) -> Option<Instant> {
        // A connection that was cut doesn't wait behind ordinary ends.
        if ordinary && std::mem::replace(&mut self.waiting, true) {
            return None;
        }
        let pause = self.pause.filter(|_| ordinary).unwrap_or(PAUSE.0);
        Some(self.last.map_or(now, |last| now.max(last + pause)))
    }

    /// Whether to ask now that the time has come: not where it was asked meanwhile.
    fn ask(&mut self, ordinary: bool, now: Instant) -> bool {
        if ordinary {
            self.waiting = false;
            self.pause = Some(self.pause.map_or(PAUSE.0, |pause| (pause * 2).min(PAUSE.1)));
        } else {
            self.pause = None;
        }
        let asked = self.last.is_some_and(|last| last + PAUSE.0 > now);
        if !asked {
            self.last = Some(now);
        }
        !asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is asked while a connection ends each `every`.
    fn asked(state: &mut State, from: Instant, count: u32, every: Duration) -> usize {
        let (mut due, mut asked) = (None, 0);
        for at in (0..count).map(|number| from + every * number) {
            due = due.or_else(|| state.plan(true, at));
            if due.is_some_and(|due| due <= at) {
                due = None;
                asked += usize::from(state.ask(true, at));
            }
        }
        asked
    }

    #[test]
    fn connections_that_end_by_themselves_are_asked_about_less_and_less() {
        let (mut state, now) = (State::default(), Instant::now());
        assert_eq!(asked(&mut state, now, 1, PAUSE.0), 1, "the first one at once");
        let hour = asked(&mut state, now, 36_000, Duration::from_millis(100));
        assert!((5..=14).contains(&hour), "{hour}");
    }

    #[test]
    fn connections_that_are_cut_are_asked_about_soon_and_together() {
        let (mut state, now) = (State::default(), Instant::now());
        asked(&mut state, now, 6000, Duration::from_millis(100));
        let cut = now + Duration::from_secs(700);
        let due: Vec<_> = (0..10).map(|_| state.plan(false, cut).unwrap()).collect();
        assert!(due.iter().all(|due| *due <= cut + PAUSE.0), "{due:?}");
        assert_eq!(due.iter().filter(|due| state.ask(false, **due)).count(), 1);
        let again = state.plan(false, cut).unwrap();
        assert!(again <= due[0] + PAUSE.0 && state.ask(false, again));
    }
}
