//! The way of the connections of a configuration's tunnels: as a certificate that is fresh when they are made.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;

use super::bot::Bot;
use super::issuing;
use super::lease_request::LeaseRequest;
use super::session::Session;
use crate::config::{Scope as WishedScope, TunnelKind};
use crate::connect::{Alpn, ClientCredential, Cluster, Route, RoutedStream};
use crate::error::{Code, Error};
use crate::issue::{RoleCertificate, Scope, Seen, Target};
use crate::local::quota::lock;
use crate::tunnel::Upstream;

/// How long finding out what a tunnel leads to, and its first certificate, may take.
pub(super) const OPENING: Duration = Duration::from_secs(60);

/// As what the connections of a tunnel go.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// Id of the identity.
    pub(super) identity: String,
    /// Roles; empty: those configured, or all that the bot may take.
    pub(super) roles: Vec<String>,
    /// Wished lifetime of its certificates; none: the identity's.
    pub(super) ttl: Option<Duration>,
    /// Whose certificates they are: users of one machine don't share what they are counted and locked by.
    pub(super) scope: String,
}

impl Wish {
    /// What certificates are asked for by: no lease of the table.
    pub(super) fn request(&self) -> LeaseRequest {
        LeaseRequest {
            lease: self.scope.clone(),
            identity: self.identity.clone(),
            roles: self.roles.clone(),
            ttl: self.ttl,
            placements: Vec::new(),
            standing: false,
            portable: false,
            scope: WishedScope::Build,
            deadline: OPENING,
            route_to_cluster: None,
            tunnels: Vec::new(),
            given: false,
        }
    }
}

/// The way of a tunnel's connections.
pub(super) struct Road {
    bot: Arc<Bot>,
    request: LeaseRequest,
    target: Target,
    alpn: Alpn,
    latest: Mutex<Option<(Arc<RoleCertificate>, ClientCredential)>>,
}

impl Road {
    pub(super) fn new(bot: &Arc<Bot>, wish: &Wish, kind: &TunnelKind, alpn: Alpn) -> Self {
        let (request, target) = (wish.request(), Target::of_tunnel(kind));
        Self { bot: Arc::clone(bot), request, target, alpn, latest: Mutex::default() }
    }

    async fn certificate(&self) -> Result<(Arc<Session>, Arc<RoleCertificate>), Error> {
        issuing::for_connection(&self.bot, &self.request, &self.target, &Arc::<Seen>::default()).await
    }

    /// Made once for each certificate.
    fn credential(&self, certificate: &Arc<RoleCertificate>) -> Result<ClientCredential, Error> {
        let mut latest = lock(&self.latest);
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
        Ok(self.bot.connector.routed(&cluster, host_cas, &credential, self.alpn).await?)
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

    fn valid_until(&self) -> BoxFuture<'_, Result<Option<SystemTime>, Error>> {
        Box::pin(async { self.certificate().await.map(|(_, certificate)| Some(certificate.expires_at)) })
    }
}
