//! Joining a cluster as a bot.
//!
//! A join is an exchange: what proves it is gathered first ([`proof`]), then it travels by one of several ways ([`way`]),
//! and whatever a server answers is read in one place ([`refusal`]). What differs between join methods is in
//! [`crate::method`].

mod advice;
mod azure;
mod bound_keypair;
mod challenge;
mod command;
mod error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod iam;
mod outbox;
mod proof;
mod refusal;
mod request;
mod token;
mod way;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::config::JoinConfig;
use crate::connect::{ClockDifference, Cluster, Connector, JoinDoor};
use crate::identity::{self, CertificateError, Certificates, KeyPair};

pub(crate) use advice::fresh_token;
pub use azure::AzureError;
pub use error::JoinError;
pub use iam::IamError;

use challenge::Prover;
use proof::Evidence;
use request::JoinRequest;
use way::Outcome;

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
    Ok(token::read(&join.token)?.map(|token| identity::token_hash(&token.text)))
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
    let at_hand = proof::gather(connector, join, clock).await?;
    check_clocks(connector, cluster).await?;
    let door = connector.join_door(cluster).await?;
    let request = JoinRequest {
        method: join.method,
        token: &at_hand.token,
        id_token: at_hand.evidence.id_token(),
        key,
        expires: clock.now() + lifetime,
        version: door.server_version(),
    };
    let Outcome { certs, date, .. } = prove(&door, &request, &at_hand.evidence, clock).await?;
    let host_cas = door.host_cas(&certs.tls_cas)?;
    let certificates = Certificates::new(&certs.ssh, &certs.tls)?;
    let now = clock.now();
    certificates.check(key, now).map_err(|error| misdated(error, date, now))?;
    let token_hash = Some(identity::token_hash(&at_hand.token));
    Ok(Joined { certificates, tls_cas: certs.tls_cas, ssh_cas: certs.ssh_cas, host_cas, token_hash })
}

/// Sends the join; with AWS' regional STS first, and with the global one where the server doesn't take that.
async fn prove(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
    evidence: &Evidence<'_>,
    clock: &dyn Clock,
) -> Result<Outcome, JoinError> {
    let prepared = match evidence {
        Evidence::Aws(prepared) => prepared,
        Evidence::Azure(prepared) => return way::send(door, request, &mut Prover::Azure(prepared), clock).await,
        Evidence::Nothing | Evidence::IdToken(_) => {
            return way::send(door, request, &mut Prover::Nobody, clock).await;
        }
    };
    let mut refused = None;
    for host in prepared.hosts() {
        match way::send(door, request, &mut Prover::Iam { prepared, host }, clock).await {
            Err(error) if host.is_named_in(&error.to_string()) => {
                tracing::info!(host = host.name(), "the cluster doesn't take this host of STS");
                refused = Some(error);
            }
            other => return other,
        }
    }
    Err(refused.unwrap_or_else(|| JoinError::Internal { reason: "there is no host of STS".to_owned() }))
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
