//! Tunnels to databases and applications, while the engine stays open.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::applications::Directory;
use super::bot::Bot;
use super::issuing;
use super::known::{self, Asked};
use super::session::Session;
use super::tunnel_road::{OPENING, Road, Wish};
use crate::blocking::{self, Lane};
use crate::config::{Leads, Listen, TunnelConfig, TunnelKind};
use crate::error::{Code, Error};
use crate::issue::{Scope, Seen, Target};
use crate::metrics::TunnelTo;
use crate::tunnel::{Begins, Listener, Reached, Serving, Switch};

/// A tunnel that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelRequest {
    /// The lease whose end ends it, or a name of its own.
    pub lease: String,
    /// Id of the identity.
    pub identity: String,
    /// Roles; empty: those configured, or all that the bot may take.
    pub roles: Vec<String>,
    /// Wished lifetime of its certificates; none: the identity's.
    pub ttl: Option<Duration>,
    /// Where it leads to.
    pub leads: Leads,
    /// Where it begins.
    pub listen: Listen,
}

/// A tunnel that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// To one database or application.
    Tunnel(Reached),
    /// A proxy to all applications that the roles see.
    Proxy(Begins),
}

impl TunnelRequest {
    /// A tunnel of a configuration, for `lease`.
    #[must_use]
    pub fn of_config(lease: &str, identity: &str, tunnel: &TunnelConfig) -> Self {
        Self {
            lease: lease.to_owned(),
            identity: identity.to_owned(),
            roles: tunnel.roles.clone(),
            ttl: tunnel.ttl,
            leads: tunnel.leads.clone(),
            listen: tunnel.listen.clone(),
        }
    }
}

/// The tunnels of an engine.
#[derive(Debug)]
pub(super) struct Tunnels {
    switch: Switch,
    open: Mutex<Vec<Open>>,
}

#[derive(Debug)]
struct Open {
    lease: String,
    serving: Serving,
    /// Whose certificates are forgotten with it.
    bot: Arc<Bot>,
    scope: Scope,
}

/// What is known of a tunnel before anybody can connect.
struct Opening<'a> {
    switch: &'a Switch,
    bot: &'a Arc<Bot>,
    wish: Wish,
    listen: &'a Listen,
}

impl Tunnels {
    /// None yet. `switch` is what all tunnels of the process below one root share.
    pub(super) fn new(switch: Switch) -> Self {
        Self { switch, open: Mutex::default() }
    }

    /// Opens one: what it leads to is looked up and a certificate is there before anybody can connect.
    pub(super) async fn open(&self, bot: &Arc<Bot>, request: TunnelRequest) -> Result<Opened, Error> {
        let what = request.leads.to_string();
        let opened = tokio::time::timeout(OPENING, self.open_now(bot, request)).await;
        opened.unwrap_or_else(|_| {
            let message = format!("opening the tunnel to {what} took longer than {} s", OPENING.as_secs());
            Err(Error::new(Code::DeadlineExceeded, message, "check that the cluster can be reached from this machine"))
        })
    }

    async fn open_now(&self, bot: &Arc<Bot>, request: TunnelRequest) -> Result<Opened, Error> {
        let scope = scope_of(&request);
        let TunnelRequest { lease, identity, roles, ttl, leads, listen } = request;
        let wish = Wish { identity, roles, ttl, scope: scope.clone() };
        let opening = Opening { switch: &self.switch, bot, wish, listen: &listen };
        let (serving, opened) = match leads {
            Leads::To(kind) => opening.tunnel(kind).await?,
            Leads::Applications => opening.proxy().await?,
        };
        self.all().push(Open { lease, serving, bot: Arc::clone(bot), scope: Scope::Build(scope) });
        Ok(opened)
    }

    /// Ends a lease's tunnels and their connections.
    pub(super) async fn withdraw(&self, lease: &str) {
        self.end(|open| open.lease == lease).await;
    }

