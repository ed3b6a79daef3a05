//! Databases and applications of leases: listeners that live as long as the lease, and whose connections go as what was
//! issued for it last.
//!
//! A lease has its listeners once in a process, however many engines hold it: a changed configuration is an engine of its own,
//! and takes a block's ports and sockets on from the one before, with their connections.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::lease_road::{Carrier, Road, Way};
use crate::config::{LeaseTunnel, Listen, TunnelKind};
use crate::connect::Alpn;
use crate::destination::{self, Destination};
use crate::error::{Code, Error};
use crate::metrics::{Metrics, TunnelTo};
use crate::tunnel::{Begins, Failures, LONGEST_NAME, Listener, Reached, Serving, Switch, socket_names};

/// What is spoken at a tunnel, and how a proxy is asked for it.
pub(super) type Spoken = (String, Alpn);

/// How long whoever ends a lease waits for a disk on which its listeners are being made.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tunnels of the leases below one root, by root.
static ROOTS: LazyLock<Mutex<HashMap<PathBuf, Weak<Shared>>>> = LazyLock::new(Mutex::default);
static HOLDERS: AtomicU64 = AtomicU64::new(0);

/// The tunnels of an engine's leases.
#[derive(Debug)]
pub(super) struct LeaseTunnels {
    shared: Arc<Shared>,
    /// This engine.
    holder: u64,
}

/// What the engines of one root have together.
#[derive(Debug, Default)]
struct Shared {
    switch: Switch,
    leases: Mutex<HashMap<String, Arc<Lease>>>,
}

#[derive(Debug, Default)]
struct Lease {
    failures: Arc<Failures>,
    held: tokio::sync::Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// The engines that have the lease.
    holders: BTreeSet<u64>,
    open: Vec<Open>,
    /// Ended: whoever still has it takes another one.
    over: bool,
}

#[derive(Debug)]
struct Open {
    serving: Serving,
    road: Arc<Road>,
    alpn: Alpn,
    tunnel: LeaseTunnel,
    reached: Reached,
}

/// What a tunnel is opened with, or taken on with.
pub(super) struct Fresh {
    pub(super) tunnel: LeaseTunnel,
    pub(super) spoken: Spoken,
    /// Or why there is nothing fresh: what it has serves on.
    pub(super) way: Result<Way, Error>,
}

/// A tunnel after it was opened or taken on.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) reached: Reached,
    /// It was open before, and so may be its connections.
    pub(super) kept: bool,
    /// Why it isn't open, or not as what is fresh.
    pub(super) failure: Option<Error>,
}

impl LeaseTunnels {
    /// Those of an engine of `root`.
    pub(super) fn of(root: &Path) -> Self {
        let mut roots = lock(&ROOTS);
        roots.retain(|_, shared| shared.strong_count() > 0);
        let known = roots.get(root).and_then(Weak::upgrade);
        let shared = known.unwrap_or_else(|| {
            let made = Arc::new(Shared::default());
            roots.insert(root.to_owned(), Arc::downgrade(&made));
            made
        });
        Self { shared, holder: HOLDERS.fetch_add(1, Ordering::Relaxed) }
    }

    /// What all tunnels below the root share.
    pub(super) fn switch(&self) -> Switch {
        self.shared.switch.clone()
    }

    /// What is spoken at the tunnels of a lease that are open.
    pub(super) async fn spoken(&self, lease: &str) -> HashMap<TunnelKind, Spoken> {
        let Some(lease) = self.shared.find(lease) else { return HashMap::new() };
        let held = lease.held.lock().await;
        let spoken = |open: &Open| (open.tunnel.kind.clone(), (open.reached.protocol.clone(), open.alpn));
        held.open.iter().map(spoken).collect()
    }

    /// Why connections of a lease failed, each cause once.
    pub(super) fn failures(&self, lease: &str) -> Vec<String> {
        self.shared.find(lease).map(|lease| lease.failures.all()).unwrap_or_default()
    }

    /// Tells something of a lease's tunnels where their failures are told.
    pub(super) fn tell(&self, lease: &str, sentence: &str) {
        self.shared.entry(lease).failures.add(sentence);
    }

