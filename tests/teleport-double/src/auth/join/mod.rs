//! Joining: what decides and what it leads to, whichever way the request comes in (protocol sections B and C,
//! join-methods 1). The ways are `crate::web::join` (HTTP), `super::grpc` (one call), `legacy` (streams of
//! `proto.JoinService`) and `v1` (`teleport.join.v1`).

mod admit;
mod azure;
mod bound;
mod iam;
mod keys;
mod legacy;
mod signed;
mod talk;
mod texts;
mod v1;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use admit::{no_login, only_kube};
pub use iam::sts;
pub(crate) use keys::SentKeys;
pub(super) use legacy::{read, stream};
pub use texts::{Flaw, proof_refusals};
pub(super) use v1::join as join_stream;

use super::issue::{Issued, LONGEST, issue};
use super::refusal::Refusal;
use crate::ca::identity::Identity;
use crate::control::{Core, Expected, Fault, Method, State, Token};

/// The request, free of its encoding.
#[derive(Clone, Debug, Default)]
pub(crate) struct JoinRequest {
    pub(crate) host_id: String,
    pub(crate) node_name: String,
    pub(crate) role: String,
    pub(crate) token: String,
    pub(crate) keys: SentKeys,
    pub(crate) id_token: String,
    pub(crate) expires: Option<SystemTime>,
    /// Of the client's certificate, where it showed one to the auth server.
    pub(crate) previous: Option<Arc<Identity>>,
}

/// What the client shows for the token; for bound keys what the exchange has led to.
#[derive(Debug)]
pub(crate) enum Proof<'a> {
    Nothing,
    IdToken(&'a str),
    Iam { challenge: &'a str, request: &'a [u8] },
    Azure { challenge: &'a str, sent: azure::Sent<'a> },
    Bound(&'a bound::Proven),
}

/// What a join gives back.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) issued: Issued,
    /// Join state and bound key.
    pub(crate) bound: Option<(String, String)>,
}

/// Why a token doesn't let anybody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Unknown,
    WrongRole,
}

/// The token of that name, if it is for `role`.
pub(crate) fn find(core: &Core, name: &str, role: &str) -> Result<Token, Missing> {
    let now = core.now();
    let token = core.state().tokens.get(name).cloned();
    let token = token.filter(|token| token.expires.is_none_or(|at| at > now)).ok_or(Missing::Unknown)?;
    if token.role == role { Ok(token) } else { Err(Missing::WrongRole) }
}

/// [`find`] in the words of the ways before `teleport.join.v1`.
pub(crate) fn named(core: &Core, request: &JoinRequest) -> Result<Token, Refusal> {
    let JoinRequest { host_id, node_name, role, .. } = request;
    if host_id.is_empty() && role != "Bot" {
        return Err(Refusal::bad_parameter("missing parameter HostID"));
    }
    if request.token.is_empty() {
        return Err(Refusal::bad_parameter("missing parameter Token"));
    }
    find(core, &request.token, role).map_err(|missing| match missing {
        Missing::Unknown => gone(request),
        Missing::WrongRole => Refusal::bad_parameter(format!(
            "node {node_name:?} [{host_id}] can not join the cluster, the token does not allow {role:?} role"
        )),
    })
}

fn gone(request: &JoinRequest) -> Refusal {
    let JoinRequest { node_name, role, .. } = request;
    Refusal::denied(format!("{node_name:?} can not join the cluster with role {role:?}, token expired or not found"))
}

/// A join in one request: methods `token` and those with an ID token.
pub(crate) fn join(core: &Core, request: &JoinRequest, fault: Option<&Fault>) -> Result<Issued, Refusal> {
    let token = named(core, request)?;
    let wrong_way = |name: &str| {
        Refusal::denied(format!(
            "this token is only valid for the {name} join method but the node has connected to the wrong endpoint"
        ))
    };
    let proof = match &token.method {
        Method::Token => Proof::Nothing,
        // On `teleport.join.v1` only; the words of the other methods, since these weren't seen.
        Method::IdToken { name, .. } if name == "generic_oidc" || name == "env0" => return Err(wrong_way(name)),
        Method::IdToken { .. } => Proof::IdToken(&request.id_token),
        other => return Err(wrong_way(other.name())),
    };
    finish(core, request, &token, &proof, fault).map(|joined| joined.issued)
}

