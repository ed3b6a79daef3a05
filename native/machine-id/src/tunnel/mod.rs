//! Databases and applications for stock clients: a listener of this machine whose connections go through the cluster.
//!
//! [`Serving`] takes connections at a [`Listener`] and has each carried by a stream of its own, which an [`Upstream`]
//! makes: TLS to the proxy as whatever certificate is fresh then. What it carries is the protocol of the database or
//! application itself, from its first byte on; nothing of it is read. Only a proxy ([`Serving::start_proxy`]) reads: HTTP, to
//! see which application is meant.

mod asking;
mod carry;
mod client;
mod environment;
mod far;
mod fit;
mod forward;
mod limits;
mod listener;
mod place;
mod server;
mod tell;

#[cfg(test)]
mod tests;

pub use environment::{Reached, environment, proxy_variable};
pub use far::Upstream;
pub use fit::could_listen;
#[cfg(feature = "fuzzing")]
pub use forward::fuzz_target;
pub use forward::{Application, Applications};
pub use listener::{Begins, Listener};
pub(crate) use place::{LONGEST_NAME, socket_names};
pub use server::{Serving, Switch};
pub use tell::Failures;
