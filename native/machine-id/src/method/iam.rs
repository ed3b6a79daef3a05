//! Method `iam`: an AWS identity, proved by a signed request that the auth server hands to STS.

use super::setting::{Kind, Setting};
use super::{Identity, Legacy, Proof, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "iam",
    tbot_section: None,
    settings: &[Setting { name: "fips", tbot: None, kind: Kind::Flag }],
    at_most_one: &[],
    needs_one: false,
    identity: Identity::Rejoined,
    proof: Proof::Aws,
    legacy: Legacy::Stream,
    since: "9",
    uri_parameter: None,
};
