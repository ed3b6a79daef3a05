//! What a server says when it refuses a join, and what that means (join-methods 5).
//!
//! Servers tell the same things in several envelopes: HTTP status and JSON, a gRPC status, parts joined by line feeds.
//! A proof that doesn't verify arrives as "internal error", because the errors of their JWT libraries have no kind. So
//! the words decide, and the envelope only where no words are known.

use tonic::Code as Grpc;

use crate::connect::{ConnectError, Unanswered, Version, retry_in};
use crate::method::JoinMethod;

use super::advice;
use super::error::JoinError;
use super::request::JoinRequest;
use super::way::Failure;

/// The call, as it stands in messages.
pub(super) const CALL: &str = "the join";

/// Why a server refuses token or proof. Nothing of these is cured by the same request again.
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
    /// The proof is valid for longer than the server takes.
    Lifetime,
    /// The proof is genuine, and no rule of the token allows whom it names.
    Rules,
    /// The STS host isn't one that the server takes.
    StsHost,
    /// AWS refused the signed request.
    Sts,
    /// The answer to the server's challenge wasn't right.
    Challenge,
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

impl Rejection {
    /// What to do about it.
    pub(super) fn hint(self, method: JoinMethod, version: &Version) -> String {
        let resource = "the token resource on the cluster (`tctl get token/NAME`)";
        match self {
            Self::Token if method.has_secret_token() => {
                let how = advice::fresh_token(version, "");
                format!(
                    "the token is wrong, has expired or was used already, or its bot was deleted: make a fresh one ({how})"
                )
            }
            Self::Token => format!("check the token's name, and that {resource} is there and hasn't expired"),
            Self::OtherMethod => format!("configure the join method that {resource} names"),
            Self::ProofExpected => {
                format!("configure the join method that {resource} names; it isn't one without proof")
            }
            Self::UnknownKey => {
                format!("the issuer's key isn't in {resource}, or the issuer doesn't publish it: was it rotated?")
            }
            Self::Signature => format!("the proof isn't signed with the key that {resource} lists; check the key's id"),
            Self::Audience => "issue the ID token for the audience that the message names: the cluster's name for \
                               kubernetes and gitlab, teleport.cluster.local for github and gcp"
                .to_owned(),
            Self::Time => "the ID token is too old, or the clocks of issuer and cluster differ; check both".to_owned(),
            Self::Issuer => format!("make the issuer in {resource} equal to the ID token's, to the last slash"),
            Self::Algorithm => "sign the ID token with RS256".to_owned(),
            Self::Claim => "the issuer's ID token isn't one of this join method; ids must be texts".to_owned(),
            Self::IssuerUnreachable => {
                "the auth server can't reach or doesn't trust the issuer: check its network, and the issuer's \
                 certificate"
                    .to_owned()
            }
            Self::Lifetime => "issue the ID token for less than 30 minutes".to_owned(),
            Self::Rules => format!("the proof is genuine, but no allow rule of {resource} fits it"),
            Self::StsHost => {
                "the cluster doesn't take this region's STS host: set AWS_REGION to one that it knows".to_owned()
            }
            Self::Sts => {
                "AWS refused the signed request: check this machine's clock, and that its AWS credentials are \
                          valid"
                    .to_owned()
            }
            Self::Challenge => "report this: the answer to the cluster's challenge wasn't right".to_owned(),
            Self::Enterprise => "choose a join method that this edition of Teleport has".to_owned(),
            Self::UnknownMethod => {
                format!(
                    "method {} needs Teleport {} or newer; choose another one",
                    method.as_str(),
                    method.spec().since
                )
            }
            Self::RegistrationSecret => {
                "the registration secret is missing, wrong or too late: make a fresh one on the cluster".to_owned()
            }
            Self::Recoveries => {
                format!("raise spec.bound_keypair.recovery.limit in {resource}, or find out who recovers so often")
            }
            Self::JoinState => {
                format!(
                    "the state of the last join is gone or old: set the recovery mode in {resource} to insecure for one \
                         join, and remove a lock of the token (`tctl get locks`)"
                )
            }
            Self::TimedOut => "the proof took too long: look at what it waits for, and try again".to_owned(),
            Self::StaticToken => {
                "make a token with `tctl`: those of the auth server's configuration file aren't for bots \
                                  from version 18 on"
                    .to_owned()
            }
            Self::Scoped => "scoped bots and tokens aren't built here: make one without a scope".to_owned(),
            Self::DeviceTrust => {
                "bots have no trusted device: set device trust to required-for-humans on the cluster, or for the role"
                    .to_owned()
            }
            Self::Other if method.has_secret_token() => {
                let how = advice::fresh_token(version, "");
                format!("check the token and its bot on the cluster; if the bot was deleted, make it anew ({how})")
            }
            Self::Other => format!("check {resource}: its name, its join method, and whether its allow rules fit"),
        }
    }
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
    ("error in cryptographic primitive", Rejection::Signature),
    ("validating jwt signature", Rejection::Signature),
    ("invalid audience claim", Rejection::Audience),
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
    ("ttl of less than", Rejection::Lifetime),
    ("did not match any allow rules", Rejection::Rules),
    ("claims matched no allow_any rules", Rejection::Rules),
    ("claims missing expected key", Rejection::Rules),
    ("incorrect value in claim", Rejection::Rules),
    ("unknown sts host", Rejection::StsHost),
    ("unknown host \"sts", Rejection::StsHost),
    ("rejecting iam join request using sts host", Rejection::StsHost),
    ("selected non-fips sts endpoint", Rejection::StsHost),
    ("aws sts api returned status", Rejection::Sts),
    ("challenge header", Rejection::Challenge),
    ("as a signed header", Rejection::Challenge),
    ("challenge is missing or does not match", Rejection::Challenge),
    ("failed to complete challenge", Rejection::Challenge),
    ("this feature requires teleport enterprise", Rejection::Enterprise),
    ("unsupported join method", Rejection::UnknownMethod),
    ("unrecognized token join method", Rejection::UnknownMethod),
    ("unknown join method", Rejection::UnknownMethod),
    ("a valid registration secret is required", Rejection::RegistrationSecret),
    ("no recovery attempts remaining", Rejection::Recoveries),
    ("no rejoins remaining", Rejection::Recoveries),
    ("previous join state is required", Rejection::JoinState),
    ("join state verification failed", Rejection::JoinState),
    ("timed out after", Rejection::TimedOut),
    ("static token", Rejection::StaticToken),
    ("scoped", Rejection::Scoped),
    ("trusted device", Rejection::DeviceTrust),
    ("device trust", Rejection::DeviceTrust),
];

