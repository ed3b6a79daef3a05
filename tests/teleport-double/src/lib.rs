//! A double of a Teleport cluster: real TLS, real routing by ALPN and SNI, real gRPC, real certificates.
//!
//! It plays what the protocol document says of a version 15 cluster (later versions on request) and is held
//! against replies recorded from a real one. Everything listens on loopback. Tests plan faults through
//! [`Double::faults`] and read [`Double::counters`].
//!
//! ```no_run
//! # async fn example() -> Result<(), teleport_double::DoubleError> {
//! use teleport_double::Double;
//! let double = Double::builder().cluster("example.test").bot("api", &["api-workers"]).start().await?;
//! let token = double.new_token("api");
//! println!("join {} with {token}", double.proxy_address());
//! # Ok(())
//! # }
//! ```
//!
//! Rooms: `ca` (keys and certificates), `control` (set-up, state, faults), `web` (the proxy's port),
//! `auth` (gRPC and REST), `transport` (SSH), `kube` (the Kubernetes API), `hostile` (a proxy in the middle).

mod auth;
mod ca;
mod control;
mod error;
mod hostile;
mod kube;
mod transport;
mod web;

pub use auth::refusal::{Refusal, RefusalKind};
pub use ca::authority::Phase;
pub use ca::{AuthorityKind, KeyKind};
pub use control::{
    AzureOptions, BoundKeypair, BoundKeypairOptions, Builder, CertificateFault, Double, Fault, Faults, GaveUp,
    Heartbeat, IamOptions, Point, RecoveryMode, Role, Snapshot, Times, TokenOptions, attested_document,
};
pub use error::DoubleError;
pub use hostile::{HostileProxy, Tunnel};
