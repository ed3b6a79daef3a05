//! Method `bound_keypair`: a long-term key that the cluster knows, registered once by a secret, or beforehand.

use super::setting::{Kind, Setting};
use super::{Identity, Legacy, Proof, Spec};

const fn setting(name: &'static str, kind: Kind) -> Setting {
    Setting { name, tbot: Some(name), kind }
}

/// With none of the settings the key was registered beforehand.
pub(super) const SPEC: Spec = Spec {
    name: "bound_keypair",
    tbot_section: Some("bound_keypair"),
    settings: &[
        setting("registration_secret", Kind::Secret),
        setting("registration_secret_path", Kind::Path),
        setting("static_key_path", Kind::Path),
        // A PEM. In tbot's file it would lie open; tbot has a variable for it.
        Setting { name: "static_key", tbot: None, kind: Kind::Secret },
    ],
    at_most_one: &["registration_secret", "registration_secret_path", "static_key_path", "static_key"],
    needs_one: false,
    identity: Identity::BoundKey,
    proof: Proof::BoundKey,
    legacy: Legacy::Stream,
    since: "17.7 (of 18: 18.1)",
    uri_parameter: Some("registration_secret"),
};
