//! Method `gitlab`: the ID token that the job's `id_tokens` puts into a variable, audience the cluster's name.

use super::id_token::{FILE, GIVEN, ONE_PLACE_OR_GIVEN, set_or_variable, variable};
use super::{Identity, Legacy, Proof, Spec};

/// The variable that holds the ID token (protocol C).
const VARIABLE: &str = "TBOT_GITLAB_JWT";

pub(super) const SPEC: Spec = Spec {
    name: "gitlab",
    tbot_section: Some("gitlab"),
    settings: &[variable(Some("token_env_var_name")), FILE, GIVEN],
    at_most_one: ONE_PLACE_OR_GIVEN,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, _| Ok(set_or_variable(settings, VARIABLE))),
    legacy: Legacy::Request,
    since: "12.2",
    uri_parameter: Some("variable"),
};
