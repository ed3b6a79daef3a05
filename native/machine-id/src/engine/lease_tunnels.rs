//! Databases and applications of leases: listeners that live as long as the lease, and whose connections go as what was
//! issued for it last.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::Notify;

use super::session::Session;
use crate::config::{LeaseTunnel, Listen, TunnelKind};
use crate::connect::{Alpn, ClientCredential, Cluster, Connector, Route, RoutedStream};
use crate::destination::{self, Destination};
use crate::error::{Code, Error};
use crate::issue::RoleCertificate;
use crate::metrics::{Metrics, TunnelTo};
use crate::tunnel::{Begins, LONGEST_NAME, Listener, Reached, Serving, Switch, Upstream, socket_names};

/// What is spoken at a tunnel, and how a proxy is asked for it.
pub(super) type Spoken = (String, Alpn);

/// The tunnels of an engine's leases.
#[derive(Debug)]
pub(super) struct LeaseTunnels {
    switch: Switch,
    /// By lease, in the order of the request.
    open: Mutex<HashMap<String, Vec<Open>>>,
}

#[derive(Debug)]
struct Open {
    serving: Serving,
    road: Arc<Road>,
    alpn: Alpn,
    reached: Reached,
}

/// What a tunnel is opened with, or taken on with.
pub(super) struct Fresh {
    pub(super) tunnel: LeaseTunnel,
    pub(super) spoken: Spoken,
    pub(super) way: Way,
}

impl LeaseTunnels {
    /// None yet. `switch` is what all tunnels of the process share.
    pub(super) fn new(switch: Switch) -> Self {
        Self { switch, open: Mutex::default() }
    }

    /// What is spoken at the tunnels of a lease, once they are open.
    pub(super) fn spoken(&self, lease: &str) -> Option<Vec<Spoken>> {
        let spoken = |open: &Open| (open.reached.protocol.clone(), open.alpn);
        self.all().get(lease).map(|open| open.iter().map(spoken).collect())
    }

    /// Opens the tunnels of a lease in its directory; new connections of those that are open go as what is fresh. Needs a
    /// runtime, and blocks.
    ///
    /// # Errors
    /// When one can't be opened: none is then, unless they were before.
    pub(super) fn serve(
        &self,
        lease: &str,
        destination: &Destination,
        fresh: Vec<Fresh>,
        metrics: &Arc<Metrics>,
    ) -> Result<Vec<Reached>, Error> {
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let names = socket_names(fresh.iter().map(|fresh| (&fresh.tunnel.kind, fresh.spoken.0.as_str())));
        let way = destination::way(destination.path(), lease, LONGEST_NAME);
        if fresh.iter().any(|fresh| fresh.tunnel.port.is_none()) {
            destination::lead(&way, destination.path())?;
        }
        let mut open = self.all().remove(lease).unwrap_or_default();
        let mut failed = None;
        for (at, (fresh, name)) in fresh.into_iter().zip(names).enumerate() {
            match open.get_mut(at) {
                Some(known) if known.serving.is_there() => known.road.take(fresh.way),
                // Somebody has emptied the directory; what is connected goes on until there is a new one.
                Some(known) => match self.start(destination, &way, &name, fresh, metrics) {
                    Ok(anew) => *known = anew,
                    Err(error) => failed = Some(error),
                },
                None => open.push(self.start(destination, &way, &name, fresh, metrics)?),
            }
        }
        let reached = open.iter().map(|open| open.reached.clone()).collect();
        self.all().insert(lease.to_owned(), open);
        failed.map_or(Ok(reached), Err)
    }

    fn start(
        &self,
        destination: &Destination,
        way: &Path,
        name: &str,
        fresh: Fresh,
        metrics: &Arc<Metrics>,
    ) -> Result<Open, Error> {
        let Fresh { tunnel: LeaseTunnel { kind, port }, spoken: (protocol, alpn), way: fresh } = fresh;
        let (listener, begins) = match port {
            Some(port) => {
                let listener = Listener::open(&Listen::Tcp((Ipv4Addr::LOCALHOST, port).into()))?;
                let begins = listener.begins().clone();
                (listener, begins)
            }
            None => (Listener::in_destination(destination, name)?, Begins::Unix(way.join(name))),
        };
        let to = match kind {
            TunnelKind::Database { .. } => TunnelTo::Database,
            TunnelKind::Application { .. } => TunnelTo::Application,
        };
        let road = Arc::new(Road(Mutex::new(fresh)));
        let upstream = Carrier { road: Arc::clone(&road), alpn };
        let serving = Serving::start(&self.switch, listener, kind.to_string(), metrics.tunnel(to), upstream);
        let serving = serving.map_err(|error| {
            Error::new(Code::Internal, format!("the tunnel to {kind} can't be served: {error}"), "report this")
        })?;
        Ok(Open { serving, road, alpn, reached: Reached { kind, protocol, begins } })
    }

    /// Ends a lease's tunnels and their connections.
    pub(super) async fn withdraw(&self, lease: &str) {
        let ended = self.all().remove(lease);
        join_all(ended.into_iter().flatten().map(|open| open.serving.end())).await;
    }

    /// Ends all of them.
    pub(super) async fn withdraw_all(&self) {
        let ended = std::mem::take(&mut *self.all());
        join_all(ended.into_values().flatten().map(|open| open.serving.end())).await;
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Vec<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the proxy as a lease's certificate.
#[derive(Clone, Debug)]
pub(super) struct Way {
    connector: Connector,
    cluster: Cluster,
    host_cas: Arc<Vec<String>>,
    credential: ClientCredential,
    /// Told when the cluster may have something against us.
    locked: Arc<Notify>,
}

impl Way {
    /// # Errors
    /// When the certificate can't be used.
    pub(super) fn new(
        connector: &Connector,
        session: &Session,
        certificate: &RoleCertificate,
        locked: &Arc<Notify>,
    ) -> Result<Self, Error> {
        Ok(Self {
            connector: connector.clone(),
            cluster: Cluster { route: Route::Proxy(session.proxy.clone()), ..session.cluster.clone() },
            host_cas: Arc::new(session.identity.authorities.root_host_cas().to_vec()),
            credential: ClientCredential::new(&certificate.key.pkcs8_der(), &certificate.certificates.tls)?,
            locked: Arc::clone(locked),
        })
    }
}

#[derive(Debug)]
struct Road(Mutex<Way>);

impl Road {
    fn way(&self) -> Way {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, fresh: Way) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
    }
}

/// Makes the streams of a tunnel's connections.
struct Carrier {
    road: Arc<Road>,
    alpn: Alpn,
}

impl Upstream for Carrier {
    fn open(&self) -> BoxFuture<'_, Result<RoutedStream, Error>> {
        let way = self.road.way();
        Box::pin(
            async move { Ok(way.connector.routed(&way.cluster, &way.host_cas, &way.credential, self.alpn).await?) },
        )
    }

    fn refused(&self) {
        self.road.way().locked.notify_one();
    }

    /// The keeper asks, and says it where the lease is looked at.
    fn why_ended(&self) -> BoxFuture<'_, Option<Error>> {
        self.refused();
        Box::pin(std::future::ready(None))
    }
}
