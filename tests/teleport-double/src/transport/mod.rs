//! SSH through the proxy over gRPC (protocol section H3).

mod dial;
mod service;

pub(crate) use service::{admits, serve};
