//! An HTTP proxy (RFC 9112, section 3.2.2) that leads to applications by their names: `http://grafana/` is application
//! `grafana`, whatever the rest of the URL says.
//!
//! Requests are read by hyper, and sent on with what belongs to a single connection taken out. `CONNECT` opens a way through
//! which a client speaks by itself, as for WebSockets and applications by TCP. Nobody is led anywhere but to an application.

mod answer;
mod application;
mod connection;
mod head;
mod io;
mod link;
mod wanted;

#[cfg(test)]
mod tests;

pub use application::{Application, Applications};

#[cfg(feature = "fuzzing")]
pub use wanted::fuzz as fuzz_target;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::connection::serve;
use super::client::Client;
use super::server::Service;
use super::tell::Teller;
use crate::metrics::Traffic;

/// What is done with the connections to a proxy.
pub(super) struct Forward {
    applications: Arc<dyn Applications>,
    teller: Arc<Teller>,
    traffic: Traffic,
}

impl Forward {
    pub(super) fn new(applications: Arc<dyn Applications>, teller: Arc<Teller>, traffic: Traffic) -> Self {
        Self { applications, teller, traffic }
    }
}

impl Service for Forward {
    fn serve(&self, client: Client) -> BoxFuture<'_, ()> {
        Box::pin(serve(self, client))
    }
}
