//! What servers say to a bad proof (join-methods 2.2, 5), for tests of who has to understand it.

use super::super::refusal::{Refusal, RefusalKind};

type Text = (RefusalKind, &'static str, &'static [&'static str]);

/// Seen on real servers or read in their sources.
const TEXTS: [Text; 26] = [
    (RefusalKind::Plain, "go-jose/go-jose: compact JWS format must have three parts", KUBERNETES),
    (RefusalKind::Plain, "unknown json web key type 'XX'", KUBERNETES),
    (RefusalKind::Plain, "go-jose/go-jose: unsupported key type/format", KUBERNETES),
    (RefusalKind::Plain, "go-jose/go-jose: error in cryptographic primitive", KUBERNETES),
    (RefusalKind::Plain, "expected number value to unmarshal NumericDate", KUBERNETES),
    (RefusalKind::Plain, "go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)", CLAIMS),
    (RefusalKind::Plain, "go-jose/go-jose/jwt: validation failed, token is expired (exp)", CLAIMS),
    (RefusalKind::Plain, "go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)", CLAIMS),
    (RefusalKind::Plain, "go-jose/go-jose/jwt: validation field, token issued in the future (iat)", CLAIMS),
    (
        RefusalKind::BadParameter,
        "static_jwks joining requires the use of projected pod bound service account token",
        CLAIMS,
    ),
    (
        RefusalKind::BadParameter,
        "static_jwks joining requires the use of a service account token with a TTL of less than 30m0s",
        CLAIMS,
    ),
    (RefusalKind::Denied, "kubernetes token did not match any allow rules", &[]),
    (RefusalKind::Denied, "id token claims did not match any allow rules", &[]),
    (RefusalKind::Plain, "failed to verify signature: failed to verify id token signature", OIDC),
    (RefusalKind::Plain, "oidc: expected audience \"example.test\" got [\"other\"]", OIDC),
    (RefusalKind::Plain, "audience is not valid", OIDC),
    (RefusalKind::Plain, "oidc: expiration has passed", OIDC),
    (RefusalKind::Denied, "token not before in future", OIDC),
    (
        RefusalKind::Plain,
        "oidc: id token issued by a different provider, expected \"https://a.test\" got \"https://b.test\"",
        OIDC,
    ),
    (RefusalKind::Plain, "oidc: id token signed with unsupported algorithm, expected [\"RS256\"] got \"ES256\"", OIDC),
    (
        RefusalKind::Plain,
        "json: cannot unmarshal number into Go struct field IDTokenClaims.pipeline_id of type string",
        OIDC,
    ),
    (
        RefusalKind::Plain,
        "Get \"https://ci.example.test/.well-known/openid-configuration\": dial tcp: lookup ci.example.test: no such host",
        OIDC,
    ),
    (RefusalKind::CompareFailed, "claims missing expected key: job.name", OIDC),
    (RefusalKind::CompareFailed, "incorrect value in claim: branch must be \"main\" but got \"test\"", OIDC),
    (RefusalKind::Denied, "claims matched no allow_any rules", OIDC),
    (RefusalKind::Denied, "spacelift joining: this feature requires Teleport Enterprise", &[]),
];

const KUBERNETES: &[&str] = &["reviewing kubernetes token with static_jwks"];
const CLAIMS: &[&str] = &["validating jwt claims", "reviewing kubernetes token with static_jwks"];
const OIDC: &[&str] = &["validating id token"];

/// Each known refusal of a bad ID token, for [`TokenOptions::refusal`](crate::TokenOptions::refusal).
#[must_use]
pub fn proof_refusals() -> Vec<Refusal> {
    TEXTS.iter().map(|&(kind, message, wraps)| Refusal::new(kind, message).within(wraps)).collect()
}
