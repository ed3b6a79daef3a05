//! What to do with a stored identity. Pure: the rules of "never lock ourselves out" in one place.

use std::time::SystemTime;

/// What is known about the stored identity when the decision is made.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Whether it can be renewed with itself.
    pub(super) renewable: bool,
    /// Its generation: without one its certificate is no good for a further join.
    pub(super) generation: Option<u64>,
    /// Whether the store says that a renewal may be tried.
    pub(super) ready: bool,
    /// Why not, if not.
    pub(super) reason: String,
    /// From when it should be renewed.
    pub(super) renew_at: SystemTime,
    /// Whether a rotation has replaced the key that signed it.
    pub(super) outdated: bool,
    /// When it expires.
    pub(super) expires_at: SystemTime,
    /// Whether it belongs to the cluster that is configured.
    pub(super) same_cluster: bool,
    /// Whether it was made on this machine.
    pub(super) same_machine: bool,
    /// Hash of the token it joined with.
    pub(super) token_hash: Option<String>,
}

/// What is configured.
#[derive(Clone, Debug)]
pub(super) struct Means {
    /// Whether the join method needs no one-time token.
    pub(super) repeatable: bool,
    /// Whether a key that is kept proves a join: with the certificate at hand at no cost, without it a limited number of
    /// times.
    pub(super) bound: bool,
    /// Hash of the configured token, if there is one.
    pub(super) token_hash: Option<String>,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Join; the reason is for the log.
    Join(String),
    /// Use it as it is; a text if it can't be renewed any more.
    Keep(Option<String>),
    /// Renew it, then use it.
    Renew,
    /// Neither usable nor replaceable: somebody has to bring a fresh token.
    Stuck(String),
    /// The store came from another machine and must not be touched.
    Foreign,
}

