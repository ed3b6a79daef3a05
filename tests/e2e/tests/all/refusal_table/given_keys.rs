//! Methods `gitlab` and `github` with keys that the token resource lists (join-methods 2.5).

use e2e::advice::{AUDIENCE, CLAIM, RULES, SIGNATURE, TIME, UNKNOWN_KEY};
use teleport_double::RefusalKind::{Denied, Plain};

use super::fetched_keys::machine;
use super::row::{Told, tell};

/// What both say; `$wrap` is their own.
macro_rules! rows {
    ($wrap:expr, $field:expr) => {
        &[
            (
                "no key id, or an unknown one",
                Plain,
                &["go-jose/go-jose: unsupported key type/format", "validating jwt signature", $wrap],
                UNKNOWN_KEY,
            ),
            (
                "another key's signature",
                Plain,
                &["go-jose/go-jose: error in cryptographic primitive", "validating jwt signature", $wrap],
                SIGNATURE,
            ),
            (
                "another audience",
                Plain,
                &[
                    "go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)",
                    "validating standard claims",
                    $wrap,
                ],
                AUDIENCE,
            ),
            (
                "too old",
                Plain,
                &[
                    "go-jose/go-jose/jwt: validation failed, token is expired (exp)",
                    "validating standard claims",
                    $wrap,
                ],
                TIME,
            ),
            (
                "too early",
                Plain,
                &[
                    "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)",
                    "validating standard claims",
                    $wrap,
                ],
                TIME,
            ),
            (
                "from the future",
                Plain,
                &[
                    "go-jose/go-jose/jwt: validation field, token issued in the future (iat)",
                    "validating standard claims",
                    $wrap,
                ],
                TIME,
            ),
            (
                "a claim of another type",
                Plain,
                &[
                    concat!(
                        "json: cannot unmarshal number into Go struct field IDTokenClaims.",
                        $field,
                        " of type string"
                    ),
                    "validating custom claims",
                    $wrap,
                ],
                CLAIM,
            ),
            ("nobody whom a rule allows", Denied, &["id token claims did not match any allow rules"], RULES),
        ]
    };
}

const GITLAB: &[Told] = rows!("validating with static jwks", "pipeline_id");
const GITHUB: &[Told] = rows!("validating with jwks", "run_id");

#[test]
fn gitlab() {
    for version in ["17.4.0", "18.0.0", "18.8.0"] {
        tell("gitlab", version, GITLAB, |cluster| machine(cluster, "gitlab"));
    }
}

#[test]
fn github() {
    for version in ["16.4.8", "18.0.0", "18.8.0"] {
        tell("github", version, GITHUB, |cluster| machine(cluster, "github"));
    }
}
