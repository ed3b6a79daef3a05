//! Tunnels to databases and applications, while the engine stays open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use super::bot::Bot;
use super::issuing;
use super::known::{self, Asked};
use super::lease_request::LeaseRequest;
use super::session::Session;
use crate::blocking::{self, Lane};
use crate::config::{Listen, Scope as WishedScope, TunnelConfig, TunnelKind};
use crate::connect::{Alpn, ClientCredential, Cluster, Route, RoutedStream};
use crate::error::{Code, Error};
use crate::issue::{RoleCertificate, Scope, Seen, Target};
use crate::metrics::TunnelTo;
use crate::tunnel::{Listener, Reached, Serving, Switch, Upstream};

/// How long finding out what a tunnel leads to, and its first certificate, may take.
const OPENING: Duration = Duration::from_secs(60);

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
    pub kind: TunnelKind,
    /// Where it begins.
    pub listen: Listen,
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
            kind: tunnel.kind.clone(),
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

impl Tunnels {
    /// None yet. `switch` is what all tunnels of the process below one root share.
    pub(super) fn new(switch: Switch) -> Self {
        Self { switch, open: Mutex::default() }
    }

    /// Opens one: what it leads to is looked up and a certificate is there before anybody can connect.
    pub(super) async fn open(&self, bot: &Arc<Bot>, request: TunnelRequest) -> Result<Reached, Error> {
        let what = request.kind.to_string();
        let opened = tokio::time::timeout(OPENING, self.open_now(bot, request)).await;
        opened.unwrap_or_else(|_| {
            let message = format!("opening the tunnel to {what} took longer than {} s", OPENING.as_secs());
            Err(Error::new(Code::DeadlineExceeded, message, "check that the cluster can be reached from this machine"))
        })
    }

    async fn open_now(&self, bot: &Arc<Bot>, request: TunnelRequest) -> Result<Reached, Error> {
        let TunnelRequest { lease, kind, listen, .. } = &request;
        let road = Road::new(bot, &request);
        let seen = Arc::new(Seen::default());
        let (session, certificate) = issuing::for_connection(bot, &road.request, &road.target, &seen).await?;
        let tls = &certificate.facts.tls;
        let asked = Asked { bot, session: &session, roles: &tls.subject.roles, seen: &seen };
        let (protocol, alpn) = known::spoken(asked, kind, tls).await?;
        tell_doubts(bot, &session, kind, &protocol, &tls.subject.roles, &seen);
        let road = Road { alpn: Some(alpn), ..road };
        let at = listen.clone();
        let listener = blocking::run(Lane::Leases, move || Listener::open(&at)).await??;
        let begins = listener.begins().clone();
        let to = match kind {
            TunnelKind::Database { .. } => TunnelTo::Database,
            TunnelKind::Application { .. } => TunnelTo::Application,
        };
        let traffic = bot.metrics.tunnel(to);
        let serving = Serving::start(&self.switch, listener, kind.to_string(), Arc::default(), traffic, road).map_err(
            |error| Error::new(Code::Internal, format!("the tunnel to {kind} can't be served: {error}"), "report this"),
        )?;
        let scope = Scope::Build(scope_of(&request));
        self.all().push(Open { lease: lease.clone(), serving, bot: Arc::clone(bot), scope });
        Ok(Reached { kind: kind.clone(), protocol, begins })
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

/// Each tunnel has a certificate of its own: users of one machine don't share what they are counted and locked by.
fn scope_of(request: &TunnelRequest) -> String {
    format!("{} {:?}", request.lease, request.listen)
}

/// The way of a tunnel's connections.
struct Road {
    bot: Arc<Bot>,
    /// What its certificates are asked for by: no lease of the table.
    request: LeaseRequest,
    target: Target,
    /// None until it is known what is spoken.
    alpn: Option<Alpn>,
    latest: Mutex<Option<(Arc<RoleCertificate>, ClientCredential)>>,
}

impl Road {
    fn new(bot: &Arc<Bot>, request: &TunnelRequest) -> Self {
        let target = Target::of_tunnel(&request.kind);
        let request = LeaseRequest {
            lease: scope_of(request),
            identity: request.identity.clone(),
            roles: request.roles.clone(),
            ttl: request.ttl,
            placements: Vec::new(),
            standing: false,
            portable: false,
            scope: WishedScope::Build,
            deadline: OPENING,
            route_to_cluster: None,
            tunnels: Vec::new(),
            given: false,
        };
        Self { bot: Arc::clone(bot), request, target, alpn: None, latest: Mutex::default() }
    }

    async fn certificate(&self) -> Result<(Arc<Session>, Arc<RoleCertificate>), Error> {
        issuing::for_connection(&self.bot, &self.request, &self.target, &Arc::default()).await
    }

    /// Made once for each certificate.
    fn credential(&self, certificate: &Arc<RoleCertificate>) -> Result<ClientCredential, Error> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, credential)) = latest.as_ref()
            && Arc::ptr_eq(known, certificate)
        {
            return Ok(credential.clone());
        }
        let credential = ClientCredential::new(&certificate.key.pkcs8_der(), &certificate.certificates.tls)?;
        *latest = Some((Arc::clone(certificate), credential.clone()));
        Ok(credential)
    }

    /// A certificate says nothing of a lock that came after it; the auth server does.
    async fn why(&self) -> Option<Error> {
        let mut error = self.ask().await?;
        // The connection to the auth server may have gone the same way.
        if error.code() == Code::ClusterUnreachable {
            error = self.ask().await?;
        }
        if error.code() != Code::BotLocked {
            return None;
        }
        self.refused();
        Some(error)
    }

    /// What the auth server has against us.
    async fn ask(&self) -> Option<Error> {
        let session = match self.bot.session().await {
            Ok(session) => session,
            Err(error) => return Some(error),
        };
        let error = Error::from(session.client.ping().await.err()?);
        self.bot.failed(&session, &error).await;
        Some(error)
    }

    async fn stream(&self) -> Result<RoutedStream, Error> {
        let (session, certificate) = self.certificate().await?;
        let credential = self.credential(&certificate)?;
        let cluster = Cluster { route: Route::Proxy(session.proxy.clone()), ..session.cluster.clone() };
        let host_cas = session.identity.authorities.root_host_cas();
        let alpn = self.alpn.unwrap_or(Alpn::of_application(""));
        Ok(self.bot.connector.routed(&cluster, host_cas, &credential, alpn).await?)
    }
}

impl Upstream for Road {
    fn open(&self) -> BoxFuture<'_, Result<RoutedStream, Error>> {
        Box::pin(self.stream())
    }

    fn refused(&self) {
        self.bot.cache.forget_scope(&Scope::Build(self.request.lease.clone()));
    }

    fn why_ended(&self) -> BoxFuture<'_, Option<Error>> {
        Box::pin(self.why())
    }
}
