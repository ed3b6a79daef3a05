//! Byte streams to hosts, through the proxy.

pub(super) mod dial;
pub(super) mod proxy_ssh;
pub(super) mod ssh_service;
pub(super) mod target;
pub(super) mod transport;
