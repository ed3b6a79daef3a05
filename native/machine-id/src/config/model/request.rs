//! What a caller asks for: a lease, or its end.

use std::path::PathBuf;
use std::time::Duration;

use super::directory::Reader;
use super::output::OutputKind;
use super::tunnel::LeaseTunnel;
use crate::secret::Secret;
use crate::vocabulary::words;

words! {
    /// Who shares a key pair.
    #[derive(Default)]
    pub enum Scope {
        /// All leases of the agent.
        #[default]
        Agent = "agent",
        /// This lease alone.
        Build = "build",
    }
}

/// What a caller of `acquire` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquireRequest {
    /// The caller's name for the lease: 32 to 64 lower-case hex digits.
    pub lease: String,
    /// Id of the identity.
    pub identity: String,
    /// Roles; empty: those of the identity.
    pub roles: Vec<String>,
    /// Wished lifetime of the certificates; none: the identity's.
    pub ttl: Option<Duration>,
    /// Where the files go: absolute, normalised.
    pub directory: PathBuf,
    /// Whether the directory is a standing destination that outlives builds.
    pub standing: bool,
    /// Who may read, beside the owner.
    pub readers: Vec<Reader>,
    /// Who shares the key pair.
    pub scope: Scope,
    /// How long the call may take; 60 s where none is given.
    pub deadline: Duration,
    /// Leaf cluster to route to; none: the root cluster.
    pub route_to_cluster: Option<String>,
    /// What for, at least one; the first one's files lie in `directory` itself.
    pub outputs: Vec<OutputKind>,
    /// Listeners that live as long as the lease.
    pub tunnels: Vec<LeaseTunnel>,
}

/// By what a lease joins as an identity of its own.
#[derive(Debug)]
pub struct GivenToken {
    /// The statement about it.
    pub id_token: Secret,
    /// Leases with the same word are of one holder, and what is stated about them is the same: those that are taken at the same
    /// time may join together. None: with no other.
    pub share: Option<String>,
}

/// What a caller of `discard` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscardRequest {
    /// The engine's own directory, in which the lease table is.
    pub root: PathBuf,
    /// The lease's id.
    pub lease: String,
    /// The directory that the caller gave the lease; none: only what the table knows is ended.
    pub directory: Option<PathBuf>,
}
