//! Whom a server has to be, and what we show it: the only place that builds rustls configurations.

pub(super) mod credential;
pub(super) mod handshake;
pub(super) mod names;
pub(super) mod pin;
pub(super) mod trust;
pub(super) mod verifier;
