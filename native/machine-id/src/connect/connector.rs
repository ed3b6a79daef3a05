//! The entry to this room: everything that is configured about reaching one cluster.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use http::header::{HOST, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::clock::SharedClock;
use crate::config::{AddressKind, CaPin, CaSource, ClusterConfig};

use super::address::Address;
use super::auth_client::AuthClient;
use super::cluster::{ClockDifference, Cluster, Route};
use super::credential::ClientCredential;
use super::environment::Environment;
use super::error::ConnectError;
use super::http::{self as http1, HttpConnection, HttpReply};
use super::names;
use super::stream::Pipe;
use super::trust::{self, Trust};

/// What we call ourselves.
pub(super) const AGENT: &str = concat!("machine-id/", env!("CARGO_PKG_VERSION"));

/// The way to one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    address: Address,
    kind: AddressKind,
    pins: Vec<CaPin>,
    ca: Option<CaSource>,
    clock: SharedClock,
    environment: Environment,
    web_trust: Mutex<Option<Trust>>,
    /// Discovery's connection, for the join that may follow it.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    connection: HttpConnection,
    address: Address,
    /// Monotonic.
    at: Duration,
}

/// A join that takes longer to come makes a connection of its own: servers and balancers close idle ones, and a request
/// with a token must not meet that.
const KEPT: Duration = Duration::from_secs(2);

impl Connector {
    /// For the cluster of `config`, with the environment of this process.
    ///
    /// # Errors
    /// [`ConnectError::NameUnusable`] for an empty host.
    pub fn new(config: &ClusterConfig, clock: SharedClock) -> Result<Self, ConnectError> {
        Self::with_environment(config, clock, Environment::of_process())
    }

    /// As [`Connector::new`], with a given environment.
    ///
    /// # Errors
    /// [`ConnectError::NameUnusable`] for an empty host.
    pub fn with_environment(
        config: &ClusterConfig,
        clock: SharedClock,
        environment: Environment,
    ) -> Result<Self, ConnectError> {
        let address = Address::new(&config.host, config.port);
        if address.host.is_empty() {
            return Err(ConnectError::NameUnusable { name: address.host });
        }
        Ok(Self(Arc::new(Inner {
            address,
            kind: config.kind,
            pins: config.ca_pins.clone(),
            ca: config.ca.clone(),
            clock,
            environment,
            web_trust: Mutex::new(None),
            kept: Mutex::new(None),
        })))
    }

    pub(super) fn address(&self) -> &Address {
        &self.0.address
    }

    pub(super) fn kind(&self) -> AddressKind {
        self.0.kind
    }

    pub(super) fn pins(&self) -> &[CaPin] {
        &self.0.pins
    }

