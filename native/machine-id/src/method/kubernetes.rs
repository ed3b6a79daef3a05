//! Method `kubernetes`: the service account token of the pod, in each of the method's three forms.

use std::path::PathBuf;

use super::id_token::{GIVEN, looked_up};
use super::setting::{Kind, Setting};
use super::{IdTokenPlace, Identity, Legacy, Proof, Spec};

/// Names another place for the token (protocol C).
const PATH_VARIABLE: &str = "KUBERNETES_TOKEN_PATH";
const DEFAULT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

pub(super) const SPEC: Spec = Spec {
    name: "kubernetes",
    tbot_section: Some("kubernetes"),
    settings: &[Setting { name: "token_path", tbot: Some("token_path"), kind: Kind::Path }, GIVEN],
    at_most_one: &["token_path", "given"],
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, lookup| {
        if settings.is_given() {
            return Ok(IdTokenPlace::Given);
        }
        let named = || looked_up(lookup, PATH_VARIABLE).map(|path| PathBuf::from(path.expose()));
        let path = settings.path("token_path").map(PathBuf::from).or_else(named);
        Ok(IdTokenPlace::File(path.unwrap_or_else(|| PathBuf::from(DEFAULT_PATH))))
    }),
    legacy: Legacy::Request,
    since: "12",
    uri_parameter: None,
};
