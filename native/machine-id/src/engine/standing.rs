//! How an identity stands, from what this process knows alone: for whoever probes it, and for metrics.

use std::time::SystemTime;

use super::Engine;
use super::bot::Bot;
use super::reply::{Health, IdentityState};
use crate::error::{Code, Error};
use crate::join;
use crate::metrics::Level;
use crate::vocabulary::words_of;

/// How an identity stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its state; new: not used yet by this process.
    pub state: IdentityState,
    /// When it expires.
    pub expires_at: Option<SystemTime>,
    /// Whether there is a connection to the auth server, as far as is known.
    pub connected: bool,
    /// What came of the last heartbeat, once there was one.
    pub heartbeat: Option<Result<(), Error>>,
}

impl Standing {
    fn of(bot: &Bot, now: SystemTime) -> Self {
        let current = bot.sessions.current();
        let session = current.session();
        let trouble = bot.trouble().map(|error| error.code());
        let stuck = session.is_some_and(|session| session.stuck.is_some()) && !join::recovers(&bot.config.join);
        let state = match (trouble, session) {
            (Some(Code::BotLocked), _) => IdentityState::Locked,
            (Some(Code::IdentityNeedsRejoin), _) => IdentityState::NeedsRejoin,
            (_, Some(session)) if !session.is_valid(now) => IdentityState::Expired,
            (_, Some(_)) if stuck => IdentityState::NeedsRejoin,
            (_, Some(_)) => IdentityState::Ready,
            (_, None) => IdentityState::New,
        };
        let heartbeat = bot.memory().heartbeat.clone();
        Self {
            state,
            expires_at: session.map(|session| session.facts.valid_until),
            connected: current.connected().is_some(),
            heartbeat,
        }
    }
}

impl Engine {
    /// How an identity stands; asks nobody.
    ///
    /// # Errors
    /// [`Code::RequestInvalid`] for an identity that isn't there.
    pub fn standing(&self, identity: &str) -> Result<Standing, Error> {
        let bot = self.bot(identity)?;
        Ok(Standing::of(bot, bot.clock.now()))
    }

    /// Everything that is counted, and how all identities and their leases stand, in Prometheus' text format
    /// ([`crate::metrics::CONTENT_TYPE`]); asks nobody. The list of metrics is [`crate::metrics::METRICS`].
    #[must_use]
    pub fn metrics(&self) -> String {
        let bots = self.shared.bots.values();
        let levels: Vec<Level> = bots
            .filter_map(|bot| {
                let now = bot.clock.now();
                Some(level(&bot.config.id, &Standing::of(bot, now), &self.health(&bot.config.id).ok()?, now))
            })
            .collect();
        self.shared.metrics.text(&levels, &words_of::<IdentityState>())
    }
}

fn level(identity: &str, standing: &Standing, health: &Health, now: SystemTime) -> Level {
    let leases = &health.leases;
    let count = |which: fn(&super::LeaseStatus) -> bool| leases.iter().filter(|lease| which(lease)).count();
    Level {
        identity: identity.to_owned(),
        state: standing.state.as_str(),
        remaining: standing.expires_at.map(|end| seconds(end, now)),
        trouble: health.trouble.as_ref().map(Error::code),
        connected: standing.connected,
        leases: leases.len(),
        unusable: count(|lease| !lease.usable),
        failing: count(|lease| !lease.problem.is_empty()),
        late: count(|lease| lease.late),
        lease_remaining: leases.iter().map(|lease| lease.expires_at).min().map(|end| seconds(end, now)),
    }
}

/// From now until `end`; negative when that is over.
fn seconds(end: SystemTime, now: SystemTime) -> f64 {
    match end.duration_since(now) {
        Ok(left) => left.as_secs_f64(),
        Err(past) => -past.duration().as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{CertificateHistory, LeaseStatus};

    fn lease(expires_at: SystemTime, problem: &str, usable: bool, late: bool) -> LeaseStatus {
        LeaseStatus {
            lease: "9f0c".to_owned(),
            identity: "api".to_owned(),
            directory: "/secret/job-name".into(),
            expires_at,
            standing: true,
            usable,
            problem: problem.to_owned(),
            late,
            failures: Vec::new(),
            history: CertificateHistory::default(),
        }
    }

    #[test]
    fn levels_say_how_many_stand_how_and_which_ends_first() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let standing = Standing {
            state: IdentityState::Ready,
            expires_at: Some(now - Duration::from_secs(5)),
            connected: false,
            heartbeat: None,
        };
        let leases = vec![
            lease(now + Duration::from_secs(90), "", true, false),
            lease(now + Duration::from_secs(60), "why", true, true),
            lease(now - Duration::from_secs(1), "why", false, true),
        ];
        let trouble = Some(Error::new(Code::ClusterUnreachable, "no route", ""));
        let health = Health { trouble, stuck: None, recovers: false, identity_late: false, leases };
        let level = level("api", &standing, &health, now);
        assert_eq!((level.remaining, level.lease_remaining), (Some(-5.0), Some(-1.0)));
        assert_eq!((level.leases, level.unusable, level.failing, level.late), (3, 1, 2, 2));
        assert_eq!((level.state, level.trouble, level.connected), ("ready", Some(Code::ClusterUnreachable), false));
    }
}
