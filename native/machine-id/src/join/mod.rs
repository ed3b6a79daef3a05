//! Joining a cluster as a bot: one file per join method, each of which only gives the proof.

mod bitbucket;
mod circleci;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod github;
mod gitlab;
#[cfg_attr(not(test), expect(dead_code, reason = "the streams that carry it come next"))]
mod iam;
mod kubernetes;
mod proof;
mod reply;
mod request;
mod spacelift;
mod terraform_cloud;
mod token;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::blocking::{self, Lane};
use crate::clock::Clock;
use crate::config::{JoinConfig, JoinMethod};
use crate::connect::{ClockDifference, Cluster, ConnectError, Connector, JoinDoor, JoinRoad};
use crate::identity::{self, CertificateError, Certificates, KeyPair};
use crate::secret::Secret;

pub use error::JoinError;

use proof::Lookup;
use request::JoinRequest;

/// What a successful join brings.
#[derive(Debug)]
pub struct Joined {
    /// The bot's own certificates: for the key that was sent, and valid now.
    pub certificates: Certificates,
    /// User and host CAs, PEM; which is which must be asked from the cluster (protocol B1).
    pub tls_cas: Vec<String>,
    /// SSH keys of the same CAs, one line each.
    pub ssh_cas: Vec<String>,
    /// Those that are host CAs, PEM, where pins tell.
    pub host_cas: Option<Vec<String>>,
    /// Hash by which a changed token is noticed.
    pub token_hash: Option<String>,
}

/// The hash of the configured token; none where no token is configured, or its file is gone (it may be removed once
/// it was used).
///
/// # Errors
/// [`JoinError::TokenUnreadable`].
pub fn token_hash(join: &JoinConfig) -> Result<Option<String>, JoinError> {
    Ok(token::read(&join.token)?.as_ref().map(identity::token_hash))
}

/// Joins `cluster` with a key of ours. Clocks are checked and the way is chosen before the token is sent, since a token
/// works only once; with CA pins the way leads to an auth server that they recognise.
///
/// # Errors
/// The cluster's refusal, a missing token or proof, or why there is no usable answer.
pub async fn join(
    connector: &Connector,
    cluster: &Cluster,
    join: &Arc<JoinConfig>,
    key: &KeyPair,
    lifetime: Duration,
    clock: &dyn Clock,
) -> Result<Joined, JoinError> {
    let given = Arc::clone(join);
    let at_hand = blocking::run(Lane::Store, move || at_hand(&given, &of_process)).await;
    let (token, proof) = at_hand.map_err(|error| JoinError::Internal { reason: error.to_string() })??;
    let proof = match (proof, join.method) {
        (None, JoinMethod::Github) => Some(github::proof(connector, &of_process).await?),
        (proof, _) => proof,
    };
    check_clocks(connector, cluster).await?;
    let door = connector.join_door(cluster).await?;
    let request =
        JoinRequest { method: join.method, token: &token, proof: proof.as_ref(), key, expires: clock.now() + lifetime };
    let (certs, date) = send(&door, &request).await?;
    let host_cas = door.host_cas(&certs.tls_cas)?;
    let certificates = Certificates::new(&certs.ssh, &certs.tls)?;
    let now = clock.now();
    certificates.check(key, now).map_err(|error| misdated(error, date, now))?;
    let token_hash = Some(identity::token_hash(&token));
    Ok(Joined { certificates, tls_cas: certs.tls_cas, ssh_cas: certs.ssh_cas, host_cas, token_hash })
}

fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The token, and the ID token of the method as far as it needn't be asked for; none for method `token`. Reads files,
/// which may lie on a disk that hangs.
fn at_hand(join: &JoinConfig, lookup: Lookup<'_>) -> Result<(Secret, Option<Secret>), JoinError> {
    let token = token::read(&join.token)?.ok_or_else(|| token::missing(&join.token))?;
    let found = match (join.method, &join.proof) {
        (JoinMethod::Token, _) | (JoinMethod::Github, None) => return Ok((token, None)),
        (method, Some(source)) => proof::read(method, source, lookup),
        (JoinMethod::Kubernetes, None) => kubernetes::proof(lookup),
        (JoinMethod::Gitlab, None) => gitlab::proof(lookup),
        (JoinMethod::CircleCi, None) => circleci::proof(lookup),
        (JoinMethod::Spacelift, None) => spacelift::proof(lookup),
        (JoinMethod::TerraformCloud, None) => terraform_cloud::proof(lookup),
        (JoinMethod::Bitbucket, None) => bitbucket::proof(lookup),
    };
    Ok((token, Some(found?)))
}

async fn check_clocks(connector: &Connector, cluster: &Cluster) -> Result<(), JoinError> {
    let difference = match connector.clock_difference(cluster).await {
        Ok(difference) => difference,
        Err(error) => {
            tracing::debug!(%error, "the cluster's time can't be asked for");
            None
        }
    };
    match difference {
        Some(difference) if difference.is_too_large() => {
            Err(JoinError::ClockSkew { message: format!("it is {}; no token was sent", difference.describe()) })
        }
        _ => Ok(()),
    }
}

async fn send(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
) -> Result<(reply::JoinCerts, Option<SystemTime>), JoinError> {
    let mut unknown = None;
    for road in door.roads() {
        match road {
            JoinRoad::Grpc => match door.grpc(request.message()).await {
                Ok(certs) => return Ok((reply::of_message(certs)?, None)),
                // Nothing was done with the token.
                Err(error @ ConnectError::Unsupported { .. }) => unknown = Some(error),
                Err(error) => return Err(reply::refused_call(error, request)),
            },
            JoinRoad::Web | JoinRoad::Rest => {
                let http = door.http(&request.body()?).await?;
                return Ok((reply::read(&http, request)?, http.date));
            }
        }
    }
    let none = || ConnectError::Unsupported { what: "joining this cluster".to_owned() };
    Err(unknown.unwrap_or_else(none).into())
}

/// A certificate for another time than ours: one of the clocks is wrong.
fn misdated(error: CertificateError, date: Option<SystemTime>, now: SystemTime) -> JoinError {
    match error {
        CertificateError::Expired { .. } | CertificateError::NotYetValid { .. } => {
            let difference = date.map(|date| ClockDifference { cluster: date, ours: now });
            let there =
                difference.filter(ClockDifference::is_too_large).map(|found| format!("; it is {}", found.describe()));
            JoinError::ClockSkew { message: format!("the new {error}{}", there.unwrap_or_default()) }
        }
        other => JoinError::Certificate(other),
    }
}

#[cfg(test)]
mod tests;
