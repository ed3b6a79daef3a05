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
//! # Joining
//!
//! [`Builder::version`] says which ways there are; [`Builder::join_stream`] and [`Builder::legacy_joins`] overrule it.
//! [`TokenOptions`] makes a token of each method: `id_token`, `iam` ([`IamOptions`]), `azure` ([`AzureOptions`] with
//! [`attested_document`]), `bound_keypair` ([`BoundKeypairOptions`]); its `refusal` plays any answer to a bad proof, the
//! known ones are in [`proof_refusals`]. [`Double::bound_keypair`] and [`Double::edit_bound_keypair`] look at and change
//! what the cluster stores of a bound key, [`Double::bot_instances`], [`Double::heartbeats`], [`Double::gave_up`] and
//! [`Snapshot::client_versions`] what it has seen. Streams have a [`Point`] for each of their messages: faults strike
//! before anything is committed, but for [`Fault::DropReply`], [`Fault::StallReply`] and [`Fault::Truncated`]
//! at [`Point::Join`] or [`Point::JoinResult`].
//!
//! ```no_run
//! # async fn example() -> Result<(), teleport_double::DoubleError> {
//! use teleport_double::{BoundKeypairOptions, Double, Fault, Point, Times, TokenOptions};
//! let double = Double::builder().version("18.2.0").bot("api", &["api-workers"]).start().await?;
//! let bound_keypair = Some(BoundKeypairOptions { recovery_limit: 3, ..BoundKeypairOptions::default() });
//! let token = double.new_token_with("api", TokenOptions { bound_keypair, ..TokenOptions::default() });
//! let secret = double.bound_keypair(&token).map(|stored| stored.registration_secret);
//! double.faults().inject(Point::JoinResult, Fault::DropReply, Times::Once);
//! # Ok(())
//! # }
//! ```
//!
//! Rooms: `ca` (keys and certificates), `control` (set-up, state, faults), `web` (the proxy's port),
//! `auth` (gRPC and REST), `transport` (SSH), `kube` (the Kubernetes API), `tunnel` (databases and
//! applications), `hostile` (a proxy in the middle).

mod auth;
mod ca;
mod control;
mod error;
mod hostile;
mod kube;
mod port;
mod transport;
mod tunnel;
mod web;

pub use auth::join::{Flaw, proof_refusals, sts};
pub use auth::refusal::{Refusal, RefusalKind};
pub use ca::authority::Phase;
pub use ca::{AuthorityKind, KeyKind};
pub use control::{
    AzureOptions, BoundKeypair, BoundKeypairOptions, Builder, CertificateFault, Double, Fault, Faults, GaveUp,
    Heartbeat, IamOptions, Point, RecoveryMode, Role, SignedOptions, Snapshot, Times, TokenOptions, attested_document,
};
pub use error::DoubleError;
pub use hostile::{HostileProxy, Tunnel};
pub use port::free_port;
