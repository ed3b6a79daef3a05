//! What a server says when it refuses a join, and what that means (join-methods 5).
//!
//! Servers tell the same things in several envelopes: HTTP status and JSON, a gRPC status, parts joined by line feeds.
//! A proof that doesn't verify arrives as "internal error", because the errors of their JWT libraries have no kind. So
//! the words decide, and the envelope only where no words are known.

use tonic::Code as Grpc;

use crate::connect::Unanswered;
use crate::connect::words::{self, Rejection};
use crate::method::{JoinMethod, Proof};
use crate::version::Version;

use super::advice;
use super::error::JoinError;
use super::key_id;
use super::request::JoinRequest;
use super::way::Failure;

/// The call, as it stands in messages.
pub(super) const CALL: &str = "the join";

/// What to do about a refusal.
pub(super) fn hint(rejection: Rejection, method: JoinMethod, version: &Version) -> String {
    let resource = "the token resource on the cluster (`tctl get token/NAME`)";
    match rejection {
        Rejection::Token if method.has_secret_token() => {
            let how = advice::fresh_token(version, "");
            format!(
                "the token is wrong, has expired or was used already, or its bot was deleted: make a fresh one ({how})"
            )
        }
        Rejection::Token => format!("check the token's name, and that {resource} is there and hasn't expired"),
        Rejection::OtherMethod => format!("configure the join method that {resource} names"),
        Rejection::ProofExpected => {
            format!("configure the join method that {resource} names; it isn't one without proof")
        }
        Rejection::UnknownKey => {
            format!("the issuer's key isn't in {resource}, or the issuer doesn't publish it: was it rotated?")
        }
        Rejection::Signature => {
            format!("the proof isn't signed with the key that {resource} lists; check the key's id")
        }
        Rejection::Jwks => format!(
            "check the JWKS in {resource}: a JSON text with the list `keys`, each of a kind that Teleport knows"
        ),
        Rejection::Audience => "issue the ID token for the audience that the message names: the cluster's name for \
                               kubernetes and gitlab, teleport.cluster.local for github and gcp"
            .to_owned(),
        Rejection::Time => "the ID token is too old, or the clocks of issuer and cluster differ; check both".to_owned(),
        Rejection::Issuer => format!("make the issuer in {resource} equal to the ID token's, to the last slash"),
        Rejection::Algorithm => "sign the ID token with RS256".to_owned(),
        Rejection::Claim => "the issuer's ID token isn't one of this join method; ids must be texts".to_owned(),
        Rejection::IssuerUnreachable => {
            "the auth server can't reach or doesn't trust the issuer: check its network, and the issuer's \
                 certificate"
                .to_owned()
        }
        Rejection::InCluster => {
            format!(
                "the auth server doesn't run in Kubernetes, as type in_cluster needs: give {resource} type static_jwks"
            )
        }
        Rejection::Lifetime => "issue the ID token for less than 30 minutes".to_owned(),
        Rejection::Rules => format!("the proof is genuine, but no allow rule of {resource} fits it"),
        Rejection::DefaultAccount => {
            "let the workload run as a service account of its own: Google's default ones aren't taken".to_owned()
        }
        Rejection::Place => {
            "this identity names no place, as those of GKE don't: allow it by project and service account, \
                             without locations"
                .to_owned()
        }
        Rejection::StsHost => {
            "the cluster doesn't take this region's STS host: set AWS_REGION to one that it knows".to_owned()
        }
        Rejection::Fips => "the cluster is a FIPS one: switch the join method's setting fips on".to_owned(),
        Rejection::Sts => {
            "AWS refused the signed request: check this machine's clock, and that its AWS credentials are \
                          valid"
                .to_owned()
        }
        Rejection::StsUnreachable => {
            "the auth server can't reach AWS' STS: check its network, and its proxy's settings".to_owned()
        }
        Rejection::Challenge => "report this: the answer to the cluster's challenge wasn't right".to_owned(),
        Rejection::Document => {
            "the auth server can't verify who signed the proof: it may be too old to know that authority, or \
                                unable to fetch certificates"
                .to_owned()
        }
        Rejection::Machine => "give this machine's managed identity the right \
                               Microsoft.Compute/virtualMachines/read on it, so that the auth server finds it"
            .to_owned(),
        Rejection::Enterprise => "choose a join method that this edition of Teleport has".to_owned(),
        Rejection::UnknownMethod => {
            format!("method {} needs Teleport {} or newer; choose another one", method.as_str(), method.spec().since)
        }
        Rejection::RegistrationSecret => {
            "the registration secret is missing, wrong or too late: make a fresh one on the cluster".to_owned()
        }
        Rejection::Recoveries => {
            format!("raise spec.bound_keypair.recovery.limit in {resource}, or find out who recovers so often")
        }
        Rejection::JoinState => {
            format!(
                "the state of the last join is gone or old: set the recovery mode in {resource} to insecure for one \
                         join (with a static key it has to stay so), and remove a lock of the token (`tctl get locks`)"
            )
        }
        Rejection::FirstJoin => "the token was made anew: the bot joins afresh at once, as a new instance".to_owned(),
        Rejection::BrokenToken => format!("make {resource} anew"),
        Rejection::TimedOut => "the proof took too long: look at what it waits for, and try again".to_owned(),
        Rejection::StaticToken => {
            "make a token with `tctl`: those of the auth server's configuration file aren't for bots \
                                  from version 18 on"
                .to_owned()
        }
        Rejection::Scoped => "scoped bots and tokens aren't built here: make one without a scope".to_owned(),
        Rejection::DeviceTrust => {
            "bots have no trusted device: set device trust to required-for-humans on the cluster, or for the role"
                .to_owned()
        }
        Rejection::Other if method.has_secret_token() => {
            let how = advice::fresh_token(version, "");
            format!("check the token and its bot on the cluster; if the bot was deleted, make it anew ({how})")
        }
        Rejection::Other => format!("check {resource}: its name, its join method, and whether its allow rules fit"),
    }
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
                    // As HTTP 412: what the request says doesn't compare with what is stored.
                    | Grpc::FailedPrecondition
            ),
        }
    }

    fn is_passing(self) -> bool {
        match self {
            Self::Http(status) => status >= 500 || status == 408,
            Self::Grpc(code) => {
                matches!(code, Grpc::Unavailable | Grpc::DeadlineExceeded | Grpc::Cancelled | Grpc::Aborted)
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
    let texts: Vec<&str> = texts.iter().map(|text| plain(text)).collect();
    let message = request.without_secrets(&texts.join("; "));
    if words::locked(&message) {
        return if words::about_a_token(&message) {
            JoinError::TokenLocked { message }
        } else {
            JoinError::Locked { message }
        };
    }
    if words::join_conflict(&message) {
        return JoinError::Failed { envelope: envelope.to_string(), passing: true, message };
    }
    let known = words::join_rejection(&message, |known| fits(known, envelope, request.method));
    if known.is_none() && (envelope.is_rate_limit() || words::rate_reached(&message)) {
        return JoinError::RateLimited { retry_in: words::retry_in(&message), message };
    }
    if words::token_of_another_role(&message) {
        return JoinError::WrongRole { message };
    }
    if words::client_version(&message) {
        return JoinError::ClientVersion { message };
    }
    if let Some(bot) = words::already_joined(&message) {
        let version = request.version.clone();
        return JoinError::AlreadyJoined { bot, message, version };
    }
    let rejection = match known {
        Some(rejection) => rejection,
        None if envelope.blames_request() && !words::page_not_found(&message) => Rejection::Other,
        None => return JoinError::Failed { envelope: envelope.to_string(), passing: envelope.is_passing(), message },
    };
    let message = match rejection {
        Rejection::UnknownKey | Rejection::Signature => with_key_id(message, request),
        _ => message,
    };
    JoinError::Rejected { method: request.method, rejection, version: request.version.clone(), message }
}

/// The server names no key; the proof does.
fn with_key_id(message: String, request: &JoinRequest<'_>) -> String {
    match request.id_token.and_then(key_id::of) {
        Some(id) => format!("{message} (the proof is signed with key {id})"),
        None => message,
    }
}

/// Whether words that are found in many texts can mean that here: of a proof where there is one, of a document where a
/// platform signs one; and of rules for all bots only where the server doesn't speak of a failure of its own.
fn fits(known: Rejection, envelope: Envelope, method: JoinMethod) -> bool {
    match known {
        Rejection::Document => matches!(method.spec().proof, Proof::Azure),
        Rejection::UnknownKey
        | Rejection::Signature
        | Rejection::Audience
        | Rejection::Time
        | Rejection::Issuer
        | Rejection::Algorithm
        | Rejection::Claim
        | Rejection::IssuerUnreachable
        | Rejection::Lifetime
        | Rejection::Challenge => !method.has_secret_token(),
        Rejection::StaticToken | Rejection::DeviceTrust => envelope.blames_request(),
        _ => true,
    }
}

/// A text without what a proxy's call of its auth server has put before it (seen on 18).
fn plain(text: &str) -> &str {
    let called = text.strip_prefix("rpc error: code = ").and_then(|rest| rest.split_once(" desc = "));
    called.map_or(text, |(_, told)| told)
}

/// A call of a gRPC service that brought no certificates: another way may be tried where the server doesn't know it.
pub(super) fn of_call(error: Unanswered, request: &JoinRequest<'_>) -> Failure {
    match error {
        Unanswered::Refused { code: Grpc::Unimplemented, message } => {
            let message = request.without_secrets(&message);
            Failure::NotTaken(JoinError::UnknownWay { method: request.method, message })
        }
        Unanswered::Refused { code, message } => Failure::Final(of(Envelope::Grpc(code), &[message], request)),
        Unanswered::Lost(error) => Failure::Final(error.into()),
    }
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
