//! Method `azure`: a virtual machine's managed identity, proved by a document and a token of Azure's metadata service.

use super::setting::{Kind, Setting};
use super::{Identity, Legacy, Proof, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "azure",
    tbot_section: Some("azure"),
    // Which of several managed identities; the only one where nothing is said.
    settings: &[Setting { name: "client_id", tbot: Some("client_id"), kind: Kind::Text }],
    at_most_one: &[],
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::Azure,
    legacy: Legacy::Stream,
    since: "12",
    uri_parameter: Some("client_id"),
};
