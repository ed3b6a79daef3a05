//! What is answered at which path, as tbot 18 does it (`docs/metrics.md` has both side by side).

use hyper::StatusCode;
use machine_id::metrics;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::readiness::Readiness;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Its content type.
    pub(super) kind: &'static str,
    pub(super) body: String,
}

/// Answers a request for `path`.
pub(super) fn answer(path: &str, readiness: &Readiness, metrics: impl FnOnce() -> String) -> Answer {
    match path {
        "/livez" => Answer { status: StatusCode::OK, kind: TEXT, body: "OK".to_owned() },
        "/readyz" => json(ready(readiness.overall.is_healthy()), &readiness.overall),
        "/metrics" => Answer { status: StatusCode::OK, kind: metrics::CONTENT_TYPE, body: metrics() },
        _ => match path.strip_prefix("/readyz/").filter(|name| !name.is_empty() && !name.contains('/')) {
            Some(name) => service(&percent_decode_str(name).decode_utf8_lossy(), readiness),
            None => Answer { status: StatusCode::NOT_FOUND, kind: TEXT, body: NOT_FOUND.to_owned() },
        },
    }
}

const NOT_FOUND: &str = "404 - Not Found\n\nmachine-id serves /livez, /readyz, /readyz/NAME and /metrics here.\n";

fn service(name: &str, readiness: &Readiness) -> Answer {
    #[derive(Serialize)]
    struct Unknown {
        error: String,
    }
    match readiness.overall.services.get(name) {
        Some(known) => json(ready(known.is_healthy()), known),
        None => json(StatusCode::NOT_FOUND, &Unknown { error: format!("Service named {name:?} not found.") }),
    }
}

const fn ready(healthy: bool) -> StatusCode {
    if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn json(status: StatusCode, value: &impl Serialize) -> Answer {
    // Texts and times: nothing of it can fail.
    Answer { status, kind: JSON, body: serde_json::to_string_pretty(value).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    use super::super::readiness::State;
    use super::*;

    fn said(path: &str, states: &[(&str, State)]) -> (u16, &'static str, String) {
        let states: BTreeMap<String, State> =
            states.iter().map(|(name, state)| ((*name).to_owned(), state.clone())).collect();
        let mut readiness = Readiness::default();
        readiness.note(states, SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_367_200));
        let answer = answer(path, &readiness, || "numbers 1\n".to_owned());
        (answer.status.as_u16(), answer.kind, answer.body)
    }

    fn broken() -> [(&'static str, State); 2] {
        [("identity", State::Healthy), ("identity-1", State::Unhealthy("no \"route\"".to_owned()))]
    }

    /// What the handler of tbot's readyz package prints for these states (Teleport 18 and later, November 2025).
    #[test]
    fn readiness_is_said_in_tbots_json() {
        let (status, kind, body) = said("/readyz", &broken());
        assert_eq!((status, kind), (503, "application/json"));
        assert_eq!(
            body,
            r#"{
  "status": "unhealthy",
  "services": {
    "identity": {
      "status": "healthy",
      "updated_at": "2025-11-28T22:00:00Z"
    },
    "identity-1": {
      "status": "unhealthy",
      "reason": "no \"route\"",
      "updated_at": "2025-11-28T22:00:00Z"
    }
  }
}"#
        );
        let (status, _, body) = said("/readyz", &[("identity", State::Healthy)]);
        assert!(status == 200 && body.starts_with("{\n  \"status\": \"healthy\","), "{body}");
        let (status, _, body) = said("/readyz", &[("identity", State::Initializing)]);
        assert_eq!(status, 503);
        assert!(body.contains("\"status\": \"initializing\",\n      \"updated_at\": null"), "{body}");
    }

    #[test]
    fn a_service_is_asked_by_its_name() {
        let (status, kind, body) = said("/readyz/identity-1", &broken());
        assert_eq!((status, kind), (503, "application/json"));
        assert_eq!(
            body,
            "{\n  \"status\": \"unhealthy\",\n  \"reason\": \"no \\\"route\\\"\",\n  \"updated_at\": \"2025-11-28T22:00:00Z\"\n}"
        );
        assert_eq!(said("/readyz/identity", &broken()).0, 200);
        assert_eq!(said("/readyz/a%20b", &[("a b", State::Healthy)]).0, 200);
        let (status, kind, body) = said("/readyz/nosuch", &broken());
        assert_eq!((status, kind), (404, "application/json"));
        assert_eq!(body, "{\n  \"error\": \"Service named \\\"nosuch\\\" not found.\"\n}");
    }

    #[test]
    fn the_rest_is_alive_measured_or_not_there() {
        assert_eq!(said("/livez", &broken()), (200, TEXT, "OK".to_owned()));
        let numbers = (200, "text/plain; version=0.0.4; charset=utf-8", "numbers 1\n".to_owned());
        assert_eq!(said("/metrics", &[]), numbers);
        for path in ["/", "", "/readyz/", "/readyz/a/b", "/metrics/", "/livez/x", "/debug/pprof/", "/%6civez", "*"] {
            let (status, kind, body) = said(path, &broken());
            assert_eq!((status, kind), (404, TEXT), "{path}");
            assert!(body.starts_with("404 - Not Found"), "{path}");
        }
    }
}
