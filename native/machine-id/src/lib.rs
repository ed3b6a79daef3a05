//! Short-lived Teleport machine identities for build agents.
//!
//! An [`engine::Engine`] joins a cluster, keeps the identity fresh, and gives leases: directories with certificates that
//! are refreshed until they are released. `native/bridge` and `native/cli` are built on what this example shows:
//!
//! ```
//! use std::sync::Arc;
//!
//! use machine_id::clock::SystemClock;
//! use machine_id::config::{AcquireRequest, EngineConfig};
//! use machine_id::engine::{Engine, timestamp};
//! use machine_id::error::Error;
//!
//! async fn use_a_lease(config: EngineConfig, request: AcquireRequest) -> Result<(), Error> {
//!     let engine = Engine::open(config, Arc::new(SystemClock::new()))?;
//!     engine.keep_fresh();
//!
//!     let lease = engine.acquire(request.into()).await?;
//!     println!("{} until {}", lease.directory.display(), timestamp(lease.expires_at));
//!
//!     engine.release(&lease.lease).await?;
//!     engine.close().await;
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let config = EngineConfig::from_json(
//!     br#"{
//!         "abi": 4,
//!         "root": "/home/jenkins/agent/machine-id",
//!         "helper": "/home/jenkins/agent/machine-id/bin/machine-id",
//!         "helper_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
//!         "identities": [{
//!             "id": "api",
//!             "cluster": {"address": "teleport.example.com:443"},
//!             "join": {"method": "token", "token_file": "/run/secrets/token"}
//!         }]
//!     }"#,
//! )?;
//! let (request, _no_id_token) = AcquireRequest::from_json(
//!     br#"{
//!         "lease": "9f0c5a1e2b3d4f60718293a4b5c6d7e8",
//!         "identity": "api",
//!         "directory": "/home/jenkins/agent/workspace/job@tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8",
//!         "outputs": [{"type": "identity"}]
//!     }"#,
//! )?;
//! let work = use_a_lease(config, request); // await it inside a tokio runtime
//! # drop(work); // asks nobody: the texts are read, that is all that a test without a cluster can do
//! # Ok(())
//! # }
//! ```
//!
//! The order in which the rooms may use each other: [`method`] → [`config`] → [`connect`] → [`join`] → [`identity`] →
//! `renew` → [`issue`] → [`output`] → [`destination`] (with [`acl`]) → [`lease`]. `docs/architecture.md` has the map.

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
mod local;
pub mod method;
pub mod metrics;
mod once;
pub mod output;
pub mod proxy;
pub(crate) mod renew;
pub mod secret;
pub(crate) mod strain;
pub mod tunnel;
pub mod version;
pub mod vocabulary;
