//! What came of joins, renewals and certificates of each identity, for whoever adds up many processes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How often something ended with an error's code, or `ok`.
pub type Outcomes = BTreeMap<&'static str, u64>;

/// What was tried with an identity since its engine was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Joins.
    pub joins: Outcomes,
    /// Renewals of the bot's identity.
    pub renewals: Outcomes,
    /// Role certificates.
    pub issuances: Outcomes,
}

/// By the ids of identities.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<String, Counts>>);

impl Tally {
    /// One more.
    pub(super) fn add(&self, identity: &str, which: fn(&mut Counts) -> &mut Outcomes, code: &'static str) {
        let mut all = self.lock();
        if !all.contains_key(identity) {
            all.insert(identity.to_owned(), Counts::default());
        }
        if let Some(counts) = all.get_mut(identity) {
            *which(counts).entry(code).or_default() += 1;
        }
    }

    pub(super) fn of(&self, identity: &str) -> Counts {
        self.lock().get(identity).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_identity_has_its_own_numbers() {
        let tally = Tally::default();
        tally.add("api", |counts| &mut counts.joins, "ok");
        tally.add("api", |counts| &mut counts.joins, "join_rejected");
        tally.add("api", |counts| &mut counts.joins, "join_rejected");
        tally.add("web", |counts| &mut counts.issuances, "ok");
        assert_eq!(tally.of("api").joins, Outcomes::from([("join_rejected", 2), ("ok", 1)]));
        assert_eq!(tally.of("api").issuances, Outcomes::new());
        assert_eq!(tally.of("web").issuances, Outcomes::from([("ok", 1)]));
        assert_eq!(tally.of("nobody"), Counts::default());
    }
}
