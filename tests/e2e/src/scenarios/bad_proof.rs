//! Proofs that a cluster refuses. Each is told in one sentence: which join was refused, in the server's words, and what
//! to do about it, which is never to look into a log, and never to try the same again.

use super::id_token::vouched;
use crate::advice::{AUDIENCE, ISSUER, LIFETIME, METHOD, RULES, SIGNATURE, TIME, UNKNOWN_KEY};
use crate::stage::{Flaw, Method};
use crate::{Machine, Stage};

/// What is the matter, the server's words, and what to do.
type Row = (Flaw, &'static str, &'static str);

/// Fails unless a run is refused so, and leaves nothing.
#[track_caller]
pub(super) fn refused(machine: &Machine, words: &[&str], advice: &str) {
    let ended = machine.oneshot();
    ended.refused(1, "join_rejected", words);
    assert!(ended.stderr.ends_with(&format!("; {advice} [join_rejected]\n")), "{}", ended.stderr);
    let said = ended.stderr.to_lowercase();
    for never in ["try again", "try it again", "later", " log", "rpc error", "desc ="] {
        assert!(!said.contains(never), "{never:?}: {}", ended.stderr);
    }
    machine.assert_nothing_left();
}

/// Each flaw, at the proxy and at the auth server.
fn refuses(stage: &dyn Stage, method: Method, rows: &[Row]) {
    for (flaw, words, advice) in rows {
        let Some((machine, _)) = vouched(stage, method, Some(*flaw)) else { return };
        refused(&machine, &[words], advice);
        machine.configure_pin(&stage.ca_pin());
        refused(&machine, &[words], advice);
    }
}

/// Each check of join-methods 2.2.
pub fn of_kubernetes_by_given_keys(stage: &dyn Stage) {
    refuses(
        stage,
        Method::Kubernetes,
        &[
            (Flaw::KeyId, "unsupported key type/format", UNKNOWN_KEY),
            (Flaw::Signature, "error in cryptographic primitive", SIGNATURE),
            (Flaw::Audience, "validation failed, invalid audience claim (aud)", AUDIENCE),
            (Flaw::Expired, "validation failed, token is expired (exp)", TIME),
            (Flaw::Early, "validation failed, token not valid yet (nbf)", TIME),
            (
                Flaw::Lifetime,
                "static_jwks joining requires the use of a service account token with a TTL of less than 30m0s",
                LIFETIME,
            ),
            (Flaw::Subject, "kubernetes token did not match any allow rules", RULES),
        ],
    );
}

/// The audience is fixed.
pub fn of_github_by_given_keys(stage: &dyn Stage) {
    refuses(stage, Method::Github, GIVEN_KEYS);
}

/// As github's.
pub fn of_gitlab_by_given_keys(stage: &dyn Stage) {
    refuses(stage, Method::Gitlab, GIVEN_KEYS);
}

const GIVEN_KEYS: &[Row] = &[
    (Flaw::KeyId, "unsupported key type/format", UNKNOWN_KEY),
    (Flaw::Signature, "error in cryptographic primitive", SIGNATURE),
    (Flaw::Audience, "validation failed, invalid audience claim (aud)", AUDIENCE),
    (Flaw::Expired, "validation failed, token is expired (exp)", TIME),
    (Flaw::Subject, "id token claims did not match any allow rules", RULES),
];

/// The library that fetches keys has words of its own.
pub fn of_gitlab_by_its_domain(stage: &dyn Stage) {
    refuses(stage, Method::GitlabDomain, FETCHED_KEYS);
}

/// As gitlab's.
pub fn of_gcp(stage: &dyn Stage) {
    refuses(stage, Method::Gcp, FETCHED_KEYS);
}

const FETCHED_KEYS: &[Row] = &[
    (Flaw::KeyId, "failed to verify id token signature", UNKNOWN_KEY),
    (Flaw::Signature, "failed to verify id token signature", UNKNOWN_KEY),
    (Flaw::Audience, "oidc: expected audience", AUDIENCE),
    (Flaw::Expired, "oidc: token is expired", TIME),
    (Flaw::Early, "token not before in future", TIME),
    (Flaw::Issuer, "oidc: id token issued by a different provider", ISSUER),
    (Flaw::Subject, "id token claims did not match any allow rules", RULES),
];

/// The proof is good, the method isn't the token's.
pub fn for_a_token_of_another_method(stage: &dyn Stage) {
    let bot = stage.add_bot();
    let aws = crate::stage::IamOptions::default();
    let Some((machine, _)) = vouched(stage, Method::Kubernetes, None) else { return };
    let config = machine.read("tbot.yaml");
    let named = config.lines().find(|line| line.starts_with("  token: ")).unwrap();
    machine.write_config(&config.replace(named, &format!("  token: {}", stage.admit_aws(&bot, aws))));
    refused(&machine, &["this token is only valid for the iam join method"], METHOD);
}