    /// Opens the tunnels of a lease in its directory; new connections of those that are open go as what is fresh. Needs a
    /// runtime, and blocks. `again`: the lease is in use, and what is well of it goes on beside what fails.
    ///
    /// # Errors
    /// When one can't be opened for a lease that isn't in use yet: none is then.
    pub(super) fn serve(
        &self,
        lease: &str,
        destination: &Destination,
        fresh: Vec<Fresh>,
        again: bool,
        metrics: &Arc<Metrics>,
    ) -> Result<Vec<Served>, Error> {
        if fresh.is_empty() {
            return Ok(Vec::new());
        }
        let names = socket_names(fresh.iter().map(|fresh| (&fresh.tunnel.kind, fresh.spoken.0.as_str())));
        let way = destination::way(destination.path(), lease, LONGEST_NAME);
        if fresh.iter().any(|fresh| fresh.tunnel.port.is_none()) {
            destination::lead(&way, destination.path())?;
        }
        let mut entry = self.shared.entry(lease);
        let mut held = entry.held.blocking_lock();
        while held.over {
            drop(held);
            entry = self.shared.entry(lease);
            held = entry.held.blocking_lock();
        }
        let again = again || !held.open.is_empty();
        let place = Place { switch: &self.shared.switch, failures: &entry.failures, destination, way: &way, metrics };
        let mut before = std::mem::take(&mut held.open);
        let (mut served, mut failed) = (Vec::with_capacity(fresh.len()), None);
        for (fresh, name) in fresh.into_iter().zip(names) {
            let known = before.iter().position(|open| open.is_for(&fresh.tunnel)).map(|at| before.swap_remove(at));
            let (open, one) = place.take_on(known, fresh, &name);
            held.open.extend(open);
            failed = failed.or_else(|| one.failure.clone());
            served.push(one);
        }
        if let Some(error) = failed.filter(|_| !again) {
            held.open.clear();
            if held.holders.is_empty() {
                held.over = true;
                self.shared.forget(lease, &entry);
            }
            return Err(error);
        }
        held.holders.insert(self.holder);
        Ok(served)
    }

    /// Ends a lease's tunnels and their connections, unless another engine of this process still has the lease.
    pub(super) async fn withdraw(&self, lease: &str) {
        let Some(entry) = self.shared.find(lease) else { return };
        // What is being made on a disk that hangs ends with whoever makes it.
        let Ok(mut held) = timeout(PATIENCE, entry.held.lock()).await else {
            return self.shared.forget(lease, &entry);
        };
        held.holders.remove(&self.holder);
        if !held.holders.is_empty() {
            return;
        }
        held.over = true;
        self.shared.forget(lease, &entry);
        let ended = std::mem::take(&mut held.open);
        drop(held);
        join_all(ended.into_iter().map(|open| open.serving.end())).await;
    }

    /// Ends all that no other engine has.
    pub(super) async fn withdraw_all(&self) {
        let leases: Vec<_> = lock(&self.shared.leases).keys().cloned().collect();
        let mut ours = Vec::new();
        for lease in leases {
            let Some(entry) = self.shared.find(&lease) else { continue };
            if timeout(PATIENCE, entry.held.lock()).await.map_or(true, |held| held.holders.contains(&self.holder)) {
                ours.push(lease);
            }
        }
        join_all(ours.iter().map(|lease| self.withdraw(lease))).await;
    }
}

impl Shared {
    fn find(&self, lease: &str) -> Option<Arc<Lease>> {
        lock(&self.leases).get(lease).cloned()
    }

    fn entry(&self, lease: &str) -> Arc<Lease> {
        Arc::clone(lock(&self.leases).entry(lease.to_owned()).or_default())
    }

    fn forget(&self, lease: &str, entry: &Arc<Lease>) {
        let mut leases = lock(&self.leases);
        if leases.get(lease).is_some_and(|known| Arc::ptr_eq(known, entry)) {
            leases.remove(lease);
        }
    }
}

