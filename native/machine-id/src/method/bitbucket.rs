//! Method `bitbucket`: the ID token of a Bitbucket pipeline's step.

use super::id_token::{ONE_PLACE, SETTINGS, set_or_variable};
use super::{Identity, Legacy, Proof, Spec};

/// The variable that the platform fills (protocol C).
const VARIABLE: &str = "BITBUCKET_STEP_OIDC_TOKEN";

pub(super) const SPEC: Spec = Spec {
    name: "bitbucket",
    tbot_section: None,
    settings: SETTINGS,
    at_most_one: ONE_PLACE,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, _| Ok(set_or_variable(settings, VARIABLE))),
    legacy: Legacy::Request,
    since: "17",
    uri_parameter: None,
};
