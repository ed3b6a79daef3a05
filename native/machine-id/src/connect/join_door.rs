//! Where a join is sent to: the proxy, where the web's authorities are trust enough; with CA pins only an auth server
//! that the pinned CA has recognised on the very connection that carries the join (protocol B, D1).

use std::future::Future;

use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::time::timeout;
use tonic::{Code, Status};
use zeroize::Zeroizing;

use super::error::{ConnectError, Refusal, TransportError};
use super::grpc::connection::GrpcConnection;
use super::grpc::status;
use super::limits;
use super::net::address::Address;
use super::net::http::{self as http1, HttpReply, Resent};
use super::route::ask;
use super::route::cluster::{Cluster, Route};
use super::route::connector::Connector;
use super::route::facts::ProxyFacts;
use super::tls::credential::ClientCredential;
use super::tls::trust::Trust;
use super::tls::{names, pin};
use crate::version::Version;

/// Where a join may be sent to; made before there is one.
#[derive(Debug)]
pub struct JoinDoor<'a> {
    connector: &'a Connector,
    cluster: &'a Cluster,
    version: Version,
    /// What the auth server has to show; none: the proxy takes the join.
    auth: Option<Trust>,
    /// The identity that joins again.
    credential: Option<ClientCredential>,
}

impl Connector {
    /// Finds out where a join may be sent to. With pins that is the auth server alone: straight, or through the proxy.
    ///
    /// # Errors
    /// As [`Connector::verify_pins`].
    pub async fn join_door<'a>(&'a self, cluster: &'a Cluster) -> Result<JoinDoor<'a>, ConnectError> {
        let door = |auth, version: &Version| JoinDoor {
            connector: self,
            cluster,
            version: version.clone(),
            auth,
            credential: None,
        };
        match &cluster.route {
            Route::Auth(route) => {
                self.check_own_pins(cluster)?;
                Ok(door(Some(Trust::host_cas(&route.host_cas)?), &cluster.server_version))
            }
            Route::Proxy(_) if self.pins().is_empty() => Ok(door(None, &cluster.server_version)),
            Route::Proxy(facts) => {
                let pinned = self.recognise_pinned(cluster, facts).await?;
                Ok(door(Some(Trust::host_cas(&pinned.host_cas)?), &pinned.server_version))
            }
        }
    }

    /// Where a member joins again with its certificate: the auth server, verified with the host CAs (PEM) that the
    /// member knows.
    ///
    /// # Errors
    /// When a CA can't be used.
    pub fn rejoin_door<'a>(
        &'a self,
        cluster: &'a Cluster,
        host_cas: &[String],
        credential: ClientCredential,
    ) -> Result<JoinDoor<'a>, ConnectError> {
        let auth = Some(Trust::host_cas(host_cas)?);
        let version = cluster.server_version.clone();
        Ok(JoinDoor { connector: self, cluster, version, auth, credential: Some(credential) })
    }
}

/// Why a call on a [`JoinDoor`] has no reply.
#[derive(Debug)]
pub enum Unanswered {
    /// The server answered with a status.
    Refused {
        /// Its code.
        code: Code,
        /// Its words, as one line.
        message: String,
    },
    /// There is no answer; what the server did isn't known.
    Lost(ConnectError),
}

impl JoinDoor<'_> {
    /// Whether the proxy takes the join, rather than an auth server.
    #[must_use]
    pub const fn is_proxy(&self) -> bool {
        self.auth.is_none()
    }

    /// Whether a member joins again with its certificate.
    #[must_use]
    pub const fn is_rejoin(&self) -> bool {
        self.credential.is_some()
    }

    /// The version of the server that takes it.
    #[must_use]
    pub const fn server_version(&self) -> &Version {
        &self.version
    }

    /// Sends a join request as a JSON body (protocol B1 and B2); the reply is given back whatever its status is.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn http(&self, body: Zeroizing<Vec<u8>>) -> Result<HttpReply, ConnectError> {
        let body = http1::wiped(body);
        match (&self.auth, &self.cluster.route) {
            (None, Route::Proxy(facts)) => self.by_web(facts, body).await,
            (trust, _) => {
                let trust = trust.as_ref().ok_or_else(unverified)?;
                let credential = self.credential.as_ref();
                let (stream, address) =
                    self.connector.to_auth(self.cluster, names::HTTP1, Some(trust), credential).await?;
                let post = join_request(&address, "/v1/tokens/register", body)?;
                http1::exchange(stream, &address.to_string(), post).await
            }
        }
    }

    async fn by_web(&self, facts: &ProxyFacts, body: Full<Bytes>) -> Result<HttpReply, ConnectError> {
        let post = join_request(&facts.web, "/v1/webapi/host/credentials", body)?;
        let named = facts.web.to_string();
        let post = match self.connector.take_kept(&facts.web) {
            Some(kept) => match kept.again(&named, post).await {
                Resent::Sent(answer) => return answer,
                Resent::Unsent(post) => post,
            },
            None => post,
        };
        http1::exchange(self.connector.web(&facts.web).await?, &named, post).await
    }

    /// A connection for the join services of gRPC: at the proxy's web port, or at the auth server.
    ///
    /// # Errors
    /// When there is no connection.
    pub(crate) async fn grpc(&self) -> Result<GrpcConnection, ConnectError> {
        match (&self.auth, &self.cluster.route) {
            (None, Route::Proxy(facts)) => self.connector.grpc_to_web(facts).await,
            (trust, _) => {
                let trust = trust.as_ref().ok_or_else(unverified)?;
                self.connector.grpc_to_auth(self.cluster, Some(trust), self.credential.as_ref()).await
            }
        }
    }

    /// The host CAs (PEM) among those of a join's reply, as the pins have it; none where nothing is pinned. The reply
    /// lists the user authority's before the host authority's (protocol B1): from the first pinned one on all must be
    /// pinned.
    ///
    /// # Errors
    /// [`TrustError::UnpinnedReply`](super::TrustError).
    pub fn host_cas(&self, tls_cas: &[String]) -> Result<Option<Vec<String>>, ConnectError> {
        if self.connector.pins().is_empty() || self.credential.is_some() {
            return Ok(None);
        }
        pin::hosts_of_reply(self.connector.pins(), &tls_cas.concat()).map(Some)
    }
}

/// Waits for an answer on `connection`, so long as a call may take.
pub(crate) async fn answer<T>(
    connection: &GrpcConnection,
    future: impl Future<Output = Result<T, Status>>,
) -> Result<T, Unanswered> {
    match timeout(limits::CALL, future).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(status)) if status::is_local(&status) => {
            Err(Unanswered::Lost(status::explain(status::Call::named("the join"), connection, &status)))
        }
        Ok(Err(status)) => Err(Unanswered::Refused { code: status.code(), message: limits::quote(status.message()) }),
        Err(_) => {
            let address = connection.address().to_owned();
            let late = TransportError::TimedOut { address, step: "gRPC answer", after: limits::CALL };
            Err(Unanswered::Lost(late.into()))
        }
    }
}

/// A defect: there is always something that the auth server has to show.
fn unverified() -> ConnectError {
    Refusal::Unsupported { what: "a join at an auth server that nothing recognises".to_owned() }.into()
}

fn join_request(address: &Address, path: &str, body: Full<Bytes>) -> Result<Request<Full<Bytes>>, ConnectError> {
    ask::request(address, Request::post(path).header(CONTENT_TYPE, "application/json"), body)
}
