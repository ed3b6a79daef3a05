//! Bytes and HTTP to an address: the one place where sockets are opened. It knows no cluster and no TLS of ours.

pub(super) mod address;
pub(super) mod dial;
pub(super) mod environment;
pub(super) mod http;
pub(super) mod stream;
pub(super) mod upgrade;
pub(super) mod url;
pub(super) mod websocket;
