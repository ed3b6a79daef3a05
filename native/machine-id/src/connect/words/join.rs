//! The words by which servers refuse a join (join-methods 5).

/// Why a server refuses token or proof. Nothing of these is cured by the same request again, but [`Self::TimedOut`]
/// perhaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// No such token: a wrong name, expired, or used.
    Token,
    /// The token is for another join method than the configured one.
    OtherMethod,
    /// The token's method wants a proof.
    ProofExpected,
    /// The proof's key isn't one of those that the cluster knows for this issuer.
    UnknownKey,
    /// The proof was signed by another key than the one that it names.
    Signature,
    /// The keys in the token resource can't be read.
    Jwks,
    /// The proof is for another audience.
    Audience,
    /// The proof is too old or too new.
    Time,
    /// The proof comes from another issuer.
    Issuer,
    /// The proof is signed with an algorithm that the server doesn't take.
    Algorithm,
    /// A claim of the proof has another type than the server expects.
    Claim,
    /// The auth server can't fetch the issuer's keys.
    IssuerUnreachable,
    /// The token's form works only where the auth server runs in Kubernetes.
    InCluster,
    /// The proof is valid for longer than the server takes.
    Lifetime,
    /// The proof is genuine, and no rule of the token allows whom it names.
    Rules,
    /// The account is one that every machine has.
    DefaultAccount,
    /// A rule asks for a place, and the proof names none.
    Place,
    /// The STS host isn't one that the server takes.
    StsHost,
    /// The server takes FIPS hosts of STS alone.
    Fips,
    /// AWS refused the signed request.
    Sts,
    /// The auth server can't reach AWS.
    StsUnreachable,
    /// The answer to the server's challenge wasn't right.
    Challenge,
    /// The server can't read or verify a document that a platform signed.
    Document,
    /// The machine of the proof isn't the one that the proof's identity is known for.
    Machine,
    /// The method needs Teleport Enterprise.
    Enterprise,
    /// The server doesn't know the method.
    UnknownMethod,
    /// The registration secret is missing, wrong or too late.
    RegistrationSecret,
    /// The token allows no further recovery.
    Recoveries,
    /// The join state is missing, or isn't the last one.
    JoinState,
    /// A first join of a bound key, which takes no certificate.
    FirstJoin,
    /// What the cluster stores of a bound key is broken.
    BrokenToken,
    /// The server took too long to get its answer.
    TimedOut,
    /// Static tokens of the server's configuration file aren't for bots any more.
    StaticToken,
    /// A scoped token or bot.
    Scoped,
    /// Device Trust.
    DeviceTrust,
    /// Anything else.
    Other,
}

/// Words of servers and what they mean; the first that is there counts. Lower case.
const WORDS: &[(&str, Rejection)] = &[
    ("token expired or not found", Rejection::Token),
    ("the token is not valid", Rejection::Token),
    ("node has connected to the wrong endpoint", Rejection::OtherMethod),
    ("this token does not support the", Rejection::OtherMethod),
    ("specified join token is not for", Rejection::OtherMethod),
    ("provision token only supports method", Rejection::OtherMethod),
    ("idtoken not provided for", Rejection::ProofExpected),
    ("id_token not provided for", Rejection::ProofExpected),
    ("idtoken is required", Rejection::ProofExpected),
    ("unsupported key type/format", Rejection::UnknownKey),
    ("failed to verify id token signature", Rejection::UnknownKey),
    ("unknown json web key type", Rejection::Jwks),
    ("error in cryptographic primitive", Rejection::Signature),
    ("invalid audience claim", Rejection::Audience),
    ("invalid issuer claim", Rejection::Issuer),
    ("oidc: expected audience", Rejection::Audience),
    ("audience is not valid", Rejection::Audience),
    ("token is expired", Rejection::Time),
    ("not valid yet", Rejection::Time),
    ("issued in the future", Rejection::Time),
    ("expiration has passed", Rejection::Time),
    ("token not before in future", Rejection::Time),
    ("id token issued by a different provider", Rejection::Issuer),
    ("issuer did not match the issuer returned by provider", Rejection::Issuer),
    ("signed with unsupported algorithm", Rejection::Algorithm),
    ("no keys with a usable signature algorithm", Rejection::Algorithm),
    ("json: cannot unmarshal", Rejection::Claim),
    ("expected number value to unmarshal numericdate", Rejection::Claim),
    ("compact jws format must have three parts", Rejection::Claim),
    ("/.well-known/openid-configuration\":", Rejection::IssuerUnreachable),
    ("unable to load in-cluster configuration", Rejection::InCluster),
    ("ttl of less than", Rejection::Lifetime),
    ("joining requires the use of", Rejection::Claim),
    ("did not match any allow rules", Rejection::Rules),
    ("claims matched no allow_any rules", Rejection::Rules),
    ("claims missing expected key", Rejection::Rules),
    ("incorrect value in claim", Rejection::Rules),
    ("default compute engine service account", Rejection::DefaultAccount),
    ("compute_engine.zone\" claim is empty", Rejection::Place),
    ("unknown sts host", Rejection::StsHost),
    ("unknown host \"sts", Rejection::StsHost),
    ("rejecting iam join request using sts host", Rejection::StsHost),
    ("selected non-fips sts endpoint", Rejection::Fips),
    ("aws sts api returned status", Rejection::Sts),
    ("post \"https://sts", Rejection::StsUnreachable),
    ("challenge header", Rejection::Challenge),
    ("as a signed header", Rejection::Challenge),
    ("challenge is missing or does not match", Rejection::Challenge),
    ("failed to complete challenge", Rejection::Challenge),
    ("public key may not be reused", Rejection::Challenge),
    ("asn1: ", Rejection::Document),
    ("certificate signed by unknown authority", Rejection::Document),
    ("vm id does not match", Rejection::Machine),
    ("no vm found with matching vm id", Rejection::Machine),
    ("this feature requires teleport enterprise", Rejection::Enterprise),
    ("unsupported join method", Rejection::UnknownMethod),
    ("unrecognized token join method", Rejection::UnknownMethod),
    ("unknown join method", Rejection::UnknownMethod),
    ("a valid registration secret is required", Rejection::RegistrationSecret),
    ("no recovery attempts remaining", Rejection::Recoveries),
    ("no rejoins remaining", Rejection::Recoveries),
    ("previous join state is required", Rejection::JoinState),
    ("join state verification failed", Rejection::JoinState),
    ("cannot perform first bound keypair join", Rejection::FirstJoin),
    ("bad backend state", Rejection::BrokenToken),
    ("terminating the stream on the server", Rejection::TimedOut),
    ("static token", Rejection::StaticToken),
    ("scoped token", Rejection::Scoped),
    ("scoped bot", Rejection::Scoped),
    ("trusted device", Rejection::DeviceTrust),
    ("device trust", Rejection::DeviceTrust),
    // Wraps alone: what they are around isn't known.
    ("validating jwt signature", Rejection::Signature),
    ("reviewing kubernetes token with static_jwks", Rejection::Jwks),
];

/// What the words mean, if they are known, among the meanings that are `possible`.
pub(crate) fn join_rejection(text: &str, possible: impl Fn(Rejection) -> bool) -> Option<Rejection> {
    let lower = text.to_lowercase();
    let mut known = WORDS.iter().filter(|(words, _)| lower.contains(words)).map(|(_, rejection)| *rejection);
    known.find(|rejection| possible(*rejection))
}

/// All meanings that words are known of, for tests of each.
#[cfg(test)]
pub(crate) fn known_rejections() -> impl Iterator<Item = Rejection> {
    WORDS.iter().map(|(_, rejection)| *rejection)
}
