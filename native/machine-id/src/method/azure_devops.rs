//! Method `azure_devops`: the ID token of an Azure Pipelines job, made on request (Azure DevOps REST 7.1,
//! `distributedtask/oidctoken/create`).

use serde::Deserialize;

use super::id_token::{ONE_PLACE, SETTINGS, bearer, required, set, with_query};
use super::{IdTokenPlace, Identity, Legacy, Proof, Service, Spec, Verb};
use crate::secret::Secret;

const URL_VARIABLE: &str = "SYSTEM_OIDCREQUESTURI";
/// Pipelines fill it only where the step asks for it (`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`).
const BEARER_VARIABLE: &str = "SYSTEM_ACCESSTOKEN";

pub(super) const SPEC: Spec = Spec {
    name: "azure_devops",
    tbot_section: None,
    settings: SETTINGS,
    at_most_one: ONE_PLACE,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, lookup| match set(settings) {
        Some(place) => Ok(place),
        None => {
            let headers = vec![
                bearer(&required(lookup, BEARER_VARIABLE)?),
                ("content-type", Secret::new("application/json".to_owned())),
            ];
            let url = with_query(&required(lookup, URL_VARIABLE)?, "api-version=7.1");
            Ok(IdTokenPlace::Service(Service { name: "Azure DevOps", verb: Verb::Post, url, headers, read }))
        }
    }),
    legacy: Legacy::Request,
    since: "17.5",
    uri_parameter: None,
};

fn read(body: &[u8]) -> Option<Secret> {
    #[derive(Deserialize)]
    struct Reply {
        #[serde(rename = "oidcToken")]
        token: Secret,
    }
    serde_json::from_slice(body).ok().map(|reply: Reply| reply.token)
}
