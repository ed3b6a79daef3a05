//! Telling whoever supervises us how the outputs stand: systemd, and `machine-id status` by a note on disk.

use std::time::Duration;

use machine_id::clock::{Clock, SystemClock};
use machine_id::engine::{Engine, Health, timestamp};
use machine_id::error::{Code, Error};
use sd_notify::NotifyState;

use crate::note::{self, NotePlace};

/// How often it is looked at. Nobody is asked.
const EVERY: Duration = Duration::from_secs(1);
/// systemd takes a service that is reloading for running again after its time-out for a start, 90 s.
const REMIND: Duration = Duration::from_secs(60);
/// `EKEYEXPIRED`, which systemd shows as `StatusErrno`.
const ERRNO: u32 = 127;

/// How the outputs stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// For people, one line.
    pub(super) status: String,
    /// Whether something is to be mended before it breaks.
    pub(super) troubled: bool,
    /// Whether half of what was left to mend it is gone, or nothing works any more.
    pub(super) late: bool,
}

impl State {
    /// From what the engine knows.
    pub(super) fn of(health: &Health) -> Self {
        let late = health.leases.iter().filter(|lease| lease.late || !lease.usable);
        let (late, count) = (Vec::from_iter(late), health.leases.len());
        let failing = health.leases.iter().find(|lease| !lease.problem.is_empty());
        let locked = health.trouble.as_ref().is_some_and(|error| error.code() == Code::BotLocked);
        let line = |directory: &std::path::Path, problem: &str| {
            let why = if problem.is_empty() { "not refreshed in time" } else { problem };
            format!("{}: {why}", directory.display())
        };
        if let Some(first) = late.first() {
            let what =
                format!("{} of {count} outputs not fresh: {}", late.len(), line(&first.directory, &first.problem));
            return Self { status: what, troubled: true, late: true };
        }
        let (status, troubled) = match (failing, &health.trouble, &health.stuck) {
            (Some(lease), ..) => (format!("not refreshed: {}", line(&lease.directory, &lease.problem)), true),
            (None, Some(error), _) => (format!("the outputs are still fresh, but the bot isn't: {error}"), true),
            (None, None, Some(why)) if health.recovers => {
                (format!("the outputs are fresh; the bot joins anew when its identity expires: {why}"), true)
            }
            (None, None, Some(why)) => {
                let what = format!("the outputs are still fresh, but the bot's identity can't be renewed: {why}");
                let hint = "configure a fresh token before the identity expires";
                (Error::new(Code::IdentityNeedsRejoin, what, hint).to_string(), true)
            }
            (None, None, None) => match health.leases.iter().map(|lease| lease.expires_at).min() {
                Some(first) => (format!("all outputs are fresh, the first expires at {}", timestamp(first)), false),
                None => ("the bot's identity is kept".to_owned(), false),
            },
        };
        // What mends itself at the end of the identity isn't late before.
        let waits = health.recovers && health.trouble.is_none() && failing.is_none();
        Self { status, troubled, late: locked || (troubled && !waits && health.identity_late) }
    }
}

/// Tells changes.
pub(super) struct Supervised<'a> {
    engine: &'a Engine,
    identity: &'a str,
    note: NotePlace,
}

impl<'a> Supervised<'a> {
    pub(super) fn new(engine: &'a Engine, identity: &'a str, note: NotePlace) -> Self {
        Self { engine, identity, note }
    }

    /// Says that everything is written for the first time, and from then on each change, for ever.
    pub(super) async fn run(self) {
        let mut told: Option<State> = None;
        let mut reminded = tokio::time::Instant::now();
        loop {
            if let Ok(health) = self.engine.health(self.identity) {
                let state = State::of(&health);
                let again = state.late && reminded.elapsed() >= REMIND;
                if told.as_ref() != Some(&state) || again {
                    tell(told.as_ref(), &state);
                    reminded = tokio::time::Instant::now();
                    self.note.keep(note::facts(&health, SystemClock::new().now())).await;
                    told = Some(state);
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

fn tell(before: Option<&State>, state: &State) {
    let status = NotifyState::Status(&state.status);
    if state.late {
        // The only word by which a service that was ready can say that it isn't.
        let mut states = vec![NotifyState::Reloading];
        states.extend(NotifyState::monotonic_usec_now().ok());
        states.extend([NotifyState::Errno(ERRNO), status]);
        notify(&states);
    } else if before.is_none_or(|before| before.late) {
        notify(&[NotifyState::Ready, NotifyState::Errno(0), status]);
    } else {
        notify(&[status]);
    }
}

/// Tells systemd, where there is one.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("the service manager was not told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use machine_id::engine::LeaseStatus;

    fn lease(problem: &str, usable: bool, late: bool) -> LeaseStatus {
        LeaseStatus {
            lease: "l".to_owned(),
            identity: "default".to_owned(),
            directory: "/opt/machine-id".into(),
            expires_at: SystemTime::UNIX_EPOCH,
            standing: true,
            usable,
            problem: problem.to_owned(),
            late,
            failures: Vec::new(),
            history: machine_id::engine::CertificateHistory::default(),
        }
    }

    fn state(trouble: Option<Code>, stuck: Option<&str>, leases: Vec<LeaseStatus>) -> State {
        State::of(&health(trouble, stuck, leases))
    }

    fn health(trouble: Option<Code>, stuck: Option<&str>, leases: Vec<LeaseStatus>) -> Health {
        let trouble = trouble.map(|code| Error::new(code, "why", ""));
        Health { trouble, stuck: stuck.map(str::to_owned), recovers: false, identity_late: false, leases }
    }

    #[test]
    fn a_first_failure_is_told_and_a_late_one_takes_readiness_away() {
        let good = lease("", true, false);
        let fresh = state(None, None, vec![good.clone()]);
        assert!(fresh.status.starts_with("all outputs are fresh") && !fresh.troubled && !fresh.late);
        let failing = state(None, None, vec![good.clone(), lease("why", true, false)]);
        assert!(failing.status.contains("/opt/machine-id: why") && failing.troubled && !failing.late);
        for bad in [lease("why", true, true), lease("expired", false, false), lease("", true, true)] {
            let late = state(None, None, vec![good.clone(), bad]);
            assert!(late.status.starts_with("1 of 2 outputs not fresh: /opt/machine-id: ") && late.late, "{late:?}");
        }
    }

    #[test]
    fn trouble_of_the_identity_is_told_while_its_outputs_are_fresh() {
        let good = vec![lease("", true, false)];
        assert!(state(Some(Code::ClusterUnreachable), None, good.clone()).troubled);
        let stuck = state(None, Some("lost answer"), good.clone()).status;
        assert!(stuck.contains("can't be renewed: lost answer; configure a fresh token"), "{stuck}");
        let old = |health: Health| State::of(&Health { identity_late: true, ..health }).late;
        assert!(old(health(None, Some("lost answer"), good.clone())), "it ends soon");
        assert!(!old(health(None, None, good.clone())), "it is renewed when it is used");
        let alone = |stuck| Health { recovers: true, ..health(None, stuck, good.clone()) };
        let waits = State::of(&Health { identity_late: true, ..alone(Some("lost answer")) });
        assert!(waits.troubled && !waits.late && waits.status.contains("joins anew"), "{waits:?}");
        assert!(!waits.status.contains("token"), "nobody has to bring one: {waits:?}");
        assert!(!State::of(&alone(None)).troubled);
        assert!(state(Some(Code::BotLocked), None, good).late, "what a lock stops is of no use");
    }
}
