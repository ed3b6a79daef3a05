//! The connection to the proxy: made when it is first needed, made again when it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::sync::{Mutex, mpsc};

use super::alarm::Alarm;
use crate::clock::SharedClock;
use crate::connect::{ClientCredential, Cluster, ConnectError, Connector, Receiving, SshTarget, SshTransport, Window};
use crate::error::Error;
use crate::local::quota::Permit;

/// How long a failure to connect is the answer for everybody who waited for the same connection.
const FAILURE: Duration = Duration::from_millis(250);
/// How long a connection without sessions is kept.
const IDLE: Duration = Duration::from_secs(300);

/// The way to the proxy as one role certificate.
#[derive(Debug)]
pub struct Link {
    connector: Connector,
    cluster: Cluster,
    host_cas: Vec<String>,
    credential: ClientCredential,
    clock: SharedClock,
    /// Told what comes of each connection.
    alarm: Arc<Alarm>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Several when one carries as many sessions as it may.
    carriers: Vec<Arc<Carrier>>,
    failure: Option<(Duration, Error)>,
}

#[derive(Debug)]
struct Carrier {
    transport: SshTransport,
    window: Window,
    sessions: AtomicUsize,
}

/// A session's place on a connection, and its right to a wide window.
#[derive(Debug)]
pub(super) struct Place(Arc<Carrier>, Option<Permit>);

/// A connected host.
pub(super) struct Host {
    pub(super) outgoing: mpsc::Sender<Bytes>,
    pub(super) incoming: Receiving,
    pub(super) place: Place,
}

impl Link {
    /// A link to the proxy of `cluster`, verified with `host_cas` (PEM), as `credential`, a role certificate. `alarm` is
    /// told what comes of each connection to a host.
    #[must_use]
    pub fn new(
        connector: Connector,
        cluster: Cluster,
        host_cas: Vec<String>,
        credential: ClientCredential,
        clock: SharedClock,
        alarm: Arc<Alarm>,
    ) -> Self {
        Self { connector, cluster, host_cas, credential, clock, alarm, state: Mutex::default() }
    }

    /// The cluster that is meant where none is named.
    pub(super) fn cluster_name(&self) -> &str {
        &self.cluster.name
    }

    /// The proxy's host, whose name may be part of a host's.
    pub(super) fn proxy_host(&self) -> &str {
        self.cluster.proxy().map_or("", |facts| &facts.public_host)
    }

    /// Connects to a host, by a narrow window without the right to a wide one. A connection that turns out to be lost is
    /// made again, once.
    pub(super) async fn open(self: &Arc<Self>, target: &SshTarget, wide: Option<Permit>) -> Result<Host, Error> {
        let outcome = self.try_open(target, wide).await;
        self.alarm.told(outcome.as_ref().map(|_| ()), self.clock.now());
        outcome
    }

    async fn try_open(self: &Arc<Self>, target: &SshTarget, wide: Option<Permit>) -> Result<Host, Error> {
        let window = if wide.is_some() { Window::Wide } else { Window::Narrow };
        let mut place = Place::take(&self.carrier(window).await?, wide);
        for last in [false, true] {
            match place.0.transport.open(target).await? {
                Some((outgoing, incoming)) => return Ok(Host { outgoing, incoming, place }),
                None if last => break,
                None => {
                    self.discard(&place.0).await;
                    let wide = place.1.take();
                    place = Place::take(&self.carrier(window).await?, wide);
                }
            }
        }
        Err(place.0.transport.why_lost().await.into())
    }

    async fn discard(&self, lost: &Arc<Carrier>) {
        self.state.lock().await.carriers.retain(|carrier| !Arc::ptr_eq(carrier, lost));
    }

    /// A connection that has room; whoever comes while one is being made waits for it.
    async fn carrier(self: &Arc<Self>, window: Window) -> Result<Arc<Carrier>, Error> {
        let mut state = self.state.lock().await;
        state.carriers.retain(|carrier| !carrier.transport.is_closed());
        if let Some(carrier) = state.carriers.iter().find(|carrier| carrier.has_room(window)) {
            return Ok(Arc::clone(carrier));
        }
        if let Some((at, error)) = &state.failure
            && self.clock.monotonic().saturating_sub(*at) < FAILURE
        {
            return Err(error.clone());
        }
        match self.connect(window).await {
            Ok(transport) => {
                state.failure = None;
                let carrier = Arc::new(Carrier { transport, window, sessions: AtomicUsize::new(0) });
                state.carriers.push(Arc::clone(&carrier));
                self.watch(&carrier);
                Ok(carrier)
            }
            Err(error) => {
                let error = Error::from(error);
                state.failure = Some((self.clock.monotonic(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(&self, window: Window) -> Result<SshTransport, ConnectError> {
        self.connector.ssh_transport(&self.cluster, &self.host_cas, &self.credential, window).await
    }

    /// Lets a connection go that nobody has used for a while.
    fn watch(self: &Arc<Self>, carrier: &Arc<Carrier>) {
        let (link, carrier) = (Arc::downgrade(self), Arc::downgrade(carrier));
        tokio::spawn(async move {
            let mut idle = false;
            loop {
                tokio::time::sleep(IDLE).await;
                let (Some(link), Some(carrier)) = (link.upgrade(), carrier.upgrade()) else { return };
                let unused = carrier.sessions.load(Ordering::Relaxed) == 0;
                if unused && idle {
                    return link.discard(&carrier).await;
                }
                idle = unused;
            }
        });
    }
}

impl Carrier {
    fn has_room(&self, window: Window) -> bool {
        self.window == window && self.sessions.load(Ordering::Relaxed) < self.transport.room()
    }
}

impl Place {
    fn take(carrier: &Arc<Carrier>, wide: Option<Permit>) -> Self {
        carrier.sessions.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(carrier), wide)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}
