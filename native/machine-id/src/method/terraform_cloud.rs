//! Method `terraform_cloud`: the workload identity token of a run.

use super::id_token::{FILE, set, variable};
use super::setting::{Kind, Setting};
use super::{IdTokenPlace, Identity, Legacy, Proof, Spec};

/// The variable that holds the ID token (protocol C).
const VARIABLE: &str = "TFC_WORKLOAD_IDENTITY_TOKEN";

pub(super) const SPEC: Spec = Spec {
    name: "terraform_cloud",
    tbot_section: Some("terraform"),
    // A tag tells the tokens of several audiences apart: it ends the variable's name.
    settings: &[
        variable(None),
        FILE,
        Setting { name: "audience_tag", tbot: Some("audience_tag"), kind: Kind::Variable },
    ],
    at_most_one: &["variable", "file", "audience_tag"],
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, _| {
        Ok(set(settings).unwrap_or_else(|| {
            let tag = settings.text("audience_tag").map(|tag| format!("_{tag}")).unwrap_or_default();
            IdTokenPlace::Variable(format!("{VARIABLE}{tag}"))
        }))
    }),
    legacy: Legacy::Request,
    since: "16",
    uri_parameter: Some("audience_tag"),
};
