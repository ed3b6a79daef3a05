//! Finding out what listens at the configured address, and recognising it.

use teleport_api::auth::auth_service_client::AuthServiceClient;

use crate::config::AddressKind;
use crate::connect::auth::client::{self, Ping};
use crate::connect::auth::rest;
use crate::connect::error::{ConnectError, Refusal, SetUpError, TransportError, TrustError};
use crate::connect::grpc::connection::GrpcConnection;
use crate::connect::grpc::status::Call;
use crate::connect::net::address::Address;
use crate::connect::net::http as http1;
use crate::connect::route::cluster::{AuthRoute, ClockDifference, Cluster, Route};
use crate::connect::route::connector::Connector;
use crate::connect::route::facts;
use crate::connect::route::facts::ProxyFacts;
use crate::connect::tls::pin;
use crate::connect::tls::trust::{self, Trust};
use crate::connect::words;
use crate::version::Version;

/// An auth server that pins have recognised.
pub(in crate::connect) struct Pinned {
    /// Its host CAs, PEM, all of them pinned.
    pub(in crate::connect) host_cas: Vec<String>,
    /// Its version, as told on a connection that they verify.
    pub(in crate::connect) server_version: Version,
}

/// The port that auth servers have by default.
const AUTH_PORT: u16 = 3025;

impl Connector {
    /// Finds the cluster: by a proxy's discovery over verified TLS, or an auth server recognised by CA pin or CA
    /// (protocol A and B2). What is configured as an auth server may be a proxy: both are tried.
    ///
    /// # Errors
    /// Why the address can't be used, naming both attempts where two were made.
    pub async fn discover(&self) -> Result<Cluster, ConnectError> {
        self.discover_again(&[]).await
    }

    /// As [`Connector::discover`], for who has been a member: an auth server is recognised by `host_cas`, the host CAs
    /// (PEM) as last seen, before pins are asked. Pins and a CA are for the first contact (protocol B2), and a rotation
    /// makes them stale.
    ///
    /// # Errors
    /// As [`Connector::discover`].
    pub async fn discover_again(&self, host_cas: &[String]) -> Result<Cluster, ConnectError> {
        self.forget_web_trust();
        if self.kind() == AddressKind::Proxy {
            return self.discover_proxy().await;
        }
        let likely_auth = self.address().port == AUTH_PORT;
        let first = if likely_auth { self.discover_auth(host_cas).await } else { self.discover_proxy().await };
        let first = match first {
            Err(error) if leaves_a_doubt(&error) => error,
            result => return result,
        };
        tracing::debug!(%first, "not reachable that way, trying the other");
        let second = if likely_auth { self.discover_proxy().await } else { self.discover_auth(host_cas).await };
        let second = match second {
            Err(error) if !matches!(error, ConnectError::Trust(TrustError::PinMismatch { .. })) => error,
            result => return result,
        };
        let (as_auth, as_proxy) = if likely_auth { (first, second) } else { (second, first) };
        Err(ConnectError::Neither {
            address: self.address().to_string(),
            likely_auth,
            as_proxy: Box::new(as_proxy),
            as_auth: Box::new(as_auth),
        })
    }

    async fn discover_proxy(&self) -> Result<Cluster, ConnectError> {
        let address = self.address();
        let ask = self.ask_web(address, "/webapi/find");
        // Whether a balancer stands in between doesn't depend on the answer, and takes as long to find out.
        let probe = async { Ok(self.needs_upgrade(address).await) };
        let (reply, upgrade) = tokio::try_join!(ask, probe)?;
        let ours = self.clock().now();
        let named = || address.to_string();
        match reply.status {
            200 => {}
            429 => {
                let message = http1::error_message(&reply.body);
                return Err(Refusal::RateLimited { retry_in: words::retry_in(&message), message }.into());
            }
            status @ 500.. => {
                let message = http1::error_message(&reply.body);
                return Err(TransportError::HttpFailed { address: named(), what: "discovery", status, message }.into());
            }
            status => {
                let reason = format!("it answers discovery with HTTP {status}");
                return Err(TransportError::NotTeleport { address: named(), reason }.into());
            }
        }
        let found = facts::parse(&reply.body, address)
            .map_err(|reason| TransportError::NotTeleport { address: named(), reason })?;
        let name = if found.cluster.is_empty() { self.name_for_browsers(address).await? } else { found.cluster };
        let mut facts = found.facts;
        if self.uses_configured_address() {
            facts.stay_at_web();
        }
        facts.upgrade = facts.tls_routing && upgrade;
        Ok(Cluster {
            name,
            server_version: Version::parse(&found.server_version),
            route: Route::Proxy(facts),
            clock: reply.date.map(|cluster| ClockDifference { cluster, ours }),
        })
    }

    async fn discover_auth(&self, known: &[String]) -> Result<Cluster, ConnectError> {
        if !known.is_empty() {
            match self.recognise(known.to_vec()).await {
                Err(ConnectError::Trust(TrustError::Untrusted { .. })) => {
                    tracing::debug!("not the host CA that is stored")
                }
                other => return other,
            }
        }
        let address = self.address();
        let host_cas = match self.ca() {
            Some(source) => Trust::configured_host_ca(source).await?.pems(),
            None if self.pins().is_empty() => {
                return Err(TrustError::AuthUnverifiable { address: address.to_string() }.into());
            }
            None => {
                let pem = self.cluster_ca(&unnamed(address, Vec::new())).await?;
                pin::check(&address.to_string(), self.pins(), &pem)?;
                trust::blocks(&pem)
            }
        };
        let cluster = self.recognise(host_cas).await?;
        self.check_own_pins(&cluster)?;
        Ok(cluster)
    }

