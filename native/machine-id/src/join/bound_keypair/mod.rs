//! Method `bound_keypair`: a long-term key that the cluster knows, and the state of the last join (facts: join-methods
//! 3.7).
//!
//! The order is what matters. A new key is kept before the cluster hears of it. Before the first answer, without which
//! nothing can come of a join, it is written down what that answer may use up: the state of the last join, or the
//! generation of the certificate at hand. Only an answer of the cluster's takes that back.

mod configured;
mod error;
mod jws;
mod state;

use std::sync::Arc;

use ssh_key::PublicKey;

use crate::blocking::{self, Lane};
use crate::config::KeyAlgorithm;
use crate::connect::Rejection;
use crate::identity::{BoundKeys, BoundState, KeyPair, RenewalPermit};
use crate::secret::Secret;

pub(super) use configured::{Configured, is_static, read};
pub use error::BoundKeypairError;

use super::error::JoinError;
use super::way::Bound;

/// What a join with a bound key begins with.
#[derive(Debug, Default)]
pub(super) struct Init {
    /// The registration secret; empty where there is none.
    pub(super) secret: Option<Secret>,
    /// The state of the last join, where it may be shown.
    pub(super) state: Option<Secret>,
}

/// The key and the state during one join.
#[derive(Debug)]
pub(super) struct Session {
    store: BoundKeys,
    /// The hash of the token's name.
    owner: String,
    /// The active one first.
    keys: Vec<Arc<KeyPair>>,
    /// Whether the key never changes, and nothing is kept.
    fixed: bool,
    /// The certificate at hand is shown.
    rejoins: bool,
    /// There is no registration secret: the cluster has to know the key by itself.
    secretless: bool,
    known: BoundState,
    begun: Begun,
    /// The key that signed last.
    signed: Option<Arc<KeyPair>>,
}

/// What was written down before the first answer.
#[derive(Debug)]
enum Begun {
    Nothing,
    Recovery,
    Rejoin(Box<RenewalPermit>),
}

impl Session {
    /// Reads what is stored, and makes a key where there is neither one nor a secret that could register one.
    pub(super) async fn open(
        store: BoundKeys,
        owner: String,
        configured: &Configured,
        rejoins: bool,
    ) -> Result<(Self, Init), JoinError> {
        let fixed = matches!(configured, Configured::Static(_));
        let reading = (store.clone(), owner.clone());
        let mut known = on_disk(move || reading.0.load(&reading.1)).await??;
        let mut init = Init { secret: None, state: known.state.take() };
        let keys = match configured {
            Configured::Static(key) => {
                init.state = None;
                vec![Arc::clone(key)]
            }
            Configured::Kept(secret) => {
                init.secret = secret.as_ref().map(Secret::duplicate);
                std::mem::take(&mut known.keys)
            }
        };
        let secretless = init.secret.is_none();
        let begun = Begun::Nothing;
        let session = Self { store, owner, keys, fixed, rejoins, secretless, known, begun, signed: None };
        if session.keys.is_empty() && secretless {
            // Hardware and FIPS clusters take it as well as all others.
            let key = made(KeyAlgorithm::EcdsaP256).await?;
            let public_key = key.ssh_public_line().to_owned();
            let store = session.store.clone();
            on_disk(move || store.adopt(&key)).await??;
            return Err(BoundKeypairError::Unregistered { public_key }.into());
        }
        Ok((session, init))
    }

    /// Signs a challenge with the bound key of that public key.
    pub(super) async fn sign(&mut self, public_key: &str, challenge: &str) -> Result<String, JoinError> {
        let key = self.find(public_key)?;
        self.begin().await?;
        self.signed = Some(Arc::clone(&key));
        jws::sign(&key, challenge).map_err(|reason| BoundKeypairError::Defect { reason }.into())
    }

    /// Makes another key, and keeps it before anybody knows of it.
    pub(super) async fn new_key(&mut self, suite: &str) -> Result<String, JoinError> {
        if self.fixed {
            return Err(BoundKeypairError::StaticRotation.into());
        }
        let key = made(algorithm(suite)).await?;
        let (store, kept) = (self.store.clone(), Arc::clone(&key));
        on_disk(move || store.remember(&kept)).await??;
        let line = key.ssh_public_line().to_owned();
        self.keys.push(key);
        Ok(line)
    }

    /// Keeps what a join brought, before its certificates are.
    pub(super) async fn settle(&mut self, brought: Bound) -> Result<(), JoinError> {
        self.begun = Begun::Nothing;
        if self.fixed {
            return Ok(());
        }
        let state =
            String::from_utf8(brought.join_state).map_err(|_| JoinError::unexpected("its join state isn't text"))?;
        if !self.rejoins
            && let Some(left) = state::recoveries_left(&state).filter(|left| *left < 2)
        {
            tracing::warn!(
                "the join token allows {left} more recoveries: after that a bot whose certificate has expired, or was \
                 lost, stays out until an administrator raises spec.bound_keypair.recovery.limit"
            );
        }
        let Some(key) = self.find(&brought.public_key).ok().or_else(|| self.signed.clone()) else { return Ok(()) };
        let (store, owner) = (self.store.clone(), self.owner.clone());
        on_disk(move || store.settle(&owner, Secret::new(state), &key)).await
    }