    /// Ends all of them.
    pub(super) async fn withdraw_all(&self) {
        self.end(|_| true).await;
    }

    async fn end(&self, which: impl Fn(&Open) -> bool) {
        let ended: Vec<_> = self.all().extract_if(.., |open| which(open)).collect();
        join_all(ended.into_iter().map(|open| {
            open.bot.cache.forget_scope(&open.scope);
            open.serving.end()
        }))
        .await;
    }

    fn all(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opening<'_> {
    async fn tunnel(self, kind: TunnelKind) -> Result<(Serving, Opened), Error> {
        let seen = Arc::new(Seen::default());
        let (request, target) = (self.wish.request(), Target::of_tunnel(&kind));
        let (session, certificate) = issuing::for_connection(self.bot, &request, &target, &seen).await?;
        let tls = &certificate.facts.tls;
        let asked = Asked { bot: self.bot, session: &session, roles: &tls.subject.roles, seen: &seen };
        let (protocol, alpn) = known::spoken(asked, &kind, tls).await?;
        tell_doubts(self.bot, &session, &kind, &protocol, &tls.subject.roles, &seen);
        let road = Road::new(self.bot, &self.wish, &kind, alpn);
        let listener = self.listener().await?;
        let begins = listener.begins().clone();
        let to = match kind {
            TunnelKind::Database { .. } => TunnelTo::Database,
            TunnelKind::Application { .. } => TunnelTo::Application,
        };
        let traffic = self.bot.metrics.tunnel(to);
        let serving = Serving::start(self.switch, listener, kind.to_string(), Arc::default(), traffic, road);
        let serving = serving.map_err(|error| unserved(&kind, &error))?;
        Ok((serving, Opened::Tunnel(Reached { kind, protocol, begins })))
    }

    async fn proxy(self) -> Result<(Serving, Opened), Error> {
        let directory = Arc::new(Directory::new(self.bot, self.wish.clone()));
        directory.look().await?;
        let listener = self.listener().await?;
        let begins = listener.begins().clone();
        let traffic = self.bot.metrics.tunnel(TunnelTo::Applications);
        let serving = Serving::start_proxy(self.switch, listener, traffic, directory);
        let serving = serving.map_err(|error| unserved(&Leads::Applications, &error))?;
        Ok((serving, Opened::Proxy(begins)))
    }

    async fn listener(&self) -> Result<Listener, Error> {
        let at = self.listen.clone();
        blocking::run(Lane::Leases, move || Listener::open(&at)).await?
    }
}

fn unserved(what: &dyn std::fmt::Display, error: &io::Error) -> Error {
    Error::new(Code::Internal, format!("the tunnel to {what} can't be served: {error}"), "report this")
}

/// Says what the roles don't allow; nobody waits for it.
fn tell_doubts(
    bot: &Arc<Bot>,
    session: &Arc<Session>,
    kind: &TunnelKind,
    protocol: &str,
    roles: &[String],
    seen: &Arc<Seen>,
) {
    let TunnelKind::Database { username, database, .. } = kind.clone() else { return };
    let (bot, session, roles, seen) = (Arc::clone(bot), Arc::clone(session), roles.to_vec(), Arc::clone(seen));
    let (what, protocol) = (kind.to_string(), protocol.to_owned());
    tokio::spawn(async move {
        let asked = Asked { bot: &bot, session: &session, roles: &roles, seen: &seen };
        match known::doubts(asked, (&username, &database), &protocol).await {
            Ok(doubts) => doubts.iter().for_each(|doubt| tracing::warn!("tunnel to {what}: {doubt}")),
            Err(error) => tracing::debug!("what the roles allow at {what} can't be found out: {error}"),
        }
    });
}

/// Each tunnel has certificates of its own: users of one machine don't share what they are counted and locked by.
fn scope_of(request: &TunnelRequest) -> String {
    format!("{} {:?}", request.lease, request.listen)
}
