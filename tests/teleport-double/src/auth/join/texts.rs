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

/// What can be the matter with an ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Genuine, but no allow rule names whom it is of.
    Subject,
    /// Its key id is nobody's.
    KeyId,
    /// Signed by another key than the one that it names.
    Signature,
    /// For another audience.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time hasn't begun.
    Early,
    /// Valid for longer than a server takes.
    Lifetime,
    /// Of another issuer.
    Issuer,
}

impl Flaw {
    /// What servers say to it: for `github`, `gitlab` and `kubernetes` with keys that the token resource lists, or else
    /// that the server fetches.
    #[must_use]
    pub fn refusal(self, method: &str, given_keys: bool) -> Refusal {
        let kubernetes = method == "kubernetes";
        let reviewing = if kubernetes { "reviewing kubernetes token with static_jwks" } else { "validating with jwks" };
        let claims = &[if kubernetes { "validating jwt claims" } else { "validating standard claims" }, reviewing];
        let jose = |text: &str| Refusal::plain(format!("go-jose/go-jose{text}"));
        match self {
            Self::Subject if kubernetes => Refusal::denied("kubernetes token did not match any allow rules"),
            Self::Subject => Refusal::denied("id token claims did not match any allow rules"),
            Self::KeyId if given_keys => {
                jose(": unsupported key type/format").within(&["validating jwt signature", reviewing])
            }
            Self::Signature if given_keys => {
                jose(": error in cryptographic primitive").within(&["validating jwt signature", reviewing])
            }
            Self::KeyId | Self::Signature => {
                Refusal::plain("failed to verify signature: failed to verify id token signature")
            }
            Self::Audience if given_keys => {
                jose("/jwt: validation failed, invalid audience claim (aud)").within(claims)
            }
            Self::Audience => Refusal::plain("oidc: expected audience \"example.test\" got [\"another\"]"),
            Self::Expired if given_keys => jose("/jwt: validation failed, token is expired (exp)").within(claims),
            Self::Expired => Refusal::plain("oidc: token is expired (Token Expiry: 2026-11-28 06:43:29 +0000 UTC)"),
            Self::Early if given_keys => jose("/jwt: validation failed, token not valid yet (nbf)").within(claims),
            Self::Early => Refusal::denied("token not before in future"),
            Self::Lifetime => Refusal::bad_parameter(
                "static_jwks joining requires the use of a service account token with a TTL of less than 30m0s",
            )
            .within(&[reviewing]),
            Self::Issuer => Refusal::plain(
                "oidc: id token issued by a different provider, expected \"https://a.test\" got \"https://b.test\"",
            ),
        }
    }
}

/// Each known refusal of a bad ID token, for [`TokenOptions::refusal`](crate::TokenOptions::refusal).
#[must_use]
pub fn proof_refusals() -> Vec<Refusal> {
    TEXTS.iter().map(|&(kind, message, wraps)| Refusal::new(kind, message).within(wraps)).collect()
}