    /// What a failed join comes to: what was written down is taken back where the cluster has answered, and said
    /// otherwise.
    pub(super) async fn failed(&mut self, error: JoinError) -> JoinError {
        let begun = std::mem::replace(&mut self.begun, Begun::Nothing);
        if !error.is_answer() {
            return match begun {
                Begun::Recovery if !self.fixed => BoundKeypairError::AnswerLost { reason: error.to_string() }.into(),
                _ => error,
            };
        }
        let (store, reason) = (self.store.clone(), error.to_string());
        let taken_back = match begun {
            Begun::Nothing => Ok(Ok(())),
            Begun::Recovery if self.fixed || self.known.lost_since.is_some() => Ok(Ok(())),
            Begun::Recovery => on_disk(move || store.abandon_recovery()).await,
            // Such an answer may come after the generation was advanced, as one to a renewal may.
            Begun::Rejoin(_) if matches!(error, JoinError::Locked { .. }) => Ok(Ok(())),
            Begun::Rejoin(permit) => on_disk(move || store.abandon_rejoin(*permit, &reason)).await,
        };
        if let Err(error) = taken_back.and_then(|done| Ok(done?)) {
            // Then it counts as begun, which is safe.
            tracing::warn!("the end of a join can't be written down: {error}");
        }
        match (self.known.lost_since, error) {
            // The key waits to be registered, however often it was told already.
            (_, error @ JoinError::Rejected { rejection: Rejection::RegistrationSecret, .. }) if self.secretless => {
                self.keys.first().map_or(error, |key| {
                    let public_key = key.ssh_public_line().to_owned();
                    BoundKeypairError::Unregistered { public_key }.into()
                })
            }
            (Some(since), JoinError::Rejected { rejection: Rejection::JoinState, message, .. }) if !self.fixed => {
                BoundKeypairError::StateLost { since, message }.into()
            }
            (_, error) => error,
        }
    }

    /// Writes down what the answer that comes now may use up.
    async fn begin(&mut self) -> Result<(), JoinError> {
        if matches!(self.begun, Begun::Nothing) {
            let store = self.store.clone();
            if self.rejoins {
                self.begun = Begun::Rejoin(Box::new(on_disk(move || store.begin_rejoin()).await??));
                return Ok(());
            }
            if !self.fixed && self.known.lost_since.is_none() {
                on_disk(move || store.begin_recovery()).await??;
            }
            self.begun = Begun::Recovery;
        }
        Ok(())
    }

    /// The key of that public key: the same key may be written in several ways.
    fn find(&self, public_key: &str) -> Result<Arc<KeyPair>, JoinError> {
        let wanted = PublicKey::from_openssh(public_key.trim()).ok();
        let same = |key: &&Arc<KeyPair>| {
            let ours = PublicKey::from_openssh(key.ssh_public_line()).ok();
            wanted.as_ref().zip(ours).is_some_and(|(wanted, ours)| wanted.key_data() == ours.key_data())
        };
        let unknown = || {
            let ours = self.keys.iter().take(1).map(|key| key.ssh_public_line().to_owned()).collect();
            let public_key = public_key.trim().chars().filter(|c| !c.is_control()).take(200).collect();
            BoundKeypairError::UnknownKey { public_key, ours }.into()
        };
        self.keys.iter().find(same).cloned().ok_or_else(unknown)
    }
}

/// What a suite wants (join-methods 3.7); one that isn't known here takes what FIPS and hardware take.
fn algorithm(suite: &str) -> KeyAlgorithm {
    match suite {
        "legacy" => KeyAlgorithm::Rsa2048,
        "balanced-v1" => KeyAlgorithm::Ed25519,
        _ => KeyAlgorithm::EcdsaP256,
    }
}

async fn made(algorithm: KeyAlgorithm) -> Result<Arc<KeyPair>, JoinError> {
    let made = blocking::run(Lane::Keys, move || KeyPair::generate(algorithm)).await.map_err(defect)?;
    Ok(Arc::new(made.map_err(defect)?))
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    blocking::run(Lane::Store, work).await.map_err(defect)
}

fn defect(error: impl std::fmt::Display) -> JoinError {
    BoundKeypairError::Defect { reason: error.to_string() }.into()
}

/// A join state, for the fuzzer.
#[cfg(feature = "fuzzing")]
pub fn fuzz_join_state(bytes: &[u8]) {
    let _ = state::recoveries_left(&String::from_utf8_lossy(bytes));
}

#[cfg(test)]
mod tests;
