//! What listens at the configured address, and whether it is the cluster that is meant.

pub(super) mod discover;
pub(super) mod web_config;
