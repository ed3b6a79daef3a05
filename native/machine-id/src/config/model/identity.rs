//! A bot identity.

use std::time::Duration;

use super::cluster::ClusterConfig;
use super::directory::DirectoryConfig;
use super::join::JoinConfig;
use crate::vocabulary::words;

words! {
    /// The key algorithms a bot may use (protocol B1).
    #[derive(Default)]
    pub enum KeyAlgorithm {
        /// ECDSA on NIST P-256.
        #[default]
        EcdsaP256 = "ecdsa-p256",
        /// Ed25519.
        Ed25519 = "ed25519",
        /// RSA, 2048 bits.
        Rsa2048 = "rsa-2048",
        /// RSA, 4096 bits.
        Rsa4096 = "rsa-4096",
    }
}

/// One bot identity: the cluster, how to join it, what it may be used for.
#[derive(Debug)]
pub struct IdentityConfig {
    /// Name among the identities of an engine; file-name safe (letters, digits, `-`, `_`, `.`).
    pub id: String,
    /// The cluster.
    pub cluster: ClusterConfig,
    /// How to join.
    pub join: JoinConfig,
    /// Algorithm of all keys made for this identity; none: ECDSA P-256, and RSA-2048 for databases.
    pub key_algorithm: Option<KeyAlgorithm>,
    /// Wished lifetime of the bot's own certificates (`certificate_ttl`).
    pub lifetime: Duration,
    /// Fixed renewal interval; none: a jittered point after half of the lifetime.
    pub renewal_interval: Option<Duration>,
    /// Roles that may be asked for; empty: whatever the bot may take.
    pub roles: Vec<String>,
    /// Longest lifetime of a role certificate.
    pub max_ttl: Duration,
    /// Where the identity is kept; none: in the memory of the process, which takes it along when it ends.
    pub storage: Option<DirectoryConfig>,
}
