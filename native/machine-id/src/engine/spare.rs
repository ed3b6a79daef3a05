//! A key in stock, for algorithms whose keys take long to make.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::blocking::{self, Lane};
use crate::config::KeyAlgorithm;
use crate::error::Error;
use crate::identity::KeyPair;
use crate::issue::Target;

/// The keys of an identity's certificates. Where no algorithm was chosen, those of databases are RSA-2048, as Teleport has
/// them in each of its suites: old database clients take nothing else.
#[derive(Debug)]
pub(super) struct SpareKeys {
    usual: SpareKey,
    databases: SpareKey,
}

impl SpareKeys {
    /// `chosen`: the algorithm of all keys.
    pub(super) fn new(chosen: Option<KeyAlgorithm>) -> Self {
        let databases = SpareKey::new(chosen.unwrap_or(KeyAlgorithm::Rsa2048));
        Self { usual: SpareKey::new(chosen.unwrap_or_default()), databases }
    }

    /// Those of certificates for `target`.
    pub(super) fn of(&self, target: &Target) -> SpareKey {
        if matches!(target, Target::Database { .. }) { self.databases.clone() } else { self.usual.clone() }
    }

    /// Those of all but databases.
    pub(super) const fn usual(&self) -> &SpareKey {
        &self.usual
    }

    /// As [`SpareKey::restock`].
    pub(super) fn restock(&self) {
        self.usual.restock();
        self.databases.restock();
    }
}

/// Makes keys off the threads that serve the network, and keeps one RSA key ahead: the next certificate is asked for
/// without waiting for its key. Elliptic curves' keys take a tenth of a millisecond, so none are kept of those.
#[derive(Clone, Debug)]
pub(super) struct SpareKey {
    algorithm: KeyAlgorithm,
    /// Wiped when it is dropped, as every key.
    kept: Arc<Mutex<Option<KeyPair>>>,
    /// Whether a key was ever asked for.
    wanted: Arc<AtomicBool>,
}

impl SpareKey {
    pub(super) fn new(algorithm: KeyAlgorithm) -> Self {
        Self { algorithm, kept: Arc::default(), wanted: Arc::default() }
    }

    /// A key that nobody has had: the one in stock, or a new one.
    pub(super) async fn take(&self) -> Result<KeyPair, Error> {
        self.wanted.store(true, Ordering::Relaxed);
        if let Some(kept) = self.kept().take() {
            return Ok(kept);
        }
        let algorithm = self.algorithm;
        Ok(blocking::run(Lane::Keys, move || KeyPair::generate(algorithm)).await??)
    }

    /// Has the next one made while nobody waits for it. For the keeper, now and then: who only looks in doesn't stay
    /// for a key that nobody will use, and ending waits for the one that is being made (a quarter of a second; RSA-4096
    /// would take many times as long, so none is kept of those).
    pub(super) fn restock(&self) {
        let slow = self.algorithm == KeyAlgorithm::Rsa2048;
        if !slow || !self.wanted.load(Ordering::Relaxed) || self.kept().is_some() {
            return;
        }
        let own = self.clone();
        blocking::later(Lane::Keys, move || match KeyPair::generate(own.algorithm) {
            Ok(key) => *own.kept() = Some(key),
            // Whoever needs a key will be told.
            Err(error) => tracing::debug!("no key made ahead: {error}"),
        });
    }

    fn kept(&self) -> MutexGuard<'_, Option<KeyPair>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_rsa_key_is_there_before_it_is_asked_for_and_no_key_is_given_twice() {
        let spare = SpareKey::new(KeyAlgorithm::Rsa2048);
        spare.restock();
        let first = spare.take().await.unwrap();
        spare.restock();
        // It is being made on a thread of its own.
        while spare.kept().is_none() {
            tokio::task::yield_now().await;
        }
        // Without a wait: nothing is made.
        let second = futures_util::FutureExt::now_or_never(spare.take()).unwrap().unwrap();
        assert!(spare.kept().is_none());
        assert_ne!(first.ssh_public_line(), second.ssh_public_line());
    }

    #[test]
    fn keys_of_databases_are_rsa_unless_an_algorithm_was_chosen() {
        let database = Target::Database { service: "db".to_owned(), username: String::new(), database: String::new() };
        for (chosen, usual, databases) in [
            (None, KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa2048),
            (Some(KeyAlgorithm::EcdsaP256), KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP256),
            (Some(KeyAlgorithm::Rsa4096), KeyAlgorithm::Rsa4096, KeyAlgorithm::Rsa4096),
        ] {
            let keys = SpareKeys::new(chosen);
            assert_eq!((keys.of(&Target::None).algorithm, keys.of(&database).algorithm), (usual, databases));
            assert_eq!(keys.usual().algorithm, usual);
        }
    }

    #[tokio::test]
    async fn no_stock_is_kept_of_keys_that_are_made_at_once() {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa4096] {
            let spare = SpareKey::new(algorithm);
            spare.wanted.store(true, Ordering::Relaxed);
            spare.restock();
            blocking::run(Lane::Keys, || ()).await.unwrap();
            assert!(spare.kept().is_none());
        }
    }
}
