//! Sockets for `ssh`, one in each destination with an SSH configuration, while the engine stays open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::future::join_all;

use super::session::Session;
use crate::clock::SharedClock;
use crate::connect::{ClientCredential, Cluster, Connector, Route};
use crate::destination::{Destination, SocketName};
use crate::error::{Code, Error};
use crate::issue::RoleCertificate;
use crate::metrics::Traffic;
use crate::proxy::multiplex::{AgentKey, Alarm, Link, SOCKET, Serving, Speech, Switch};
use crate::vocabulary::sockets::{AGENT_SOCKET, TBOTS_SOCKET};

/// The sockets of an engine.
#[derive(Debug)]
pub(super) struct Multiplexers {
    on: AtomicBool,
    switch: Switch,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By their paths.
    sockets: HashMap<PathBuf, Socket>,
    /// By the certificate, PEM: leases that share it share the connection.
    links: HashMap<String, Known>,
}

/// A link that is kept as long as somebody uses it, or its certificate is there for the next lease.
#[derive(Debug)]
struct Known {
    link: Arc<Link>,
    certificate: Weak<RoleCertificate>,
    /// Where it got the way to the proxy from.
    session: Weak<Session>,
}

impl Known {
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.link) > 1
    }
}

/// A socket as it is wished for: whose it is, where, by which name, and by what its connections go.
#[derive(Clone, Copy)]
struct Wish<'a> {
    lease: &'a str,
    destination: &'a Destination,
    name: &'a str,
    link: &'a Arc<Link>,
}

#[derive(Debug)]
struct Socket {
    lease: String,
    name: Arc<SocketName>,
    serving: Serving,
}

impl Multiplexers {
    /// None yet; what will be carried is counted by `traffic`.
    pub(super) fn new(traffic: Traffic) -> Self {
        Self { on: AtomicBool::new(false), switch: Switch::new(traffic), state: Mutex::default() }
    }

    /// From now on the engine stays open, so that what it writes may rely on it.
    pub(super) fn switch_on(&self) {
        self.on.store(true, Ordering::Relaxed);
    }

    /// The way to the proxy for a role certificate, which tells `alarm` what comes of each
    /// connection; none when the engine doesn't stay, or the proxy doesn't carry SSH in gRPC.
    pub(super) fn link(
        &self,
        connector: &Connector,
        clock: &SharedClock,
        session: &Arc<Session>,
        certificate: &Arc<RoleCertificate>,
        alarm: &Arc<Alarm>,
    ) -> Result<Option<Arc<Link>>, Error> {
        if !self.on.load(Ordering::Relaxed) || !session.cluster.server_version.has_transport_service() {
            return Ok(None);
        }
        let pem = certificate.certificates.tls.as_str();
        let mut state = self.state();
        state.links.retain(|_, known| known.is_used() || known.certificate.strong_count() > 0);
        let is_current = |known: &&Known| known.is_used() || std::ptr::eq(known.session.as_ptr(), Arc::as_ptr(session));
        if let Some(known) = state.links.get(pem).filter(is_current) {
            return Ok(Some(Arc::clone(&known.link)));
        }
        let credential = ClientCredential::new(&certificate.key.pkcs8_der(), &certificate.certificates.tls)?;
        let cluster = Cluster { route: Route::Proxy(session.proxy.clone()), ..session.cluster.clone() };
        let host_cas = session.identity.authorities.root_host_cas().to_vec();
        let link = Link::new(connector.clone(), cluster, host_cas, credential, Arc::clone(clock), Arc::clone(alarm));
        let link = Arc::new(link);
        let known = Known {
            link: Arc::clone(&link),
            certificate: Arc::downgrade(certificate),
            session: Arc::downgrade(session),
        };
        state.links.insert(pem.to_owned(), known);
        Ok(Some(link))
    }

    /// Serves a lease's socket by `link`. False when there can be none; ssh then connects by itself. Needs a runtime, but
    /// may be held up by the directory's file system: nothing is locked meanwhile.
    pub(super) fn serve(&self, lease: &str, destination: &Destination, link: &Arc<Link>) -> bool {
        let served = self.serve_at(Wish { lease, destination, name: SOCKET, link }, Speech::Own);
        if let Err(reason) = &served {
            tracing::warn!(directory = %destination.path().display(), "no socket for SSH connections: {reason}");
        }
        served.is_ok()
    }

    /// Serves the sockets of tbot's service `ssh-multiplexer`, in the same way.
    ///
    /// # Errors
    /// When there can't be one of them: without it nobody connects.
    pub(super) fn serve_as_tbot(
        &self,
        lease: &str,
        destination: &Destination,
        link: &Arc<Link>,
        certificate: &RoleCertificate,
    ) -> Result<(), Error> {
        let key = Arc::new(AgentKey::new(&certificate.key, &certificate.certificates.ssh)?);
        let wish = Wish { lease, destination, name: TBOTS_SOCKET, link };
        self.serve_at(wish, Speech::Tbots)?;
        self.serve_at(Wish { name: AGENT_SOCKET, ..wish }, Speech::Agent(key))
    }

    fn serve_at(&self, wish: Wish<'_>, speech: Speech) -> Result<(), Error> {
        let path = wish.destination.path().join(wish.name);
        if self.name(wish.lease, &path).is_some_and(|name| name.is_there())
            && let Some(socket) = self.state().sockets.get(&path)
        {
            socket.serving.relink(Arc::clone(wish.link), speech);
            return Ok(());
        }
        let started = self.start(wish, speech);
        let mut state = self.state();
        let (replaced, served) = match started {
            Ok(socket) => {
                tracing::debug!(socket = %path.display(), "serving SSH connections");
                (state.sockets.insert(path, socket), Ok(()))
            }
            Err(error) => (state.sockets.remove(&path), Err(error)),
        };
        drop(state);
        drop(replaced);
        served
    }

    fn name(&self, lease: &str, path: &Path) -> Option<Arc<SocketName>> {
        let state = self.state();
        state.sockets.get(path).filter(|socket| socket.lease == lease).map(|socket| Arc::clone(&socket.name))
    }

    fn start(&self, wish: Wish<'_>, speech: Speech) -> Result<Socket, Error> {
        let Wish { lease, destination, name, link } = wish;
        let (listener, name) = destination.listen(name)?;
        let mut users = destination.readers();
        users.push(nix::unistd::geteuid().as_raw());
        let serving = Serving::start(&self.switch, listener, destination.path(), users, Arc::clone(link), speech);
        let serving = serving.map_err(|error| {
            Error::new(Code::Internal, format!("a socket for SSH connections can't be served: {error}"), "report this")
        })?;
        Ok(Socket { lease: lease.to_owned(), name: Arc::new(name), serving })
    }

    /// Ends a lease's sockets and their sessions.
    pub(super) async fn withdraw(&self, lease: &str) {
        self.end(|socket| socket.lease == lease).await;
    }

    /// Ends all of them.
    pub(super) async fn withdraw_all(&self) {
        self.end(|_| true).await;
    }

    async fn end(&self, which: impl Fn(&Socket) -> bool) {
        let ended: Vec<_> = self.state().sockets.extract_if(|_, socket| which(socket)).collect();
        // A destination that stays would otherwise keep a socket behind which nobody is.
        let all = ended.into_iter().map(|(_, Socket { name, serving, .. })| serving.end(move || name.remove()));
        join_all(all).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
