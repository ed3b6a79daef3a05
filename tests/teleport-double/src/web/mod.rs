//! The proxy's web port: routing of TLS connections, and what is served over HTTPS.

mod discovery;
mod export;
pub(crate) mod http;
pub(crate) mod join;
pub(crate) mod listener;
pub(crate) mod peer;
pub(crate) mod reply;
mod route;
pub(crate) mod stream;
pub(crate) mod tls;
mod upgrade;
mod websocket;
