//! Taking connections, and having them carried.

use std::io;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::client::Client;
use super::far::{Far, Upstream};
use super::forward::{Applications, Forward};
use super::limits::connections;
use super::listener::{Inner, Listener};
use super::tell::{Failures, Teller};
use crate::destination::SocketName;
use crate::local::limits::{ENDING, REFUSED, REST};
use crate::local::quota::{Permit, Quota, Share};
use crate::local::threads::{Lane, Threads};
use crate::metrics::{Reason, Traffic};

/// What is done with each connection to a listener.
pub(super) trait Service: Send + Sync + 'static {
    /// Serves a client to its end.
    fn serve(&self, client: Client) -> BoxFuture<'_, ()>;
}

/// What the tunnels of one process share.
#[derive(Clone, Debug)]
pub struct Switch {
    places: Arc<Quota>,
    threads: Arc<Threads>,
}

impl Default for Switch {
    fn default() -> Self {
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(now, _)| now);
        Self { places: Quota::new(connections(descriptors)), threads: Threads::new() }
    }
}

/// A tunnel that is served until this is dropped; its connections end then.
#[derive(Debug)]
pub struct Serving {
    lane: Lane,
    name: Option<SocketName>,
    task: JoinSet<()>,
}

struct Shared {
    service: Box<dyn Service>,
    teller: Arc<Teller>,
    /// Users that may connect to a Unix socket; root always may.
    users: Vec<u32>,
    places: Arc<Share>,
    /// For clients that get no place, until they are gone.
    refused: Arc<Share>,
    lane: Lane,
    traffic: Traffic,
}

impl Serving {
    /// Serves `listener`, counted by `traffic`; `leads_to` names its far end for messages, which the log and `failures` are
    /// told. Needs a runtime.
    ///
    /// # Errors
    /// When the runtime can't watch the listener.
    pub fn start(
        switch: &Switch,
        listener: Listener,
        leads_to: String,
        failures: Arc<Failures>,
        traffic: Traffic,
        upstream: impl Upstream,
    ) -> io::Result<Self> {
        let teller = Arc::new(Teller::new(leads_to, failures));
        let far = Far::new(Box::new(upstream), Arc::clone(&teller), traffic.clone());
        Self::of(switch, listener, teller, traffic, Box::new(far))
    }

    /// Serves `listener` as an HTTP proxy that leads to `applications`, counted by `traffic`. Needs a runtime.
    ///
    /// # Errors
    /// When the runtime can't watch the listener.
    pub fn start_proxy(
        switch: &Switch,
        listener: Listener,
        traffic: Traffic,
        applications: Arc<dyn Applications>,
    ) -> io::Result<Self> {
        let teller = Arc::new(Teller::new("applications".to_owned(), Arc::default()));
        let forward = Forward::new(applications, Arc::clone(&teller), traffic.clone());
        Self::of(switch, listener, teller, traffic, Box::new(forward))
    }

    fn of(
        switch: &Switch,
        listener: Listener,
        teller: Arc<Teller>,
        traffic: Traffic,
        service: Box<dyn Service>,
    ) -> io::Result<Self> {
        let lane = switch.threads.lane();
        let (door, name, users) = match listener.inner {
            Inner::Tcp(listener) => (Door::Tcp(TcpListener::from_std(listener)?), None, Vec::new()),
            Inner::Unix { listener, name, users } => {
                listener.set_nonblocking(true)?;
                let inner = Some(UnixListener::from_std(listener)?);
                (Door::Unix(Waiting { inner, lane: lane.clone() }), Some(name), users)
            }
        };
        let shared = Arc::new(Shared {
            service,
            teller,
            users,
            places: switch.places.share(),
            refused: Quota::new(REFUSED).share(),
            lane: lane.clone(),
            traffic,
        });
        let mut task = JoinSet::new();
        task.spawn(accept(shared, door));
        Ok(Self { lane, name, task })
    }

    /// Whether clients still find it: somebody may have emptied its directory. Blocks.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.name.as_ref().is_none_or(SocketName::is_there)
    }

    /// Ends it with all of its connections, and takes the name of its socket away.
    pub async fn end(mut self) {
        self.task.shutdown().await;
        let Some(name) = self.name else { return };
        if timeout(ENDING, self.lane.ask(move || name.remove())).await.is_err() {
            tracing::warn!("the name of a tunnel's socket stays for now: its file system doesn't answer");
        }
    }
}

enum Door {
    Tcp(TcpListener),
    Unix(Waiting),
}

enum Arrived {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Door {
    async fn accept(&self) -> io::Result<Arrived> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Arrived::Tcp(stream)),
            Self::Unix(Waiting { inner: Some(listener), .. }) => {
                listener.accept().await.map(|(stream, _)| Arrived::Unix(stream))
            }
            Self::Unix(_) => std::future::pending().await,
        }
    }
}

/// Clients may have put descriptors into connections that weren't accepted yet; they are closed with it.
struct Waiting {
    inner: Option<UnixListener>,
    lane: Lane,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(Ok(listener)) = self.inner.take().map(UnixListener::into_std) {
            self.lane.run(move || drop(listener));
        }
    }
}

async fn accept(shared: Arc<Shared>, door: Door) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        // Whoever is refused needs a place, too: clients whose connection can't be closed might be any number.
        let Some(spare) = shared.refused.take() else {
            tokio::time::sleep(REST).await;
            continue;
        };
        tokio::select! {
            accepted = door.accept() => match accepted {
                Ok(arrived) => if let Some(client) = shared.admit(arrived, spare) {
                    connections.spawn(run(Arc::clone(&shared), client));
                },
                Err(error) => {
                    shared.teller.failed("no connection can be taken", &error);
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Shared {
    fn admit(&self, arrived: Arrived, spare: Permit) -> Option<Client> {
        const FULL: &str = "there are as many as there may be beside the others of this machine";
        match arrived {
            Arrived::Tcp(stream) => match self.places.take() {
                Some(place) => Some(Client::tcp(stream, place)),
                None => {
                    self.turned_away(Reason::Full, &FULL);
                    Client::tcp(stream, spare).reset();
                    None
                }
            },
            Arrived::Unix(stream) => {
                let user = client_of(&stream);
                let client = |permit| Client::unix(stream, self.lane.clone(), permit);
                let user = match user {
                    Ok(user) if user == 0 || self.users.contains(&user) => user,
                    Ok(user) => {
                        self.turned_away(Reason::User, &format!("user {user} may not connect"));
                        drop(client(spare));
                        return None;
                    }
                    Err(error) => {
                        self.turned_away(Reason::User, &error);
                        drop(client(spare));
                        return None;
                    }
                };
                let place = self.places.take_for(user);
                let Some(place) = place else {
                    self.turned_away(Reason::Full, &FULL);
                    // On the threads for clients: what it has queued may block whoever closes it.
                    drop(client(spare));
                    return None;
                };
                Some(client(place))
            }
        }
    }
}

impl Shared {
    fn turned_away(&self, reason: Reason, why: &dyn std::fmt::Display) {
        self.traffic.refused(reason);
        self.teller.failed("a connection was refused", &why);
    }
}

/// The socket's own permissions say the same; this holds where somebody widened them.
fn client_of(stream: &UnixStream) -> io::Result<u32> {
    stream.peer_cred().map(|peer| peer.uid())
}

async fn run(shared: Arc<Shared>, client: Client) {
    shared.service.serve(client).await;
}
