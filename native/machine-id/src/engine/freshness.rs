//! What a lease has, what went wrong, and when it is due. Pure: the clock and chance come as parameters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::deliver::Delivered;
use super::lateness::Lateness;
use super::retry_gate::delay;
use super::rotation::{Reaction, reaction};
use super::timestamp::timestamp;
use crate::backoff::Backoff;
use crate::error::{Code, Error};
use crate::identity::Authorities;
use crate::renew::schedule::{Validity, renewal_point};
use crate::strain::postponed;

/// How long after a failed refresh the next one is tried, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A refresh never follows another one sooner, whatever lifetime the cluster grants.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// How fresh a lease is.
#[derive(Debug)]
pub(super) struct Freshness {
    delivered: Option<Delivered>,
    authorities: Option<Authorities>,
    refresh_at: SystemTime,
    backoff: Backoff,
    problem: Option<Error>,
    late: Lateness,
    /// When it was last filled, or tried to be.
    tried_at: SystemTime,
    /// Set by whoever sees that the proxy refuses its certificates.
    refused: Arc<AtomicBool>,
}

/// What a status says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// When the first of its certificates expires.
    pub(super) expires_at: SystemTime,
    /// Whether its certificates can be used.
    pub(super) usable: bool,
    /// What is wrong; empty: nothing.
    pub(super) problem: String,
    /// Whether half of what was left of its life is gone since it should have been refreshed.
    pub(super) late: bool,
}

impl Freshness {
    /// Never filled.
    pub(super) fn new(now: SystemTime) -> Self {
        Self {
            delivered: None,
            authorities: None,
            refresh_at: now,
            backoff: Backoff::new(RETRY.0, RETRY.1),
            problem: None,
            late: Lateness::NONE,
            tried_at: now,
            refused: Arc::default(),
        }
    }

    /// What tells it that the proxy refuses its certificates.
    pub(super) fn refused(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.refused)
    }

    /// Notes that it was filled, with the authorities of that time. `fixed` is a refresh interval that is configured,
    /// `unit` a random number in `0.0..1.0`.
    pub(super) fn delivered(
        &mut self,
        delivered: &Delivered,
        authorities: &Authorities,
        now: SystemTime,
        fixed: Option<Duration>,
        unit: f64,
    ) {
        self.refresh_at = match &delivered.refused {
            None => {
                self.backoff.reset();
                let validity = Validity::of_certificate(delivered.valid_from, delivered.expires_at);
                let due = renewal_point(validity, fixed, unit).max(now + SHORTEST_LIFE);
                self.late.renewed(due, delivered.expires_at);
                due
            }
            Some(error) => {
                self.late.failed(now);
                now + delay(&mut self.backoff, error, unit)
            }
        };
        self.tried_at = now;
        self.problem.clone_from(&delivered.refused);
        self.delivered = Some(delivered.clone());
        self.authorities = Some(authorities.clone());
    }

    /// Notes that it could not be filled.
    pub(super) fn failed(&mut self, error: &Error, now: SystemTime, unit: f64) {
        self.late.failed(now);
        self.tried_at = now;
        self.refresh_at = now + delay(&mut self.backoff, error, unit);
        self.problem = Some(error.clone());
    }

    /// When it is to be refreshed: at its time, later at a slow cluster ([`crate::strain`]), or at once when the cluster's
    /// authorities have changed, or the proxy refuses what it has. None: it has never been filled.
    pub(super) fn due_at(&self, authorities: Option<&Authorities>, stretch: f64) -> Option<SystemTime> {
        let delivered = self.delivered.as_ref()?;
        let changed = self.problem.is_none()
            && authorities
                .zip(self.authorities.as_ref())
                .is_some_and(|(current, known)| reaction(known, current) != Reaction::Nothing);
        let due = Some(match &self.problem {
            _ if changed => SystemTime::UNIX_EPOCH,
            None => postponed(stretch, self.refresh_at, delivered.expires_at),
            Some(_) => self.refresh_at,
        });
        // A proxy that refuses whatever is presented must not be a reason for certificates without end.
        let at_once = self.refused.load(Ordering::Relaxed).then(|| self.tried_at + SHORTEST_LIFE);
        due.map(|due| at_once.map_or(due, |at_once| due.min(at_once)))
    }

    /// Whether its files hold certificates for the future only or for the past: the wall clock was set.
    pub(super) fn let_refresh(&mut self, now: SystemTime) {
        self.refresh_at = self.refresh_at.min(now);
        self.backoff.reset();
    }

    /// When it will be late, as it looks now.
    pub(super) const fn late(&mut self) -> &mut Lateness {
        &mut self.late
    }

    /// How long its certificates are valid, if it has ever been filled.
    pub(super) fn validity(&self) -> Option<Validity> {
        self.delivered.as_ref().map(|one| Validity::of_certificate(one.valid_from, one.expires_at))
    }

    /// What went wrong the last time.
    pub(super) const fn problem(&self) -> Option<&Error> {
        self.problem.as_ref()
    }

    /// How it stands at `now`, if it has ever been filled. `trouble` is what is wrong with its identity.
    pub(super) fn verdict(&self, trouble: Option<&Error>, now: SystemTime) -> Option<Verdict> {
        let expires_at = self.delivered.as_ref()?.expires_at;
        let overdue = trouble.filter(|_| now >= self.refresh_at);
        let locked = trouble.into_iter().chain(self.problem.as_ref()).find(|error| error.code() == Code::BotLocked);
        let cause = locked.or(self.problem.as_ref()).or(overdue);
        let expired = now >= expires_at;
        let problem = match (expired, cause) {
            (true, Some(cause)) => format!("expired at {}: {cause}", timestamp(expires_at)),
            (true, None) => format!("expired at {}", timestamp(expires_at)),
            (false, Some(cause)) => cause.to_string(),
            (false, None) => String::new(),
        };
        let late = expired || self.late.is_late(now);
        Some(Verdict { expires_at, usable: !expired && locked.is_none(), problem, late })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures::authorities;

    /// A proxy that refuses whatever is presented is no reason for certificates without end.
    #[test]
    fn a_refused_certificate_is_replaced_at_once_but_not_without_end() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut freshness = Freshness::new(start);
        let fill = |freshness: &mut Freshness, now: SystemTime| {
            let delivered = Delivered {
                expires_at: now + Duration::from_secs(3600),
                valid_from: now,
                environment: std::collections::BTreeMap::new(),
                tunnels: Vec::new(),
                refused: None,
            };
            freshness.delivered(&delivered, &authorities(), now, None, 0.5);
        };
        fill(&mut freshness, start);
        let usual = freshness.due_at(None, 1.0).unwrap();
        assert!(usual > start + Duration::from_secs(600));
        freshness.refused().store(true, Ordering::Relaxed);
        let later = start + Duration::from_secs(100);
        assert!(freshness.due_at(None, 1.0).unwrap() <= later, "it is due long before its time");
        // Whoever refreshes it takes the mark away; refused again at once, it waits.
        freshness.refused().store(false, Ordering::Relaxed);
        fill(&mut freshness, later);
        freshness.refused().store(true, Ordering::Relaxed);
        assert_eq!(freshness.due_at(None, 1.0).unwrap(), later + SHORTEST_LIFE);
    }
}
