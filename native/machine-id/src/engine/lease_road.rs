//! The way of the connections of a lease's tunnels: as what was issued for the lease last.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::session::Session;
use crate::connect::{Alpn, ClientCredential, Cluster, Connector, Route, RoutedStream};
use crate::error::Error;
use crate::issue::RoleCertificate;
use crate::local::quota::lock;
use crate::tunnel::Upstream;

/// The way to the proxy as a lease's certificate.
#[derive(Clone, Debug)]
pub(super) struct Way {
    connector: Connector,
    cluster: Cluster,
    host_cas: Arc<Vec<String>>,
    credential: ClientCredential,
    /// Told when the cluster may have something against us.
    locked: Arc<Notify>,
    /// Set when the proxy has refused the certificate: the lease is refreshed, if somebody keeps it.
    refused: Arc<AtomicBool>,
}

impl Way {
    /// # Errors
    /// When the certificate can't be used.
    pub(super) fn new(
        connector: &Connector,
        session: &Session,
        certificate: &RoleCertificate,
        locked: &Arc<Notify>,
        refused: &Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        Ok(Self {
            connector: connector.clone(),
            cluster: Cluster { route: Route::Proxy(session.proxy.clone()), ..session.cluster.clone() },
            host_cas: Arc::new(session.identity.authorities.root_host_cas().to_vec()),
            credential: ClientCredential::new(&certificate.key.pkcs8_der(), &certificate.certificates.tls)?,
            locked: Arc::clone(locked),
            refused: Arc::clone(refused),
        })
    }
}

/// Where new connections go now.
#[derive(Debug)]
pub(super) struct Road(Mutex<Way>);

impl Road {
    pub(super) const fn new(way: Way) -> Self {
        Self(Mutex::new(way))
    }

    fn way(&self) -> Way {
        lock(&self.0).clone()
    }

    /// New connections go as what is fresh.
    pub(super) fn take(&self, fresh: Way) {
        *lock(&self.0) = fresh;
    }
}

/// Makes the streams of a tunnel's connections.
pub(super) struct Carrier {
    road: Arc<Road>,
    alpn: Alpn,
}

impl Carrier {
    pub(super) fn new(road: &Arc<Road>, alpn: Alpn) -> Self {
        Self { road: Arc::clone(road), alpn }
    }
}

impl Upstream for Carrier {
    fn open(&self) -> BoxFuture<'_, Result<RoutedStream, Error>> {
        let way = self.road.way();
        Box::pin(
            async move { Ok(way.connector.routed(&way.cluster, &way.host_cas, &way.credential, self.alpn).await?) },
        )
    }

    fn refused(&self) {
        let way = self.road.way();
        way.refused.store(true, Ordering::Relaxed);
        way.locked.notify_one();
    }

    /// The keeper asks, and says it where the lease is looked at.
    fn why_ended(&self) -> BoxFuture<'_, Option<Error>> {
        self.road.way().locked.notify_one();
        Box::pin(std::future::ready(None))
    }
}
