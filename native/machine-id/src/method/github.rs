//! Method `github`: an ID token that GitHub Actions issues on request.

use serde::Deserialize;

use super::id_token::{ONE_PLACE, SETTINGS, bearer, required, set, with_query};
use super::{IdTokenPlace, Identity, Legacy, Proof, Service, Spec, Verb};
use crate::secret::Secret;

const URL_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const BEARER_VARIABLE: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// The audience that Teleport expects (protocol C).
const AUDIENCE: &str = "teleport.cluster.local";

pub(super) const SPEC: Spec = Spec {
    name: "github",
    tbot_section: None,
    settings: SETTINGS,
    at_most_one: ONE_PLACE,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, lookup| match set(settings) {
        Some(place) => Ok(place),
        None => {
            let url = with_query(&required(lookup, URL_VARIABLE)?, &format!("audience={AUDIENCE}"));
            let headers = vec![bearer(&required(lookup, BEARER_VARIABLE)?)];
            Ok(IdTokenPlace::Service(Service {
                name: "GitHub's ID token service",
                verb: Verb::Get,
                url,
                headers,
                read,
            }))
        }
    }),
    legacy: Legacy::Request,
    since: "11",
    uri_parameter: None,
};

fn read(body: &[u8]) -> Option<Secret> {
    #[derive(Deserialize)]
    struct Reply {
        value: Secret,
    }
    serde_json::from_slice(body).ok().map(|reply: Reply| reply.value)
}
