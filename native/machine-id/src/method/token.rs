//! Method `token`: the secret itself is the proof.

use super::{Identity, Legacy, Proof, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "token",
    tbot_section: None,
    settings: &[],
    at_most_one: &[],
    needs_one: false,
    identity: Identity::Renewable,
    proof: Proof::Token,
    legacy: Legacy::Request,
    since: "9",
    uri_parameter: None,
};
