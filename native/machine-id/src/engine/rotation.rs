//! What a change of the cluster's authorities asks for. Pure (protocol J).

use crate::identity::{Authorities, Authority, BotIdentity, Rotation};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reaction {
    /// Nothing has changed.
    Nothing,
    /// Files that name authorities are written again, with the certificates at hand.
    Rewrite,
    /// The bot's identity is renewed and all certificates are issued anew: another key signs now, or will again.
    Reissue,
}

/// Compares the authorities that are known with the current ones.
///
/// In `init` a second key is trusted but doesn't sign: writing it down early carries clients through
/// `update_servers`. In `update_clients`, `rollback` and at the end (`standby`) certificates of the other key have to
/// go. Who slept through a phase sees only that another key signs: that means the same. (What a join's reply tells of
/// the authorities is too little to be compared.)
pub(super) fn reaction(known: &Authorities, current: &Authorities) -> Reaction {
    if known == current {
        return Reaction::Nothing;
    }
    let own = [(known.host.first(), current.host.first()), (Some(&known.user), Some(&current.user))]
        .into_iter()
        .chain([(known.database.as_ref(), current.database.as_ref())]);
    let reissue = own.into_iter().any(|pair| match pair {
        (Some(known), Some(current)) => needs_new_certificates(known, current),
        _ => false,
    });
    if reissue { Reaction::Reissue } else { Reaction::Rewrite }
}

/// Whether the keys of the cluster itself are being rotated.
pub(super) fn is_under_way(authorities: &Authorities) -> bool {
    let own = authorities.host.first().into_iter().chain([&authorities.user]).chain(&authorities.database);
    own.into_iter().any(|authority| authority.rotation.state == "in_progress")
}

/// Whether a rotation has left the identity with certificates of a key that signs no more and will go with the last
/// phase. A process that only looks in now and then (`start --oneshot`) sees this long after the change itself.
pub(super) fn is_outdated(identity: &BotIdentity) -> bool {
    let user = &identity.authorities.user;
    let rotating = matches!(user.rotation.phase.as_str(), "update_clients" | "update_servers" | "rollback");
    rotating && identity.certificates.ssh_facts().is_ok_and(|facts| !user.signing().contains(&facts.signed_by))
}

fn needs_new_certificates(known: &Authority, current: &Authority) -> bool {
    // Auth servers with keys in hardware of their own all sign: one that is new among them takes nothing from the others.
    let gone = |known: &[String], current: &[String]| known.iter().any(|key| !current.contains(key));
    let another_signs = gone(known.signing(), current.signing()) || gone(known.signing_tls(), current.signing_tls());
    let phase = current.rotation.phase.as_str();
    // Nothing is known before the first look: what a join has just brought is signed by what signs now.
    let looked = known.rotation != Rotation::default();
    let entered =
        looked && known.rotation != current.rotation && matches!(phase, "update_clients" | "rollback" | "standby");
    another_signs || entered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::AuthorityKind;

    fn authority(kind: AuthorityKind, keys: &[&str], phase: &str) -> Authority {
        let list = || keys.iter().map(|key| (*key).to_owned()).collect();
        let state = if phase.is_empty() { "" } else { "in_progress" };
        let rotation = Rotation { state: state.to_owned(), phase: phase.to_owned(), id: "1".to_owned() };
        let (ssh_signers, tls_signers) = (1, 1);
        Authority {
            kind,
            cluster: "c".to_owned(),
            ssh_keys: list(),
            tls_certs: list(),
            ssh_signers,
            tls_signers,
            rotation,
        }
    }

    fn all(keys: &[&str], phase: &str) -> Authorities {
        Authorities {
            host: vec![authority(AuthorityKind::Host, keys, phase)],
            user: authority(AuthorityKind::User, keys, phase),
            database: None,
        }
    }

    #[test]
    fn a_rotation_is_under_way_from_its_first_phase_to_its_last() {
        assert!(!is_under_way(&all(&["old"], "")));
        assert!(is_under_way(&all(&["old", "new"], "init")) && is_under_way(&all(&["new"], "update_servers")));
    }

    #[test]
    fn each_phase_asks_for_what_the_protocol_says() {
        let steps = [
            (all(&["old"], ""), all(&["old"], ""), Reaction::Nothing),
            (all(&["old"], ""), all(&["old", "new"], "init"), Reaction::Rewrite),
            (all(&["old", "new"], "init"), all(&["new", "old"], "update_clients"), Reaction::Reissue),
            (all(&["new", "old"], "update_clients"), all(&["new", "old"], "update_servers"), Reaction::Rewrite),
            (all(&["new", "old"], "update_servers"), all(&["new"], "standby"), Reaction::Reissue),
            (all(&["new", "old"], "update_clients"), all(&["old", "new"], "rollback"), Reaction::Reissue),
            (all(&["old", "new"], "rollback"), all(&["old"], "standby"), Reaction::Reissue),
        ];
        for (known, current, expected) in steps {
            assert_eq!(
                reaction(&known, &current),
                expected,
                "{} -> {}",
                known.user.rotation.phase,
                current.user.rotation.phase
            );
        }
    }

    #[test]
    fn who_slept_through_all_phases_sees_another_key_sign() {
        assert_eq!(reaction(&all(&["old"], "standby"), &all(&["new"], "standby")), Reaction::Reissue);
        assert_eq!(reaction(&all(&["old"], "standby"), &all(&["old", "new"], "update_servers")), Reaction::Rewrite);
    }

    #[test]
    fn a_join_long_after_a_rotation_asks_for_nothing() {
        let mut from_reply = all(&["new"], "");
        for authority in [&mut from_reply.host[0], &mut from_reply.user] {
            authority.rotation = Rotation::default();
        }
        assert_eq!(reaction(&from_reply, &all(&["new"], "standby")), Reaction::Rewrite);
    }

    /// An authority whose keys all sign, as those of auth servers with hardware do.
    fn in_hardware(keys: &[&str], phase: &str) -> Authorities {
        let mut all = all(keys, phase);
        for authority in all.host.iter_mut().chain([&mut all.user]) {
            (authority.ssh_signers, authority.tls_signers) = (keys.len(), keys.len());
        }
        all
    }

    #[test]
    fn an_auth_server_more_that_signs_with_a_key_of_its_own_takes_nothing_from_the_others() {
        assert_eq!(reaction(&in_hardware(&["a"], "standby"), &in_hardware(&["a", "b"], "standby")), Reaction::Rewrite);
        assert_eq!(
            reaction(&in_hardware(&["a", "b"], "standby"), &in_hardware(&["b", "a"], "standby")),
            Reaction::Rewrite
        );
        assert_eq!(reaction(&in_hardware(&["a", "b"], "standby"), &in_hardware(&["b"], "standby")), Reaction::Reissue);
    }

    #[test]
    fn one_authority_alone_can_be_rotated() {
        let known = all(&["old"], "");
        let mut current = known.clone();
        current.user = authority(AuthorityKind::User, &["new", "old"], "update_clients");
        assert_eq!(reaction(&known, &current), Reaction::Reissue);
    }

    #[test]
    fn a_leaf_clusters_change_only_rewrites_files() {
        let known = all(&["old"], "standby");
        let mut current = known.clone();
        current.host.push(authority(AuthorityKind::Host, &["leaf"], "update_clients"));
        assert_eq!(reaction(&known, &current), Reaction::Rewrite);
    }
}