/// What the words mean, if they are known.
fn known(lower: &str) -> Option<Rejection> {
    WORDS.iter().find(|(words, _)| lower.contains(words)).map(|(_, rejection)| *rejection)
}

/// How an answer came.
#[derive(Clone, Copy, Debug)]
pub(super) enum Envelope {
    /// An HTTP status.
    Http(u16),
    /// A gRPC status.
    Grpc(Grpc),
}

impl Envelope {
    fn is_rate_limit(self) -> bool {
        matches!(self, Self::Http(429) | Self::Grpc(Grpc::ResourceExhausted))
    }

    /// Whether the server says that the request is at fault, and not itself.
    fn blames_request(self) -> bool {
        match self {
            Self::Http(status) => matches!(status, 400 | 401 | 403 | 404 | 412),
            Self::Grpc(code) => matches!(
                code,
                Grpc::InvalidArgument
                    | Grpc::PermissionDenied
                    | Grpc::Unauthenticated
                    | Grpc::NotFound
                    | Grpc::AlreadyExists
                    | Grpc::OutOfRange
            ),
        }
    }

    fn is_passing(self) -> bool {
        match self {
            Self::Http(status) => status >= 500 || status == 408,
            Self::Grpc(code) => {
                matches!(
                    code,
                    Grpc::Unavailable
                        | Grpc::DeadlineExceeded
                        | Grpc::Cancelled
                        | Grpc::Aborted
                        | Grpc::FailedPrecondition
                )
            }
        }
    }
}

impl std::fmt::Display for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(status) => write!(f, "HTTP {status}"),
            Self::Grpc(code) => write!(f, "gRPC {code:?}"),
        }
    }
}

/// The error for an answer that brings no certificates. `texts` are the server's, the innermost one first.
pub(super) fn of(envelope: Envelope, texts: &[String], request: &JoinRequest<'_>) -> JoinError {
    let message = request.without_secrets(&texts.join("; "));
    let lower = message.to_lowercase();
    if lower.contains("lock targeting") {
        return if lower.contains("jointoken") {
            JoinError::TokenLocked { message }
        } else {
            JoinError::Locked { message }
        };
    }
    let known = known(&lower);
    if known.is_none() && (envelope.is_rate_limit() || lower.contains("max rate reached")) {
        return JoinError::RateLimited { retry_in: retry_in(&message), message };
    }
    if lower.contains("does not allow") && lower.contains("role") {
        return JoinError::WrongRole { message };
    }
    if lower.contains("client version is unsupported") {
        return JoinError::ClientVersion { message };
    }
    if lower.contains("already been issued a renewable") {
        let (bot, version) = (quoted(&message), request.version.clone());
        return JoinError::AlreadyJoined { bot, message, version };
    }
    let rejection = match known {
        Some(rejection) => rejection,
        None if envelope.blames_request() && !lower.contains("page not found") => Rejection::Other,
        None => return JoinError::Failed { envelope: envelope.to_string(), passing: envelope.is_passing(), message },
    };
    JoinError::Rejected { method: request.method, rejection, version: request.version.clone(), message }
}

/// A call of a gRPC service that brought no certificates: another way may be tried where the server doesn't know it.
pub(super) fn of_call(error: Unanswered, request: &JoinRequest<'_>) -> Failure {
    match error {
        Unanswered::Refused { code: Grpc::Unimplemented, message } => {
            let what = format!("the cluster doesn't know {CALL}: {}", request.without_secrets(&message));
            Failure::NotTaken(ConnectError::Unsupported { what }.into())
        }
        Unanswered::Refused { code, message } => Failure::Final(of(Envelope::Grpc(code), &[message], request)),
        Unanswered::Lost(error) => Failure::Final(error.into()),
    }
}

/// The first name between double quotes.
fn quoted(message: &str) -> String {
    message.split('"').nth(1).unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
