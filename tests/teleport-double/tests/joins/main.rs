//! Every way and method to join, by raw clients of `teleport-api`: what works, and each refusal with its text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "test code")]

#[path = "../support/mod.rs"]
mod support;

mod azure;
mod bound;
mod bound_refused;
mod client;
mod faults;
mod iam;
mod id_token;
mod instances;
mod jws;
mod signed;
mod sigv4;
mod v1;
mod versions;
