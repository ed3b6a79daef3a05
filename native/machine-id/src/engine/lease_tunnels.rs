//! Databases and applications of leases: listeners that live as long as the lease, and whose connections go as what was
//! issued for it last.
//!
//! A lease has its listeners once in a process, however many engines hold it: a changed configuration is an engine of its own,
//! and takes a block's ports and sockets on from the one before, with their connections.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::lease_road::{Carrier, Road, Way};
use crate::config::{LeaseTunnel, TunnelKind};
use crate::connect::Alpn;
use crate::destination::{self, Destination};
use crate::error::{Code, Error};
use crate::local::quota::lock;
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
    /// The engines that have the lease, those included that are about to open its tunnels.
    holders: Mutex<BTreeSet<u64>>,
    open: tokio::sync::Mutex<Vec<Open>>,
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
        let spoken = |open: &Open| (open.tunnel.kind.clone(), (open.reached.protocol.clone(), open.alpn));
        lease.open.lock().await.iter().map(spoken).collect()
    }

    /// Why connections of a lease failed, each cause once.
    pub(super) fn failures(&self, lease: &str) -> Vec<String> {
        self.shared.find(lease).map(|lease| lease.failures.all()).unwrap_or_default()
    }

    /// Tells something of a lease's tunnel where their failures are told.
    pub(super) fn tell(&self, lease: &str, tunnel: &TunnelKind, what: &str) {
        self.shared.entry(lease).failures.add(&tunnel.to_string(), what);
    }

    /// Opens the tunnels of a lease in its directory; new connections of those that are open go as what is fresh. Needs a
    /// runtime, and blocks. `again`: the lease is in use, and what is well of it goes on beside what fails.
    ///
    /// # Errors
    /// When one can't be opened for a lease that isn't in use yet, or this engine has let go of the lease meanwhile: none is then.
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
        // From here on no other engine ends what is opened.
        let mut new = lock(&entry.holders).insert(self.holder);
        let mut held = entry.open.blocking_lock();
        while !self.shared.has(lease, &entry) {
            drop(held);
            entry = self.shared.entry(lease);
            new = lock(&entry.holders).insert(self.holder);
            held = entry.open.blocking_lock();
        }
        let again = again || !held.is_empty();
        let place = Place { switch: &self.shared.switch, failures: &entry.failures, destination, way: &way, metrics };
        let mut before = std::mem::take(&mut *held);
        let (mut served, mut failed) = (Vec::with_capacity(fresh.len()), None);
        for (fresh, name) in fresh.into_iter().zip(names) {
            let known = before.iter().position(|open| open.is_for(&fresh.tunnel)).map(|at| before.swap_remove(at));
            let (open, one) = place.take_on(known, fresh, &name);
            held.extend(open);
            failed = failed.or_else(|| one.failure.clone());
            served.push(one);
        }
        let mut holders = lock(&entry.holders);
        let failed = failed.filter(|_| !again);
        if failed.is_some() {
            held.clear();
            if new {
                holders.remove(&self.holder);
            }
        }
        let let_go = || Error::new(Code::Cancelled, format!("lease {lease} was released"), "");
        let failed = failed.or_else(|| (!holders.contains(&self.holder)).then(let_go));
        if failed.is_some() && holders.is_empty() {
            held.clear();
            self.shared.forget(lease, &entry);
        }
        failed.map_or(Ok(served), Err)
    }

    /// Ends a lease's tunnels and their connections, unless another engine of this process still has the lease.
    pub(super) async fn withdraw(&self, lease: &str) {
        let Some(entry) = self.shared.find(lease) else { return };
        if !self.let_go(lease, &entry) {
            return;
        }
        // What is being made on a disk that hangs ends with whoever makes it: nobody has it any more.
        let Ok(mut held) = timeout(PATIENCE, entry.open.lock()).await else { return };
        if !lock(&entry.holders).is_empty() {
            return;
        }
        let ended = std::mem::take(&mut *held);
        drop(held);
        join_all(ended.into_iter().map(|open| open.serving.end())).await;
    }

    /// Ends all that no other engine has.
    pub(super) async fn withdraw_all(&self) {
        let leases: Vec<_> = lock(&self.shared.leases).keys().cloned().collect();
        join_all(leases.iter().map(|lease| self.withdraw(lease))).await;
    }

    /// This engine doesn't have the lease any more; whether none has it now, and whoever takes it again has another entry.
    fn let_go(&self, lease: &str, entry: &Arc<Lease>) -> bool {
        let mut holders = lock(&entry.holders);
        holders.remove(&self.holder);
        if holders.is_empty() {
            self.shared.forget(lease, entry);
        }
        holders.is_empty()
    }
}

/// An engine that isn't closed has nothing, either. Whoever writes for one of its leases has this, too: it is dropped after
/// that.
impl Drop for LeaseTunnels {
    fn drop(&mut self) {
        let leases: Vec<_> =
            lock(&self.shared.leases).iter().map(|(lease, entry)| (lease.clone(), Arc::clone(entry))).collect();
        for (lease, entry) in leases {
            self.let_go(&lease, &entry);
        }
    }
}

impl Shared {
    fn find(&self, lease: &str) -> Option<Arc<Lease>> {
        lock(&self.leases).get(lease).cloned()
    }

    fn entry(&self, lease: &str) -> Arc<Lease> {
        Arc::clone(lock(&self.leases).entry(lease.to_owned()).or_default())
    }

    /// Whether it is that of the lease; else it is over.
    fn has(&self, lease: &str, entry: &Arc<Lease>) -> bool {
        lock(&self.leases).get(lease).is_some_and(|known| Arc::ptr_eq(known, entry))
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
        let way = match fresh.way {
            Ok(way) => way,
            Err(error) => {
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
                let listener = Listener::of_clients(port).map_err(|error| {
                    Error::new(error.code(), format!("the tunnel to {kind}: {}", error.message()), error.hint())
                })?;
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
