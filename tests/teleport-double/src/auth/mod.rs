//! The auth server: gRPC, what is left of REST, and everything that issues certificates.

mod app_session;
mod grpc;
mod heartbeat;
mod issue;
pub(crate) mod join;
pub(crate) mod refusal;
mod resources;
mod rest;
mod role;
mod trust;
mod user_certs;
mod watch;
mod wire;

pub(crate) use grpc::{grpc, join_grpc};
pub(crate) use rest::rest;