    pub(super) fn ca(&self) -> Option<&CaSource> {
        self.0.ca.as_ref()
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The web's authorities, read again at each discovery, so that a replaced CA file is noticed.
    pub(super) async fn web_trust(&self) -> Result<Trust, ConnectError> {
        let cached = || self.0.web_trust.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cached().clone();
        if let Some(trust) = known {
            return Ok(trust);
        }
        let trust = Trust::web(self.ca().cloned()).await?;
        *cached() = Some(trust.clone());
        Ok(trust)
    }

    pub(super) fn forget_web_trust(&self) {
        *self.0.web_trust.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Asks at the web port; the connection is kept for a moment, where a join may follow on it.
    pub(super) async fn ask_web(&self, address: &Address, path: &str) -> Result<HttpReply, ConnectError> {
        let stream = self.web(address).await?;
        let request = request(address, Request::get(path), Full::default())?;
        let (reply, connection) = HttpConnection::first(stream, &address.to_string(), request).await?;
        if !self.pins().is_empty() {
            return Ok(reply);
        }
        let kept = Kept { connection, address: address.clone(), at: self.clock().monotonic() };
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(reply)
    }

    /// The connection that was kept, if it is still good for `address`. It is let go in any case.
    pub(super) fn take_kept(&self, address: &Address) -> Option<HttpConnection> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let age = self.clock().monotonic().saturating_sub(kept.at);
        (kept.address == *address && age < KEPT).then_some(kept.connection)
    }

    /// How far the cluster's clock is from ours: as found at discovery, else asked from the auth server now.
    ///
    /// # Errors
    /// When the auth server doesn't answer.
    pub async fn clock_difference(&self, cluster: &Cluster) -> Result<Option<ClockDifference>, ConnectError> {
        let Route::Auth(route) = &cluster.route else { return Ok(cluster.clock) };
        let trust = Trust::host_cas(&route.host_cas)?;
        let (stream, address) = self.to_auth(cluster, names::HTTP1, Some(&trust), None).await?;
        // Whatever is answered carries the time.
        let reply = self.http(stream, &address, Request::get("/v1/domain"), Full::default()).await?;
        let ours = self.clock().now();
        Ok(reply.date.map(|cluster| ClockDifference { cluster, ours }))
    }

    /// The host CAs by the proxy's public export, verified by the web's authorities: recovery after a missed
    /// rotation (protocol J). PEM, one certificate each.
    ///
    /// # Errors
    /// When the proxy can't be reached or answers with something else.
    pub async fn host_ca_export(&self, cluster: &Cluster) -> Result<Vec<String>, ConnectError> {
        let Route::Proxy(facts) = &cluster.route else {
            let what = "an auth server doesn't export its CA over HTTPS";
            return Err(ConnectError::Unsupported { what: what.to_owned() });
        };
        let stream = self.web(&facts.web).await?;
        let request = Request::get("/webapi/auth/export?type=tls-host");
        let reply = self.http(stream, &facts.web, request, Full::default()).await?;
        if reply.status != 200 {
            return Err(ConnectError::HttpFailed {
                address: facts.web.to_string(),
                what: "the request for its host CA",
                status: reply.status,
                message: http1::error_message(&reply.body),
            });
        }
        let pem = String::from_utf8_lossy(&reply.body).into_owned();
        let bad = |reason: String| ConnectError::BadReply { call: "the request for its host CA", reason };
        trust::parse(pem.as_bytes(), "it").map_err(|error| bad(error.to_string()))?;
        Ok(trust::blocks(&pem))
    }

    /// Fetches an `https` URL of a third party with a bearer token, as some join methods need for their proof. Verified
    /// by the system's authorities alone: the cluster's own CA is for the cluster, and whoever holds its key shall not
    /// stand in for anybody else.
    ///
    /// # Errors
    /// When the URL isn't `https`, or there is no reply.
    pub async fn fetch_with_bearer(&self, url: &str, bearer: &str) -> Result<HttpReply, ConnectError> {
        let unusable = || ConnectError::NameUnusable { name: url.split('?').next().unwrap_or_default().to_owned() };
        let uri: http::Uri = url.parse().map_err(|_| unusable())?;
        if uri.scheme_str() != Some("https") {
            return Err(unusable());
        }
        let address = Address::new(uri.host().ok_or_else(unusable)?, uri.port_u16().unwrap_or(443));
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let stream = self.https(&address, &Trust::web(None).await?).await?;
        let request = Request::get(path).header(http::header::AUTHORIZATION, format!("Bearer {bearer}"));
        self.http(stream, &address, request, Full::default()).await
    }

    pub(super) async fn http(
        &self,
        stream: Pipe,
        address: &Address,
        request: http::request::Builder,
        body: Full<Bytes>,
    ) -> Result<HttpReply, ConnectError> {
        let request = self::request(address, request, body)?;
        http1::exchange(stream, &address.to_string(), request).await
    }

    /// A connection to the auth server that is verified with `host_cas` (PEM) and presents `credential`.
    ///
    /// # Errors
    /// When the server can't be reached or recognised.
    pub async fn auth(
        &self,
        cluster: &Cluster,
        host_cas: &[String],
        credential: &ClientCredential,
    ) -> Result<AuthClient, ConnectError> {
        // No join comes any more.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let trust = Trust::host_cas(host_cas)?;
        let connection = self.grpc_to_auth(cluster, Some(&trust), Some(credential)).await?;
        Ok(AuthClient::new(connection, self.clone(), cluster.clone(), trust, credential.clone()))
    }
}

pub(super) fn request(
    address: &Address,
    request: http::request::Builder,
    body: Full<Bytes>,
) -> Result<Request<Full<Bytes>>, ConnectError> {
    let host = if address.port == 443 && address.ip().is_none() { address.host.clone() } else { address.to_string() };
    request
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(http::header::ACCEPT, "application/json")
        .body(body)
        .map_err(|_| ConnectError::NameUnusable { name: address.to_string() })
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.0.address)
    }
}