    /// The auth server, if its certificate is signed by one of `host_cas`.
    async fn recognise(&self, host_cas: Vec<String>) -> Result<Cluster, ConnectError> {
        let trust = Trust::host_cas(&host_cas)?;
        let found = unnamed(self.address(), host_cas);
        let connection = self.grpc_to_auth(&found, Some(&trust), None).await?;
        let pem = self.cluster_ca_over(&connection, &found, Some(&trust)).await?;
        let ping = ping(&connection).await?;
        let mut cluster = unnamed(self.address(), trust::blocks(&pem));
        cluster.name = ping.cluster_name;
        cluster.server_version = ping.server_version;
        Ok(cluster)
    }

    /// Holds what an auth server says of its CAs against the pins, if there are any.
    pub(in crate::connect) fn check_own_pins(&self, cluster: &Cluster) -> Result<(), ConnectError> {
        match &cluster.route {
            Route::Auth(route) if !self.pins().is_empty() => {
                pin::check(&route.address.to_string(), self.pins(), &route.host_cas.concat())
            }
            _ => Ok(()),
        }
    }

    /// Holds a cluster against the configured CA pins; what is pinned is its host CAs (PEM), none where nothing is.
    ///
    /// # Errors
    /// [`TrustError::PinMismatch`], or why the auth server couldn't be recognised by them.
    pub async fn verify_pins(&self, cluster: &Cluster) -> Result<Option<Vec<String>>, ConnectError> {
        if self.pins().is_empty() {
            return Ok(None);
        }
        match &cluster.route {
            Route::Auth(route) => self.check_own_pins(cluster).map(|()| Some(route.host_cas.clone())),
            Route::Proxy(facts) => Ok(Some(self.recognise_pinned(cluster, facts).await?.host_cas)),
        }
    }

    /// The auth server behind a proxy, recognised by the pins alone: all CAs that it shows are pinned, and it proves on
    /// another connection that one of them has signed it. (A CA's certificate is public, showing it proves nothing.)
    pub(in crate::connect) async fn recognise_pinned(
        &self,
        cluster: &Cluster,
        facts: &ProxyFacts,
    ) -> Result<Pinned, ConnectError> {
        let address = facts.web.to_string();
        let recognised = async {
            let pem = self.cluster_ca(cluster).await?;
            pin::check(&address, self.pins(), &pem)?;
            let host_cas = trust::blocks(&pem);
            let trust = Trust::host_cas(&host_cas)?;
            let verified = self.grpc_to_auth(cluster, Some(&trust), None).await?;
            let ping = ping(&verified).await?;
            if ping.cluster_name != cluster.name {
                let reason = format!("it is {:?}, and the proxy says {:?}", ping.cluster_name, cluster.name);
                return Err(TransportError::BadReply { call: "a ping", reason }.into());
            }
            Ok(Pinned { host_cas, server_version: ping.server_version })
        };
        recognised.await.map_err(|error| match error {
            ConnectError::Trust(TrustError::PinMismatch { .. }) => error,
            other => ConnectError::NoPinnedWay { address: address.clone(), reason: Box::new(other) },
        })
    }

    /// The cluster's host CAs, PEM, from a server that isn't recognised yet: only good for being held against pins.
    async fn cluster_ca(&self, cluster: &Cluster) -> Result<String, ConnectError> {
        let unverified = self.grpc_to_auth(cluster, None, None).await?;
        self.cluster_ca_over(&unverified, cluster, None).await
    }

    async fn cluster_ca_over(
        &self,
        connection: &GrpcConnection,
        cluster: &Cluster,
        trust: Option<&Trust>,
    ) -> Result<String, ConnectError> {
        let call = Call::named(rest::CLUSTER_CA);
        let mut client = AuthServiceClient::with_origin(connection.clone(), connection.origin());
        match client::timed(call, connection, client.get_cluster_ca_cert(())).await {
            Ok(reply) => String::from_utf8(reply.tlsca).map_err(|error| {
                ConnectError::Transport(TransportError::BadReply { call: call.name, reason: error.to_string() })
            }),
            Err(ConnectError::Refused(Refusal::Unsupported { .. })) => self.cluster_ca_by_rest(cluster, trust).await,
            Err(error) => Err(error),
        }
    }
}

/// Whether an address that failed one way may still be the other kind of server.
fn leaves_a_doubt(error: &ConnectError) -> bool {
    !error.is_unreachable()
        && !matches!(
            error,
            ConnectError::Trust(TrustError::PinMismatch { .. })
                | ConnectError::SetUp(
                    SetUpError::CaUnreadable { .. } | SetUpError::CaUnusable { .. } | SetUpError::NameUnusable { .. }
                )
                | ConnectError::Refused(Refusal::RateLimited { .. })
                | ConnectError::Transport(TransportError::NotTls { .. })
        )
}

fn unnamed(address: &Address, host_cas: Vec<String>) -> Cluster {
    Cluster {
        name: String::new(),
        server_version: Version::default(),
        route: Route::Auth(AuthRoute { address: address.clone(), host_cas }),
        clock: None,
    }
}

async fn ping(connection: &GrpcConnection) -> Result<Ping, ConnectError> {
    let mut client = AuthServiceClient::with_origin(connection.clone(), connection.origin());
    let request = teleport_api::auth::PingRequest {};
    Ok(client::timed(Call::named("a ping"), connection, client.ping(request)).await?.into())
}
