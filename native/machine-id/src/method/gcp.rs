//! Method `gcp`: the identity token of a Google Cloud machine or workload, from its metadata service
//! (join-methods 3.4).

use super::id_token::{ONE_PLACE, SETTINGS, looked_up, set};
use super::{IdTokenPlace, Identity, Legacy, Proof, Service, Spec, Verb};
use crate::secret::Secret;

/// Moves the metadata service, as Google's own libraries have it: `host:port`.
const HOST_VARIABLE: &str = "GCE_METADATA_HOST";
const HOST: &str = "metadata.google.internal";
const PATH: &str = "computeMetadata/v1/instance/service-accounts/default/identity";
/// The audience that Teleport expects.
const AUDIENCE: &str = "teleport.cluster.local";

pub(super) const SPEC: Spec = Spec {
    name: "gcp",
    tbot_section: None,
    settings: SETTINGS,
    at_most_one: ONE_PLACE,
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::IdToken(|settings, lookup| match set(settings) {
        Some(place) => Ok(place),
        None => {
            let host = looked_up(lookup, HOST_VARIABLE);
            let host = host.as_ref().map_or(HOST, Secret::expose);
            let url = format!("http://{host}/{PATH}?audience={AUDIENCE}&format=full&licenses=FALSE");
            let headers = vec![("metadata-flavor", Secret::new("Google".to_owned()))];
            Ok(IdTokenPlace::Service(Service {
                name: "Google's metadata service",
                verb: Verb::Get,
                url,
                headers,
                read,
            }))
        }
    }),
    legacy: Legacy::Request,
    since: "13.2",
    uri_parameter: None,
};

/// The body is the token.
fn read(body: &[u8]) -> Option<Secret> {
    std::str::from_utf8(body).ok().map(|text| Secret::new(text.trim().to_owned()))
}