impl Open {
    /// Whether it is the one that is asked for. Where any port will do, the one that it has got may be named as well.
    fn is_for(&self, tunnel: &LeaseTunnel) -> bool {
        let port = match &self.reached.begins {
            Begins::Tcp(address) => Some(address.port()),
            Begins::Unix(_) => None,
        };
        self.tunnel.kind == tunnel.kind && (tunnel.port == port || (tunnel.port == Some(0) && port.is_some()))
    }
}

/// Where the tunnels of a lease are opened.
struct Place<'a> {
    switch: &'a Switch,
    failures: &'a Arc<Failures>,
    destination: &'a Destination,
    way: &'a Path,
    metrics: &'a Arc<Metrics>,
}

impl Place<'_> {
    /// Has a tunnel's new connections go as what is fresh, and opens it where it isn't open, or not any more.
    fn take_on(&self, known: Option<Open>, fresh: Fresh, name: &str) -> (Option<Open>, Served) {
        let (kept, reached) = (known.is_some(), self.would_be(&fresh, name));
        let way = match (fresh.way, &known) {
            (Ok(way), _) => way,
            (Err(error), _) => {
                let reached = known.as_ref().map_or(reached, |open| open.reached.clone());
                return (known, Served { reached, kept, failure: Some(error) });
            }
        };
        match known {
            Some(open) if open.serving.is_there() => {
                open.road.take(way);
                let reached = open.reached.clone();
                (Some(open), Served { reached, kept, failure: None })
            }
            // Somebody has emptied the directory; what is connected goes on until there is a new one.
            known => match self.start(fresh.tunnel, fresh.spoken, way.clone(), name) {
                Ok(open) => {
                    let reached = open.reached.clone();
                    (Some(open), Served { reached, kept: false, failure: None })
                }
                Err(error) => {
                    if let Some(open) = &known {
                        open.road.take(way);
                    }
                    (known, Served { reached, kept, failure: Some(error) })
                }
            },
        }
    }

    /// Where clients look for it, open or not.
    fn would_be(&self, fresh: &Fresh, name: &str) -> Reached {
        let begins = match fresh.tunnel.port {
            Some(port) => Begins::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port))),
            None => Begins::Unix(self.way.join(name)),
        };
        Reached { kind: fresh.tunnel.kind.clone(), protocol: fresh.spoken.0.clone(), begins }
    }

    fn start(&self, tunnel: LeaseTunnel, (protocol, alpn): Spoken, fresh: Way, name: &str) -> Result<Open, Error> {
        let kind = tunnel.kind.clone();
        let (listener, begins) = match tunnel.port {
            Some(port) => {
                let listener = Listener::open(&Listen::Tcp((Ipv4Addr::LOCALHOST, port).into()));
                let listener = listener.map_err(|error| squatted(&kind, port, error))?;
                let begins = listener.begins().clone();
                (listener, begins)
            }
            None => (Listener::in_destination(self.destination, name)?, Begins::Unix(self.way.join(name))),
        };
        let to = match kind {
            TunnelKind::Database { .. } => TunnelTo::Database,
            TunnelKind::Application { .. } => TunnelTo::Application,
        };
        let road = Arc::new(Road::new(fresh));
        let upstream = Carrier::new(&road, alpn);
        let (traffic, failures) = (self.metrics.tunnel(to), Arc::clone(self.failures));
        let serving = Serving::start(self.switch, listener, kind.to_string(), failures, traffic, upstream);
        let serving = serving.map_err(|error| {
            Error::new(Code::Internal, format!("the tunnel to {kind} can't be served: {error}"), "report this")
        })?;
        Ok(Open { serving, road, alpn, tunnel, reached: Reached { kind, protocol, begins } })
    }
}

/// Clients of the lease know this port, so that no other one will do.
fn squatted(kind: &TunnelKind, port: u16, error: Error) -> Error {
    if port == 0 {
        return error;
    }
    Error::new(
        error.code(),
        format!("the tunnel to {kind}: {}", error.message()),
        format!(
            "another program has the port that the block's clients know: end it (`ss -ltnp 'sport = :{port}'` shows it), or \
             run the build again; sockets (without tcpPorts) can't be taken by others"
        ),
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
