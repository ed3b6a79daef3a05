//! HTTP requests that need no identity: at the proxy, at the auth server, and at third parties that vouch for a job.

use http::Request;
use http::header::{HOST, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;

use crate::connect::error::{ConnectError, Refusal, SetUpError, TransportError};
use crate::connect::net::address::Address;
use crate::connect::net::http::{self as http1, AGENT, HttpConnection, HttpReply};
use crate::connect::net::stream::Pipe;
use crate::connect::tls::names;
use crate::connect::tls::trust::{self, Trust};

use super::cluster::{ClockDifference, Cluster, Route};
use super::connector::Connector;

impl Connector {
    /// Asks at the web port; the connection is kept for a moment, where a join may follow on it.
    pub(in crate::connect) async fn ask_web(&self, address: &Address, path: &str) -> Result<HttpReply, ConnectError> {
        let stream = self.web(address).await?;
        let request = request(address, Request::get(path), Full::default())?;
        let (reply, connection) = HttpConnection::first(stream, &address.to_string(), request).await?;
        if !self.pins().is_empty() {
            return Ok(reply);
        }
        self.keep(connection, address.clone());
        Ok(reply)
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
            return Err(Refusal::Unsupported { what: what.to_owned() }.into());
        };
        let stream = self.web(&facts.web).await?;
        let request = Request::get("/webapi/auth/export?type=tls-host");
        let reply = self.http(stream, &facts.web, request, Full::default()).await?;
        if reply.status != 200 {
            return Err(TransportError::HttpFailed {
                address: facts.web.to_string(),
                what: "the request for its host CA",
                status: reply.status,
                message: http1::error_message(&reply.body),
            }
            .into());
        }
        let pem = String::from_utf8_lossy(&reply.body).into_owned();
        let bad = |reason: String| {
            ConnectError::Transport(TransportError::BadReply { call: "the request for its host CA", reason })
        };
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
        let unusable = || {
            ConnectError::SetUp(SetUpError::NameUnusable { name: url.split('?').next().unwrap_or_default().to_owned() })
        };
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

    pub(in crate::connect) async fn http(
        &self,
        stream: Pipe,
        address: &Address,
        request: http::request::Builder,
        body: Full<Bytes>,
    ) -> Result<HttpReply, ConnectError> {
        let request = self::request(address, request, body)?;
        http1::exchange(stream, &address.to_string(), request).await
    }
}

pub(in crate::connect) fn request(
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
        .map_err(|_| ConnectError::SetUp(SetUpError::NameUnusable { name: address.to_string() }))
}
