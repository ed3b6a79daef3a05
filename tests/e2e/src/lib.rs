//! The stage of the end-to-end tests, which use public interfaces only: the built program `machine-id`, a double of
//! a Teleport cluster, a real sshd on loopback, and stock ssh, scp, sftp, git and kubectl.
//!
//! [`scenarios`] are played on any [`Stage`]: here on the double, in `tests/teleport` on a real Teleport.
//!
//! Everything that a program prints is searched for private keys and tokens when it ends ([`secrets`]). Nothing
//! sleeps for a fixed time: [`wait::until`] looks at something observable until a deadline.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a harness of tests fails by panicking")]

pub mod advice;
pub mod azure;
pub mod bridge;
pub mod cluster;
pub mod database;
pub mod forward;
pub mod given;
pub mod issuer;
pub mod join;
pub mod left_by_tbot;
pub mod loopback;
pub mod machine;
pub mod multiplexer;
pub mod node;
pub mod outcome;
pub mod pod;
pub mod probe;
pub mod process;
pub mod program;
pub mod scenarios;
pub mod secrets;
pub mod stage;
pub mod unsent;
pub mod users;
pub mod wait;

pub use cluster::Cluster;
pub use database::Database;
pub use issuer::Issuer;
pub use loopback::Loopback;
pub use machine::Machine;
pub use outcome::Outcome;
pub use pod::Pod;
pub use process::Process;
pub use stage::Stage;