/// Decides.
pub(super) fn decide(stored: Option<&Stored>, means: &Means, now: SystemTime) -> Plan {
    let Some(stored) = stored else { return Plan::Join("no identity yet".to_owned()) };
    let token_changed = means.token_hash.is_some() && means.token_hash != stored.token_hash && !means.repeatable;
    if token_changed {
        return Plan::Join("the configured token has changed".to_owned());
    }
    if !stored.same_cluster {
        return Plan::Join("the stored identity belongs to another cluster".to_owned());
    }
    if !stored.same_machine {
        return if means.repeatable {
            Plan::Join("the stored identity was made elsewhere".to_owned())
        } else {
            Plan::Foreign
        };
    }
    let expired = now >= stored.expires_at;
    let due = now >= stored.renew_at || stored.outdated;
    if means.repeatable {
        return if expired || due {
            Plan::Join("the identity is due for renewal".to_owned())
        } else {
            Plan::Keep(None)
        };
    }
    if means.bound {
        return match (expired, stored.ready) {
            (true, _) => Plan::Join("the certificate has expired".to_owned()),
            // Its generation must not be shown again; to join without it costs a recovery, which waits until it has to.
            (false, false) => Plan::Keep(Some(stored.reason.clone())),
            (false, true) if due => Plan::Renew,
            (false, true) => Plan::Keep(None),
        };
    }
    if expired {
        return Plan::Stuck("it has expired".to_owned());
    }
    if !stored.ready {
        return Plan::Keep(Some(stored.reason.clone()));
    }
    if !stored.renewable {
        return Plan::Keep(Some("its certificates aren't renewable".to_owned()));
    }
    if due { Plan::Renew } else { Plan::Keep(None) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn stored() -> Stored {
        Stored {
            renewable: true,
            generation: Some(1),
            ready: true,
            reason: String::new(),
            renew_at: at(500),
            outdated: false,
            expires_at: at(1000),
            same_cluster: true,
            same_machine: true,
            token_hash: Some("old".to_owned()),
        }
    }

    fn token(hash: Option<&str>) -> Means {
        Means { repeatable: false, bound: false, token_hash: hash.map(str::to_owned) }
    }

    #[test]
    fn without_an_identity_it_joins() {
        assert!(matches!(decide(None, &token(Some("old")), at(0)), Plan::Join(_)));
    }

    #[test]
    fn a_fresh_identity_is_used_and_a_due_one_renewed() {
        assert_eq!(decide(Some(&stored()), &token(Some("old")), at(499)), Plan::Keep(None));
        assert_eq!(decide(Some(&stored()), &token(Some("old")), at(500)), Plan::Renew);
        assert_eq!(decide(Some(&stored()), &token(None), at(500)), Plan::Renew);
    }

    #[test]
    fn what_another_key_signed_is_due_whatever_the_schedule_says() {
        let outdated = Stored { outdated: true, ..stored() };
        assert_eq!(decide(Some(&outdated), &token(Some("old")), at(1)), Plan::Renew);
        let pending = Stored { ready: false, reason: "lost reply".to_owned(), ..outdated.clone() };
        assert!(matches!(decide(Some(&pending), &token(Some("old")), at(1)), Plan::Keep(Some(_))));
        let again = Means { repeatable: true, bound: false, token_hash: None };
        assert!(matches!(decide(Some(&outdated), &again, at(1)), Plan::Join(_)));
    }

    #[test]
    fn a_renewal_of_unknown_outcome_is_never_repeated() {
        let pending = Stored { ready: false, reason: "lost reply".to_owned(), ..stored() };
        for now in [499, 500, 999] {
            assert_eq!(decide(Some(&pending), &token(Some("old")), at(now)), Plan::Keep(Some("lost reply".to_owned())));
        }
        assert!(matches!(decide(Some(&pending), &token(Some("old")), at(1000)), Plan::Stuck(_)));
    }

    #[test]
    fn a_changed_token_means_a_fresh_join_whatever_the_state() {
        let pending = Stored { ready: false, ..stored() };
        assert!(matches!(decide(Some(&pending), &token(Some("new")), at(1)), Plan::Join(_)));
        assert!(matches!(decide(Some(&stored()), &token(Some("new")), at(2000)), Plan::Join(_)));
    }

    #[test]
    fn a_copied_store_is_refused_unless_the_method_can_join_again() {
        let copied = Stored { same_machine: false, ..stored() };
        assert_eq!(decide(Some(&copied), &token(Some("old")), at(1)), Plan::Foreign);
        assert!(matches!(
            decide(Some(&copied), &Means { repeatable: true, bound: false, token_hash: None }, at(1)),
            Plan::Join(_)
        ));
    }

    #[test]
    fn a_repeatable_method_joins_again_instead_of_renewing() {
        let means = Means { repeatable: true, bound: false, token_hash: Some("name".to_owned()) };
        let stored = Stored { renewable: false, token_hash: None, ..stored() };
        assert_eq!(decide(Some(&stored), &means, at(1)), Plan::Keep(None));
        assert!(matches!(decide(Some(&stored), &means, at(600)), Plan::Join(_)));
        assert!(matches!(decide(Some(&stored), &means, at(5000)), Plan::Join(_)));
    }

    #[test]
    fn a_bound_key_renews_with_its_certificate_and_recovers_only_without_one() {
        let means = Means { bound: true, ..token(Some("name")) };
        let stored = Stored { renewable: false, token_hash: Some("name".to_owned()), ..stored() };
        assert_eq!(decide(Some(&stored), &means, at(499)), Plan::Keep(None));
        assert_eq!(decide(Some(&stored), &means, at(500)), Plan::Renew);
        assert!(matches!(decide(Some(&stored), &means, at(1000)), Plan::Join(_)));
        let pending = Stored { ready: false, reason: "lost reply".to_owned(), ..stored.clone() };
        assert_eq!(decide(Some(&pending), &means, at(999)), Plan::Keep(Some("lost reply".to_owned())));
        assert!(matches!(decide(Some(&pending), &means, at(1000)), Plan::Join(_)));
        let copied = Stored { same_machine: false, ..stored.clone() };
        assert_eq!(decide(Some(&copied), &means, at(1)), Plan::Foreign);
        let other = Means { token_hash: Some("other".to_owned()), ..means };
        assert!(matches!(decide(Some(&stored), &other, at(1)), Plan::Join(_)));
    }
}
