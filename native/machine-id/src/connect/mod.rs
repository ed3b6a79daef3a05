//! The way to the cluster: discovery, trust, TLS, HTTP and gRPC. The only room that opens network connections.
//!
//! [`Connector::discover`] finds out what listens at the configured address; [`Connector::join_door`] carries a join,
//! [`Connector::auth`] gives typed calls to the auth server, [`Connector::proxy_ssh`] a byte stream to a host.

mod address;
mod auth_client;
mod authority;
mod cluster;
mod connector;
mod credential;
mod dial;
mod discover;
mod environment;
mod error;
mod facts;
mod fetch;
mod frames;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod grpc;
mod hint;
mod http;
mod join_road;
mod limits;
mod names;
mod pin;
mod presented;
mod proxy_ssh;
mod resources;
mod rest;
mod route;
mod ssh_service;
mod status;
mod stream;
mod tls;
mod transport;
mod trust;
mod upgrade;
mod verifier;
mod version;
mod watch;
mod web_config;
mod websocket;

pub use address::Address;
pub use auth_client::{AuthClient, IssuedCerts, Ping};
pub use authority::{CaKind, CertAuthority, KeySet};
pub use cluster::{AuthRoute, ClockDifference, Cluster, Route};
pub use connector::Connector;
pub use credential::ClientCredential;
pub use environment::Environment;
pub use error::ConnectError;
pub use facts::ProxyFacts;
pub use fetch::{FetchError, FetchReply, FetchRequest};
pub use http::{HttpReply, error_message};
pub use join_road::{JoinDoor, JoinRoad};
pub use names::encoded_cluster;
pub use pin::{pin_text, pins_of};
pub use presented::Presented;
pub use proxy_ssh::{ProxySshStream, SshTarget};
pub use resources::{Application, Database, Host};
pub use ssh_service::SshServiceStream;
pub use transport::{Receiving, SshTransport, Window};
pub use version::Version;
pub use watch::AuthorityWatch;

pub(crate) use status::retry_in;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
pub(crate) use fetch::tests as fake_service;
#[cfg(test)]
pub(crate) use http::tests::answer as recorded_answer;
#[cfg(test)]
mod tests;
