//! Short-lived Teleport machine identities for build agents.
//!
//! The flow, and the order in which the rooms may use each other:
//! [`method`] → [`config`] → [`connect`] → [`join`] → [`identity`] → [`renew`] → [`issue`] → [`output`] → [`destination`]
//! (with [`acl`]) → [`lease`]. `docs/architecture.md` has the map.

pub mod acl;
pub mod backoff;
pub mod blocking;
pub mod clock;
pub mod config;
pub mod connect;
pub mod destination;
pub mod engine;
pub mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod identity;
pub mod issue;
pub mod join;
pub mod lease;
pub mod method;
pub mod output;
pub mod proxy;
pub mod renew;
pub mod secret;
pub mod version;
pub mod vocabulary;
