//! A cluster, and TLS connections along the way to it.

pub(super) mod ask;
pub(super) mod cluster;
pub(super) mod connections;
pub(super) mod connector;
pub(super) mod facts;
pub(super) mod probe;
