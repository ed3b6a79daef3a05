//! What a bot tells of itself, from what this process knows and what is on disk. Asks nobody.

use std::time::Duration;

use super::agenda::Held;
use super::bot::Bot;
use super::observed::Seen;
use super::reply::{IdentityReport, IdentityState, IdentityStatus};
use super::rotation::is_under_way;
use crate::error::{Code, Error};
use crate::join;
use crate::strain::postponed;

/// How long a failure is told that nobody tries to mend: with an identity that isn't there, or that each lease has for itself,
/// the next try is the next lease's.
const TOLD: Duration = Duration::from_secs(3600);

impl Bot {
    /// Whether a rotation of the cluster's keys is under way: its next phase must not be missed.
    pub(super) fn rotates(&self) -> bool {
        self.current().is_some_and(|session| is_under_way(&session.identity.authorities))
    }

    /// The session at hand, and when it is renewed: later at a slow cluster.
    pub(super) fn planned(&self) -> Option<Held> {
        let (stretch, rotates) = (self.connector.stretch(), self.rotates());
        self.held().map(|held| Held {
            renew_at: held.renew_at.map(|due| if rotates { due } else { postponed(stretch, due, held.expires_at) }),
            ..held
        })
    }

    /// How it is, and what was seen of it. Reads the disk.
    pub(super) fn report(&self) -> Result<IdentityReport, Error> {
        let given = self.config.join.settings.is_given();
        let session = self.current();
        let mut status = self.status()?;
        let kept = !given && (session.is_some() || status.expires_at.is_some());
        if !kept && self.observed.let_go(self.clock.now(), TOLD) && !given {
            self.memory().gate.succeeded();
            status = self.status()?;
        }
        let Seen { failure, server, role_subset } = self.observed.seen();
        Ok(IdentityReport {
            status,
            method: self.config.join.method.as_str(),
            given,
            origin: session.as_ref().map(|session| self.origin(session, None)),
            renews_at: self.planned().and_then(|held| held.renew_at),
            connected: self.sessions.current().connected().is_some(),
            role_subset,
            failure,
            server,
            counts: self.metrics.counts(&self.config.id),
        })
    }

    /// What is stored, without touching anything. Reads the disk.
    fn status(&self) -> Result<IdentityStatus, Error> {
        let trouble = self.trouble();
        let mut status =
            IdentityStatus::stored(&self.config.id, &self.store, join::recovers(&self.config.join), self.clock.now())?;
        match trouble {
            Some(error) if error.code() == Code::BotLocked => {
                (status.state, status.reason) = (IdentityState::Locked, error.to_string())
            }
            Some(error) if error.code() == Code::IdentityNeedsRejoin => {
                (status.state, status.reason) = (IdentityState::NeedsRejoin, error.to_string());
            }
            Some(error) if status.state != IdentityState::Ready && status.reason.is_empty() => {
                status.reason = error.to_string()
            }
            Some(error) if status.state == IdentityState::Expired => {
                status.reason = format!("{}; {error}", status.reason)
            }
            _ => {}
        }
        Ok(status)
    }
}
