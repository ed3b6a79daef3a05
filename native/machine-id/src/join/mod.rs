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
mod key_id;
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
use crate::connect::{ClientCredential, ClockDifference, Cluster, Connector, JoinDoor, Rejection};
use crate::identity::{self, BotIdentity, BoundKeys, CertificateError, Certificates, KeyPair};
use crate::method::JoinMethod;

pub(crate) use advice::{fresh_token, more_roles};
pub use azure::AzureError;
pub use bound_keypair::BoundKeypairError;
pub use error::JoinError;
pub use iam::IamError;

use challenge::Prover;
use proof::{AtHand, Evidence};
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
    /// The certificate at hand was presented: the bot is the same instance, and the CAs are those known already.
    pub rejoined: bool,
}

/// The hash of the configured token; none where no token is configured, or its file is gone (it may be removed once
/// it was used).
///
/// # Errors
/// [`JoinError::TokenUnreadable`].
pub fn token_hash(join: &JoinConfig) -> Result<Option<String>, JoinError> {
    Ok(token::read(&join.token)?.map(|token| identity::token_hash(&token.text)))
}

/// One join.
#[derive(Debug)]
pub struct Joining<'a> {
    /// How to join.
    pub config: &'a Arc<JoinConfig>,
    /// The key of the new certificates.
    pub key: &'a KeyPair,
    /// How long they are to be valid.
    pub lifetime: Duration,
    /// An identity whose certificate is valid and may be presented, so that the bot stays the same instance.
    pub member: Option<&'a BotIdentity>,
    /// Where a bound key is kept.
    pub store: BoundKeys,
}

/// Whether a join leaves nothing that has to be kept: its method is one without memory, or its key never changes.
#[must_use]
pub fn keeps_nothing(join: &JoinConfig) -> bool {
    !join.method.is_stored()
        || join.method == JoinMethod::BoundKeypair && bound_keypair::is_static(&join.settings, &proof::of_process)
}

/// Whether a bot whose identity can't be renewed any more joins anew by itself when it expires, with a key that it keeps:
/// nobody has to bring anything.
#[must_use]
pub fn recovers(join: &JoinConfig) -> bool {
    !keeps_nothing(join) && !join.method.renewable()
}

/// How long a rejoin may take where a join without a certificate would do as well.
const REJOIN: Duration = Duration::from_secs(10);

/// Joins `cluster` with a key of ours. Clocks are checked and the way is chosen before the token is sent, since a token
/// works only once; with CA pins the way leads to an auth server that they recognise.
///
/// # Errors
/// The cluster's refusal, a missing token or proof, or why there is no usable answer.
pub async fn join(
    connector: &Connector,
    cluster: &Cluster,
    joining: Joining<'_>,
    clock: &dyn Clock,
) -> Result<Joined, JoinError> {
    let at_hand = proof::gather(connector, joining.config, clock).await?;
    check_clocks(connector, cluster).await?;
    if let Some(member) = joining.member
        && (cluster.server_version.has_bot_instances() || joining.config.method == JoinMethod::BoundKeypair)
    {
        match again(connector, cluster, &joining, member, &at_hand, clock).await {
            Err(error) if may_join_afresh(&error, joining.config) => {
                tracing::info!("joining without the certificate at hand, as a new instance: {error}");
            }
            other => return other,
        }
    }
    let door = connector.join_door(cluster).await?;
    exchange(&door, &joining, &at_hand, clock).await
}

/// Joins with the certificate at hand (join-methods 1.1).
async fn again(
    connector: &Connector,
    cluster: &Cluster,
    joining: &Joining<'_>,
    member: &BotIdentity,
    at_hand: &AtHand<'_>,
    clock: &dyn Clock,
) -> Result<Joined, JoinError> {
    let credential = ClientCredential::new(&member.key.pkcs8_der(), &member.certificates.tls)?;
    let door = connector.rejoin_door(cluster, member.authorities.root_host_cas(), credential)?;
    if !keeps_nothing(joining.config) {
        return exchange(&door, joining, at_hand, clock).await;
    }
    let late = || JoinError::unexpected("it takes too long with the certificate at hand");
    tokio::time::timeout(REJOIN, exchange(&door, joining, at_hand, clock)).await.unwrap_or_else(|_| Err(late()))
}

