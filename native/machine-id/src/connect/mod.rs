//! The way to the cluster: discovery, trust, TLS, HTTP and gRPC. The only room that opens network connections.
//!
//! [`Connector::discover`] finds out what listens at the configured address; [`Connector::join_door`] carries a join,
//! [`Connector::auth`] gives typed calls to the auth server, [`Connector::proxy_ssh`] a byte stream to a host.
//!
//! Inside, a folder uses those before it, never those after: `error`, `net`, `tls`, `grpc`, `route`, `auth`,
//! `fetch`, `discovery`, `ssh`, `routed`, `join_door` (a table in `docs/architecture.md`, which `make lint` checks).

mod auth;
mod discovery;
mod error;
mod fetch;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod grpc;
mod join_door;
mod limits;
mod net;
mod route;
mod routed;
mod ssh;
mod tls;
pub(crate) mod words;

pub use auth::authority::{CaKind, CertAuthority, KeySet};
pub use auth::client::{AuthClient, IssuedCerts, Ping};
pub use auth::resources::{Application, Database, DatabaseRules, Host};
pub use auth::watch::AuthorityWatch;
pub use error::{ConnectError, HostError, Presented, Refusal, SetUpError, TransportError, TrustError};
pub use fetch::{FetchError, FetchReply, FetchRequest};
pub use join_door::{JoinDoor, Unanswered};
pub use net::address::Address;
pub use net::environment::Environment;
pub use net::http::{HttpReply, error_message, error_messages};
pub use route::cluster::{AuthRoute, ClockDifference, Cluster, Route};
pub use route::connector::Connector;
pub use route::facts::ProxyFacts;
pub use routed::{Alpn, RoutedStream};
pub use ssh::proxy_ssh::ProxySshStream;
pub use ssh::ssh_service::SshServiceStream;
pub use ssh::target::SshTarget;
pub use ssh::transport::{Receiving, SshTransport, Window};
pub use tls::credential::ClientCredential;
pub use tls::names::encoded_cluster;
pub use tls::pin::{pin_text, pins_of};
pub use words::Rejection;

pub(crate) use grpc::connection::GrpcConnection;
pub(crate) use join_door::answer;
pub(crate) use net::url::encoded;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
pub(crate) use fetch::tests as fake_service;
#[cfg(test)]
pub(crate) use net::http::tests::answer as recorded_answer;
#[cfg(test)]
mod tests;
