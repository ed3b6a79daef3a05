//! The socket: who may connect, and how many.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::agent::{self, AgentKey, Keys};
use super::limits;
use super::link::Link;
use super::session;
use super::wire::refusal;
use crate::error::{Code, Error};
use crate::local::limits::{ENDING, REFUSED, REST};
use crate::local::peer::Client;
use crate::local::quota::{Permit, Quota, Share, lock};
use crate::local::threads::{Lane, Threads};
use crate::metrics::{Reason, Traffic};

/// What the sockets of one process share.
#[derive(Clone, Debug)]
pub struct Switch {
    places: Arc<Quota>,
    wide: Arc<Quota>,
    threads: Arc<Threads>,
    traffic: Traffic,
}

impl Switch {
    /// None is served yet; what is will be counted by `traffic`.
    #[must_use]
    pub fn new(traffic: Traffic) -> Self {
        let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(now, _)| now);
        Self {
            places: Quota::new(limits::sessions(descriptors)),
            wide: Quota::new(limits::WIDE),
            threads: Threads::new(),
            traffic,
        }
    }
}

/// What is said at a socket.
#[derive(Clone, Debug)]
pub enum Speech {
    /// A connection to a host, in our words.
    Own,
    /// The same in tbot's.
    Tbots,
    /// The protocol of an ssh-agent, by this key.
    Agent(Arc<AgentKey>),
}

/// A socket that is served until this is dropped; its sessions end then.
#[derive(Debug)]
pub struct Serving {
    shared: Arc<Shared>,
    _task: JoinSet<()>,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// The socket's directory, for messages.
    directory: PathBuf,
    /// Users that may connect.
    users: Vec<u32>,
    link: Mutex<Arc<Link>>,
    speech: Mutex<Speech>,
    /// An agent's key before the last renewal.
    before: Mutex<Option<Arc<AgentKey>>>,
    places: Arc<Share>,
    /// For clients that get no place, until they are told so.
    refused: Arc<Share>,
    wide: Arc<Share>,
    lane: Lane,
    traffic: Traffic,
}

impl Shared {
    pub(super) fn link(&self) -> Arc<Link> {
        Arc::clone(&lock(&self.link))
    }

    pub(super) fn speech(&self) -> Speech {
        lock(&self.speech).clone()
    }

    pub(super) fn agent_keys(&self) -> Option<Keys> {
        match self.speech() {
            Speech::Agent(fresh) => Some(Keys { fresh, before: lock(&self.before).clone() }),
            Speech::Own | Speech::Tbots => None,
        }
    }

    /// The right to a wide window.
    pub(super) fn wide(&self) -> Option<Permit> {
        self.wide.take()
    }

    pub(super) const fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Serving {
    /// Serves `listener`, which lies in `directory`, for `users` (numbers; root always may). Needs a runtime.
    ///
    /// # Errors
    /// When the runtime can't watch the socket.
    pub fn start(
        switch: &Switch,
        listener: StdListener,
        directory: &Path,
        users: Vec<u32>,
        link: Arc<Link>,
        speech: Speech,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let lane = switch.threads.lane();
        let listener = Listener { inner: Some(UnixListener::from_std(listener)?), lane: lane.clone() };
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            users,
            link: Mutex::new(link),
            speech: Mutex::new(speech),
            before: Mutex::default(),
            places: switch.places.share(),
            refused: Quota::new(REFUSED).share(),
            wide: switch.wide.share(),
            lane,
            traffic: switch.traffic.clone(),
        });
        let mut task = JoinSet::new();
        task.spawn(accept(Arc::clone(&shared), listener));
        Ok(Self { shared, _task: task })
    }

    /// Sessions that begin from now on go by `link`; those that are open stay where they are. An agent's next answer is
    /// `speech`'s.
    pub fn relink(&self, link: Arc<Link>, speech: Speech) {
        *lock(&self.shared.link) = link;
        if let Speech::Agent(before) = std::mem::replace(&mut *lock(&self.shared.speech), speech) {
            *lock(&self.shared.before) = Some(before);
        }
    }

    /// Ends it, and does `last`, which touches the socket's directory, on a thread that may be held up; waits for that
    /// a short while only.
    pub async fn end(self, last: impl FnOnce() + Send + 'static) {
        let lane = self.shared.lane.clone();
        drop(self);
        if timeout(ENDING, lane.ask(last)).await.is_err() {
            tracing::warn!("the name of a socket for SSH connections stays for now: its file system doesn't answer");
        }
    }
}

