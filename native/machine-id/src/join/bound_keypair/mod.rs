//! Method `bound_keypair`: a long-term key that the cluster knows, and the state of the last join.

use super::error::JoinError;

/// The key and the state during one join.
#[derive(Debug)]
pub(super) struct Session;

impl Session {
    /// Signs a challenge with the bound key of that public key.
    pub(super) fn sign(&self, _public_key: &str, _challenge: &str) -> Result<String, JoinError> {
        Err(JoinError::Internal { reason: "there is no bound key".to_owned() })
    }

    /// Makes another key, and keeps it before anybody knows of it.
    pub(super) async fn new_key(&mut self, _suite: &str) -> Result<String, JoinError> {
        std::future::ready(Err(JoinError::Internal { reason: "there is no bound key".to_owned() })).await
    }
}