/// Checks the proof, issues the certificates and writes down what has changed.
pub(crate) fn finish(
    core: &Core,
    request: &JoinRequest,
    token: &Token,
    proof: &Proof<'_>,
    fault: Option<&Fault>,
) -> Result<Joined, Refusal> {
    check(core, request, token, proof).map_err(|refusal| match core.settings.major() {
        18.. => refusal.in_one_text(),
        _ => refusal,
    })?;
    let keys = request.keys.read(core)?;
    let admitted = admit::admit(core, request, token, proof)?;
    let now = core.now();
    let wished = request.expires.unwrap_or(now + Duration::from_secs(3600));
    let expires = wished.min(now + LONGEST).min(now + admitted.longest);
    let subject = admitted.subject.clone();
    let public = keys.tls.as_ref().map(|key| hex::encode(key.subject_public_key.raw_bytes()));
    let issued = issue(core, admitted.subject, keys, expires, true, fault)?;
    if let (Some(file), Some(key)) = (&core.settings.joined_keys, public) {
        note(file, &format!("{} {key}\n", subject.user))
            .map_err(|error| Refusal::plain(format!("the double can't write {}: {error}", file.display())))?;
    }
    let mut state = core.state();
    let bound = settle(&mut state, request, &core.settings.cluster, proof, &subject.bot_instance)?;
    if let Some(bot) = state.bots.get_mut(&subject.user) {
        if !subject.bot_instance.is_empty() {
            bot.instances.insert(subject.bot_instance, subject.generation);
        } else if subject.renewable {
            bot.generation = Some(subject.generation);
        }
    }
    drop(state);
    core.counters.change(|counts| counts.joined += 1);
    Ok(Joined { issued, bound })
}

fn note(file: &std::path::Path, line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    std::fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(line.as_bytes())
}

/// Whether the proof is what the token asks for.
fn check(core: &Core, request: &JoinRequest, token: &Token, proof: &Proof<'_>) -> Result<(), Refusal> {
    if !core.settings.knows_method(token.method.name()) {
        return Err(Refusal::bad_parameter(format!("unsupported join method {:?} for bot", token.method.name())));
    }
    if let Some(refusal) = &token.refusal {
        return Err(refusal.clone());
    }
    match (&token.method, proof) {
        (Method::Token, Proof::Nothing) | (Method::BoundKeypair(..), Proof::Bound(_)) => Ok(()),
        (Method::IdToken { name, .. }, Proof::IdToken("")) => Err(no_id_token(name)),
        (Method::IdToken { name, expected: Expected::Text(expected) }, Proof::IdToken(shown)) => {
            id_token(name, expected, shown)
        }
        (Method::IdToken { name, expected: Expected::Signed(options) }, Proof::IdToken(shown)) => {
            let claims = signed::check(core, name, options, shown)?;
            core.state().statements.push(claims);
            Ok(())
        }
        (Method::Iam(options), Proof::Iam { challenge, request: sts }) => {
            iam::check(core, &request.token, options, challenge, sts)
        }
        (Method::Azure(options), Proof::Azure { challenge, sent }) => {
            azure::check(&request.token, options, challenge, sent)
        }
        (_, Proof::Iam { .. }) => Err(Refusal::denied("this token does not support the IAM join method")),
        (_, Proof::Azure { .. }) => Err(Refusal::denied("this token does not support the Azure join method")),
        _ => Err(Refusal::bad_parameter("unrecognized token join method")),
    }
}

fn no_id_token(method: &str) -> Refusal {
    let title = match method {
        "kubernetes" => "Kubernetes",
        "github" => "GitHub",
        "gitlab" => "GitLab",
        "circleci" => "CircleCI",
        "gcp" => "GCP",
        other => other,
    };
    Refusal::bad_parameter(format!("IDToken not provided for {title} join request"))
}

/// Compared as text; another one gets the words of a wrong signature (join-methods 2.2, 5).
fn id_token(method: &str, expected: &str, shown: &str) -> Result<(), Refusal> {
    if shown == expected {
        return Ok(());
    }
    Err(match method {
        "kubernetes" => Refusal::plain("go-jose/go-jose: error in cryptographic primitive")
            .within(&["validating jwt signature", "reviewing kubernetes token with static_jwks"]),
        _ => Refusal::plain("failed to verify signature: failed to verify id token signature")
            .within(&["validating id token"]),
    })
}

/// What the join changes about its token.
fn settle(
    state: &mut State,
    request: &JoinRequest,
    cluster: &str,
    proof: &Proof<'_>,
    instance: &str,
) -> Result<Option<(String, String)>, Refusal> {
    match proof {
        Proof::Bound(proven) => bound::settle(state, &request.token, cluster, proven, instance).map(Some),
        // Of two joins at once only one has the token.
        Proof::Nothing if state.tokens.remove(&request.token).is_none() => Err(gone(request)),
        _ => Ok(None),
    }
}
