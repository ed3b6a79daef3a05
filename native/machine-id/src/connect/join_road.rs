//! How a join request travels: over the proxy's web API where the web's authorities are trust enough, and with CA pins
//! only to an auth server that the pinned CA has recognised on the very connection that carries it (protocol B, D1).

use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use hyper::body::Bytes;
use teleport_api::auth::Certs;
use teleport_api::auth::join_service_client::JoinServiceClient;
use teleport_api::types::RegisterUsingTokenRequest;
use zeroize::Zeroizing;

use super::auth::client;
use super::error::ConnectError;
use super::grpc::status::Call;
use super::net::address::Address;
use super::net::http::{self as http1, HttpReply, Resent};
use super::route::ask;
use super::route::cluster::{Cluster, Route};
use super::route::connector::Connector;
use super::route::facts::ProxyFacts;
use super::tls::trust::Trust;
use super::tls::{names, pin};
use super::version::Version;

/// A form in which a join request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinRoad {
    /// `POST /v1/webapi/host/credentials` at the proxy, whose certificate the web's authorities vouch for.
    Web,
    /// gRPC `RegisterUsingToken` at the auth server.
    Grpc,
    /// `POST /v1/tokens/register` at the auth server.
    Rest,
}

impl JoinRoad {
    /// The forms that an auth server knows, in the order in which they are tried: REST up to version 17, gRPC from 17
    /// on (protocol B2). An answer that says "unknown call" uses no token up, so a version that isn't known is no
    /// obstacle.
    #[must_use]
    pub const fn at_auth(version: &Version) -> &'static [Self] {
        match version.major {
            1..=16 => &[Self::Rest],
            18.. => &[Self::Grpc],
            0 | 17 => &[Self::Grpc, Self::Rest],
        }
    }
}

/// Where a join request may be sent to; made before there is one.
#[derive(Debug)]
pub struct JoinDoor<'a> {
    connector: &'a Connector,
    cluster: &'a Cluster,
    /// What the auth server has to show; none: the proxy takes the join.
    auth: Option<Trust>,
    roads: &'static [JoinRoad],
}

impl Connector {
    /// Finds out where a join may be sent to. With pins that is the auth server alone: straight, or through the proxy.
    ///
    /// # Errors
    /// As [`Connector::verify_pins`].
    pub async fn join_door<'a>(&'a self, cluster: &'a Cluster) -> Result<JoinDoor<'a>, ConnectError> {
        let door = |auth, roads| JoinDoor { connector: self, cluster, auth, roads };
        match &cluster.route {
            Route::Auth(route) => {
                self.check_own_pins(cluster)?;
                let trust = Trust::host_cas(&route.host_cas)?;
                Ok(door(Some(trust), JoinRoad::at_auth(&cluster.server_version)))
            }
            Route::Proxy(_) if self.pins().is_empty() => Ok(door(None, &[JoinRoad::Web])),
            Route::Proxy(facts) => {
                let pinned = self.recognise_pinned(cluster, facts).await?;
                Ok(door(Some(Trust::host_cas(&pinned.host_cas)?), JoinRoad::at_auth(&pinned.server_version)))
            }
        }
    }
}

impl JoinDoor<'_> {
    /// The forms to try, in this order: the next one only where a server doesn't know the one before.
    #[must_use]
    pub const fn roads(&self) -> &'static [JoinRoad] {
        self.roads
    }

    /// Sends a join request as a JSON body (protocol B1 and B2); the reply is given back whatever its status is.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn http(&self, body: &[u8]) -> Result<HttpReply, ConnectError> {
        let body = http1::wiped(Zeroizing::new(body.to_vec()));
        match (&self.auth, &self.cluster.route) {
            (None, Route::Proxy(facts)) => self.by_web(facts, body).await,
            (trust, _) => {
                let trust = trust.as_ref().ok_or_else(unverified)?;
                let (stream, address) = self.connector.to_auth(self.cluster, names::HTTP1, Some(trust), None).await?;
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

    /// Sends a join request as a gRPC message (protocol B2).
    ///
    /// # Errors
    /// The server's refusal, or why there is no answer.
    pub async fn grpc(&self, request: RegisterUsingTokenRequest) -> Result<Certs, ConnectError> {
        let trust = self.auth.as_ref().ok_or_else(unverified)?;
        let connection = self.connector.grpc_to_auth(self.cluster, Some(trust), None).await?;
        let mut client = JoinServiceClient::with_origin(connection.clone(), connection.origin());
        client::timed(Call::named("the join"), &connection, client.register_using_token(request)).await
    }

    /// The host CAs (PEM) among those of a join's reply, as the pins have it; none where nothing is pinned. The reply
    /// lists the user authority's before the host authority's (protocol B1): from the first pinned one on all must be
    /// pinned.
    ///
    /// # Errors
    /// [`ConnectError::UnpinnedReply`].
    pub fn host_cas(&self, tls_cas: &[String]) -> Result<Option<Vec<String>>, ConnectError> {
        if self.connector.pins().is_empty() {
            return Ok(None);
        }
        pin::hosts_of_reply(self.connector.pins(), &tls_cas.concat()).map(Some)
    }
}

/// A defect: there is always something that the auth server has to show.
fn unverified() -> ConnectError {
    ConnectError::Unsupported { what: "a join at an auth server that nothing recognises".to_owned() }
}

fn join_request(address: &Address, path: &str, body: Full<Bytes>) -> Result<Request<Full<Bytes>>, ConnectError> {
    ask::request(address, Request::post(path).header(CONTENT_TYPE, "application/json"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_is_joined_by_what_it_knows() {
        let roads = |version: &str| JoinRoad::at_auth(&Version::parse(version));
        for version in ["9.3.26", "10.3.16", "12.4.11", "15.0.0-dev", "16.4.0"] {
            assert_eq!(roads(version), [JoinRoad::Rest], "{version}");
        }
        assert_eq!(roads("17.2.1"), [JoinRoad::Grpc, JoinRoad::Rest]);
        for version in ["18.0.0", "19.1.0", "20.0.0"] {
            assert_eq!(roads(version), [JoinRoad::Grpc], "{version}");
        }
        assert_eq!(roads("unknown"), [JoinRoad::Grpc, JoinRoad::Rest]);
    }
}