/// Clients may have put descriptors into connections that weren't accepted yet; they are closed with it.
#[derive(Debug)]
struct Listener {
    inner: Option<UnixListener>,
    lane: Lane,
}

impl Listener {
    async fn accept(&self) -> io::Result<UnixStream> {
        match &self.inner {
            Some(listener) => listener.accept().await.map(|(stream, _)| stream),
            None => std::future::pending().await,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(Ok(listener)) = self.inner.take().map(UnixListener::into_std) {
            self.lane.run(move || drop(listener));
        }
    }
}

async fn accept(shared: Arc<Shared>, listener: Listener) {
    let mut sessions = JoinSet::new();
    let mut refusing = false;
    loop {
        while sessions.try_join_next().is_some() {}
        // Whoever is refused needs a place, too: clients whose connection can't be closed might be any number.
        let Some(spare) = shared.refused.take() else {
            tokio::time::sleep(REST).await;
            continue;
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    let place = shared.admits(&stream).map(|user| shared.places.take_for(user));
                    refusing = shared.tell_full(refusing, matches!(place, Some(None)));
                    let client = |permit| Client::new(stream, shared.lane.clone(), permit);
                    match place {
                        Some(Some(place)) => {
                            let (shared, client) = (Arc::clone(&shared), client(place));
                            match shared.speech() {
                                Speech::Agent(_) => sessions.spawn(agent::run(shared, client)),
                                Speech::Own | Speech::Tbots => sessions.spawn(session::run(shared, client)),
                            };
                        }
                        Some(None) => {
                            shared.traffic.refused(Reason::Full);
                            shared.refuse(client(spare), &full());
                        }
                        None => {
                            shared.traffic.refused(Reason::User);
                            shared.refuse(client(spare), &foreign());
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(directory = %shared.directory.display(), "no SSH connection can be taken: {error}");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

fn full() -> Error {
    Error::new(
        Code::RequestInvalid,
        "no further SSH connection by this destination: it carries as many as it may beside the others of this machine",
        "end some, or make fewer at a time",
    )
}

fn foreign() -> Error {
    Error::new(
        Code::DestinationDenied,
        "no SSH connection for this user, who is no reader of the destination",
        "name the user as a reader",
    )
}

impl Shared {
    /// Only our own words have some for this.
    fn refuse(&self, client: Client, error: &Error) {
        if matches!(self.speech(), Speech::Own) {
            client.say(&refusal(&error.to_string()));
        }
    }

    /// The client's user, if it may connect. The socket's own permissions say the same; this holds where somebody
    /// widened them.
    fn admits(&self, stream: &UnixStream) -> Option<u32> {
        let user = match stream.peer_cred() {
            Ok(peer) => peer.uid(),
            Err(error) => {
                tracing::warn!("who connects can't be told: {error}");
                return None;
            }
        };
        let admitted = user == 0 || self.users.contains(&user);
        if !admitted {
            tracing::warn!(user, directory = %self.directory.display(), "a user that may not was refused an SSH connection");
        }
        admitted.then_some(user)
    }

    /// Says once that connections are refused, not for each.
    fn tell_full(&self, before: bool, now: bool) -> bool {
        if now && !before {
            let directory = self.directory.display();
            tracing::warn!(%directory, "SSH connections are refused: there are as many as there may be");
        }
        now
    }
}
