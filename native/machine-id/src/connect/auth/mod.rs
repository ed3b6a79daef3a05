//! Typed calls to the auth server, as somebody.

pub(super) mod authorities;
pub(super) mod authority;
pub(super) mod client;
pub(super) mod heartbeat;
pub(super) mod resources;
pub(super) mod rest;
pub(super) mod watch;
