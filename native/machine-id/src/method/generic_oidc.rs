//! Method `generic_oidc`: the ID token of any issuer, from a variable, a command or a file (join-methods 3.8).

use std::time::Duration;

use super::id_token::{Absent, FILE, GIVEN, set, variable};
use super::setting::{Kind, Setting};
use super::{IdTokenPlace, Identity, Legacy, Proof, Spec};

/// How long a command may take where nothing is said, as tbot's.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) const SPEC: Spec = Spec {
    name: "generic_oidc",
    tbot_section: Some("generic_oidc"),
    settings: &[
        variable(Some("env")),
        FILE,
        Setting { name: "command", tbot: Some("command"), kind: Kind::Words },
        Setting { name: "timeout", tbot: Some("timeout"), kind: Kind::Seconds },
        GIVEN,
    ],
    at_most_one: &["variable", "file", "command", "given"],
    needs_one: true,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, _| {
        let limit = settings.time("timeout").unwrap_or(LIMIT);
        let command = || settings.words("command").map(|words| IdTokenPlace::Command { words: words.to_vec(), limit });
        set(settings).or_else(command).ok_or_else(|| Absent {
            place: "the configuration".to_owned(),
            reason: "it names neither a variable nor a command nor a file".to_owned(),
        })
    }),
    legacy: Legacy::None,
    since: "18.11",
    uri_parameter: None,
};
