//! Method `env0`: the OIDC token of an env0 deployment.

use super::id_token::{ONE_PLACE, SETTINGS, set_or_variable};
use super::{Identity, Legacy, Proof, Spec};

/// The variable that the platform fills where "OIDC during deployments" is on.
const VARIABLE: &str = "ENV0_OIDC_TOKEN";

pub(super) const SPEC: Spec = Spec {
    name: "env0",
    tbot_section: None,
    settings: SETTINGS,
    at_most_one: ONE_PLACE,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, _| Ok(set_or_variable(settings, VARIABLE))),
    legacy: Legacy::None,
    since: "18.4",
    uri_parameter: None,
};