/// Whether a join without the certificate is right where one with it has failed. Not around a lock; and what would use
/// up a recovery waits until it has to.
fn may_join_afresh(error: &JoinError, config: &JoinConfig) -> bool {
    match error {
        JoinError::Locked { .. } | JoinError::TokenLocked { .. } | JoinError::RateLimited { .. } => false,
        JoinError::Rejected { rejection: Rejection::FirstJoin, .. } => true,
        _ => keeps_nothing(config),
    }
}

/// One exchange, from the first message to certificates that were looked at.
async fn exchange(
    door: &JoinDoor<'_>,
    joining: &Joining<'_>,
    at_hand: &AtHand<'_>,
    clock: &dyn Clock,
) -> Result<Joined, JoinError> {
    let token_hash = identity::token_hash(&at_hand.token);
    let (mut session, init) = match &at_hand.evidence {
        Evidence::BoundKey(configured) => {
            let (store, owner) = (joining.store.clone(), token_hash.clone());
            let opened = bound_keypair::Session::open(store, owner, configured, door.is_rejoin()).await?;
            (Some(opened.0), opened.1)
        }
        _ => (None, bound_keypair::Init::default()),
    };
    let request = JoinRequest {
        method: joining.config.method,
        token: &at_hand.token,
        id_token: at_hand.evidence.id_token(),
        secrets: at_hand.evidence.secrets(),
        bound: &init,
        key: joining.key,
        expires: clock.now() + joining.lifetime,
        version: door.server_version(),
    };
    let Outcome { certs, date, bound } =
        match (prove(door, &request, &at_hand.evidence, &mut session, clock).await, session.as_mut()) {
            (Err(error), Some(session)) => return Err(session.failed(error).await),
            (outcome, _) => outcome?,
        };
    if let (Some(session), Some(bound)) = (&mut session, bound) {
        session.settle(bound).await?;
    }
    let host_cas = door.host_cas(&certs.tls_cas)?;
    let certificates = Certificates::new(&certs.ssh, &certs.tls)?;
    let now = clock.now();
    certificates.check(joining.key, now).map_err(|error| misdated(error, date, now))?;
    let rejoined = door.is_rejoin();
    let (tls_cas, ssh_cas) = (certs.tls_cas, certs.ssh_cas);
    Ok(Joined { certificates, tls_cas, ssh_cas, host_cas, token_hash: Some(token_hash), rejoined })
}

/// Sends the join; with AWS' regional STS first, and with the global one where the server doesn't take that.
async fn prove(
    door: &JoinDoor<'_>,
    request: &JoinRequest<'_>,
    evidence: &Evidence<'_>,
    session: &mut Option<bound_keypair::Session>,
    clock: &dyn Clock,
) -> Result<Outcome, JoinError> {
    let prepared = match evidence {
        Evidence::Aws(prepared) => prepared,
        Evidence::Azure(prepared) => return way::send(door, request, &mut Prover::Azure(prepared), clock).await,
        Evidence::Nothing | Evidence::IdToken(_) | Evidence::BoundKey(_) => {
            let mut prover = session.as_mut().map_or(Prover::Nobody, Prover::BoundKeypair);
            return way::send(door, request, &mut prover, clock).await;
        }
    };
    let mut refused = None;
    for host in prepared.hosts() {
        match way::send(door, request, &mut Prover::Iam { prepared, host }, clock).await {
            Err(error @ JoinError::Rejected { rejection: Rejection::StsHost, .. }) => {
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
