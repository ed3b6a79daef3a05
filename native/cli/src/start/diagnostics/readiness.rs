//! How each service stands, since when, and so the whole.

use std::collections::BTreeMap;
use std::time::SystemTime;

use machine_id::clock::{Clock, SystemClock};
use machine_id::engine::timestamp;
use serde::{Serialize, Serializer};

use super::Running;

/// How a service stands, in tbot's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing has come of it yet.
    Initializing,
    Healthy,
    /// Why.
    Unhealthy(String),
}

const HEALTHY: &str = "healthy";
const UNHEALTHY: &str = "unhealthy";

impl State {
    const fn word(&self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Healthy => HEALTHY,
            Self::Unhealthy(_) => UNHEALTHY,
        }
    }

    fn reason(&self) -> &str {
        if let Self::Unhealthy(why) = self { why } else { "" }
    }
}

/// A service, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: String,
    /// When that changed last; none: nothing has come of it yet.
    #[serde(serialize_with = "rfc3339")]
    updated_at: Option<SystemTime>,
}

impl Told {
    pub(super) fn is_healthy(&self) -> bool {
        self.status == HEALTHY
    }

    fn says(&self, state: &State) -> bool {
        (self.status, self.reason.as_str()) == (state.word(), state.reason())
    }

    fn new(state: &State, now: SystemTime) -> Self {
        let updated_at = (*state != State::Initializing).then_some(now);
        Self { status: state.word(), reason: state.reason().to_owned(), updated_at }
    }
}

/// All services, as they are told.
#[derive(Debug, Serialize)]
pub(super) struct Overall {
    status: &'static str,
    pub(super) services: BTreeMap<String, Told>,
}

impl Overall {
    pub(super) fn is_healthy(&self) -> bool {
        self.status == HEALTHY
    }
}

/// What is known of the services, with the times since when.
#[derive(Debug)]
pub(super) struct Readiness {
    pub(super) overall: Overall,
}

/// Nothing runs, so nothing is ready.
impl Default for Readiness {
    fn default() -> Self {
        Self { overall: Overall { status: UNHEALTHY, services: BTreeMap::new() } }
    }
}

impl Readiness {
    /// Looks how the services stand now. Nobody is asked.
    pub(super) fn look(&mut self, running: &Running) {
        let engine = &running.engine;
        if let (Ok(health), Ok(standing)) = (engine.health(running.identity()), engine.standing(running.identity())) {
            self.note(running.services.stand(&health, &standing), SystemClock::new().now());
        }
    }

    /// Notes how they stand; what stands as before keeps its time.
    pub(super) fn note(&mut self, states: BTreeMap<String, State>, now: SystemTime) {
        let mut known = std::mem::take(&mut self.overall.services);
        let all = states.values().all(|state| *state == State::Healthy);
        self.overall.status = if all { HEALTHY } else { UNHEALTHY };
        self.overall.services = states
            .into_iter()
            .map(|(name, state)| {
                let before = known.remove(&name).filter(|before| before.says(&state));
                (name, before.unwrap_or_else(|| Told::new(&state, now)))
            })
            .collect();
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn rfc3339<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&timestamp(*time)),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_stays_until_something_changes() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let why = |why: &str| State::Unhealthy(why.to_owned());
        let mut readiness = Readiness::default();
        for (second, state, since, healthy) in [
            (1, State::Initializing, None, false),
            (2, State::Healthy, Some(2), true),
            (3, State::Healthy, Some(2), true),
            (4, why("a"), Some(4), false),
            (5, why("a"), Some(4), false),
            (6, why("b"), Some(6), false),
            (7, State::Healthy, Some(7), true),
        ] {
            readiness.note(BTreeMap::from([("s".to_owned(), state)]), at(second));
            assert_eq!(readiness.overall.services["s"].updated_at, since.map(at), "{second}");
            assert_eq!(readiness.overall.is_healthy(), healthy, "{second}");
        }
        readiness.note(BTreeMap::new(), at(8));
        assert!(readiness.overall.services.is_empty(), "what isn't configured any more is gone");
    }
}
