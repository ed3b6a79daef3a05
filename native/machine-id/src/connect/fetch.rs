//! One request to a third party: what proofs of join methods are asked from. The services of clouds answer over plain
//! HTTP at addresses that never leave the machine, all others over HTTPS.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::ConnectError;
use super::limits;
use super::net::address::Address;
use super::net::dial;
use super::net::environment::Environment;
use super::net::http::{AGENT, wiped};
use super::net::stream::Pipe;
use super::route::connector::Connector;
use super::tls::trust::Trust;
use crate::error::{Code, Fault, Retry};

/// A request to somebody who isn't the cluster.
pub struct FetchRequest {
    method: Method,
    url: String,
    headers: Vec<(HeaderName, Zeroizing<String>)>,
    body: Zeroizing<Vec<u8>>,
    limit: Duration,
}

impl FetchRequest {
    /// GET of `url`.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url.into(), Vec::new())
    }

    /// PUT without a body, as metadata services want it.
    #[must_use]
    pub fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url.into(), Vec::new())
    }

    /// POST of `body`, which is wiped once it was sent.
    #[must_use]
    pub fn post(url: impl Into<String>, body: Vec<u8>) -> Self {
        Self::new(Method::POST, url.into(), body)
    }

    fn new(method: Method, url: String, body: Vec<u8>) -> Self {
        Self { method, url, headers: Vec::new(), body: Zeroizing::new(body), limit: limits::HTTP }
    }

    /// Adds a header. Its value never shows up in an error.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((HeaderName::from_static(name), Zeroizing::new(value.into())));
        self
    }

    /// How long all of it may take, from the look-up of the name to the last byte; 30 s if not said.
    #[must_use]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// An answer, whatever its status (but no redirect).
pub struct FetchReply {
    /// HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body, at most 1 MiB.
    pub body: Zeroizing<Vec<u8>>,
}

impl FetchReply {
    /// Whether the status speaks of the moment only: the same request may go well later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.status, 408 | 410 | 429 | 500..)
    }
}

impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchRequest({})", self.method)
    }
}

impl fmt::Debug for FetchReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchReply({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer. Texts name the address alone: paths and queries may hold secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL can't be asked.
    #[error("{address} can't be asked: {reason}")]
    Unusable {
        /// The URL without path and query.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No connection, or not to whom it should be.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// All of it took too long.
    #[error("{address} didn't answer within {} s", limit.as_secs())]
    TimedOut {
        /// `host:port`.
        address: String,
        /// The limit.
        limit: Duration,
    },
    /// The answer isn't one.
    #[error("{address} doesn't answer as it should: {reason}")]
    BadReply {
        /// `host:port`.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FetchError {
    /// Nobody is there: for services that exist on some machines only.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_unreachable(),
            Self::TimedOut { .. } => true,
            Self::Unusable { .. } | Self::BadReply { .. } => false,
        }
    }
}

impl Fault for FetchError {
    fn code(&self) -> Code {
        match self {
            Self::Connect(error) => error.code(),
            Self::Unusable { .. } | Self::TimedOut { .. } | Self::BadReply { .. } => Code::JoinProofMissing,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Connect(error) => error.hint(),
            Self::Unusable { .. } => "correct the variable or setting that holds this address".to_owned(),
            Self::TimedOut { .. } | Self::BadReply { .. } => {
                "check from this machine that the service works".to_owned()
            }
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Connect(error) => error.retry(),
            Self::TimedOut { .. } => Retry::Later,
            Self::Unusable { .. } | Self::BadReply { .. } => Retry::No,
        }
    }
}

impl Connector {
    /// Asks a third party. `https` goes through the proxy of the environment and is verified by the system's authorities
    /// alone: the cluster's own CA is for the cluster, and whoever holds its key shall not stand in for anybody else.
    /// `http` goes to loopback and to the metadata services of clouds alone, never through a proxy. Redirects are
    /// refused.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self, request: FetchRequest) -> Result<FetchReply, FetchError> {
        self.fetch_trusting(request, None).await
    }

    async fn fetch_trusting(&self, request: FetchRequest, trust: Option<Trust>) -> Result<FetchReply, FetchError> {
        let place = Place::of(&request.url)?;
        let limit = request.limit;
        let request = build(&place, request)?;
        let all = async {
            let stream = if place.plain {
                dial::dial(&place.address, &Environment::default()).await?
            } else {
                let trust = match trust {
                    Some(trust) => trust,
                    None => Trust::web(None).await?,
                };
                self.https(&place.address, &trust).await?
            };
            exchange(stream, &place, request).await
        };
        let timed_out = |_| FetchError::TimedOut { address: place.address.to_string(), limit };
        timeout(limit, all).await.map_err(timed_out)?
    }
}

/// Where a URL leads to.
struct Place {
    plain: bool,
    address: Address,
    /// As the header `Host` has it.
    authority: String,
    path: PathAndQuery,
}

impl Place {
    fn of(url: &str) -> Result<Self, FetchError> {
        let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
        let bare = bare.split(['/', '?', '#']).next().unwrap_or_default();
        // What stands before an `@` may be a password.
        let bare = limits::quote(bare.rsplit('@').next().unwrap_or_default());
        let unusable = |reason| FetchError::Unusable { address: format!("{bare:?}"), reason };
        let uri: Uri = url.parse().map_err(|_| unusable("it is no URL"))?;
        let authority = uri.authority().ok_or_else(|| unusable("it is no URL"))?;
        if authority.as_str().contains('@') {
            return Err(unusable("a URL with a user name isn't taken"));
        }
        let (plain, port) = match uri.scheme_str() {
            Some("https") => (false, 443),
            Some("http") => (true, 80),
            _ => return Err(unusable("its scheme is neither http nor https")),
        };
        let address = Address::new(authority.host(), authority.port_u16().unwrap_or(port));
        if address.host.is_empty() {
            return Err(unusable("it has no host"));
        }
        if plain && !stays_here(&address) {
            return Err(unusable("http without TLS is for loopback and the metadata services of clouds alone"));
        }
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Ok(Self { plain, address, authority: authority.as_str().to_owned(), path })
    }
}

/// Packets to it leave neither the machine nor what runs it.
fn stays_here(address: &Address) -> bool {
    match address.ip() {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        // AWS' services in a network of their own: fd00:ec2::/32.
        Some(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unicast_link_local() || matches!(ip.segments(), [0xfd00, 0x0ec2, ..])
        }
        None => ["localhost", "metadata.google.internal"].iter().any(|name| address.host.eq_ignore_ascii_case(name)),
    }
}

async fn exchange(stream: Pipe, place: &Place, request: Request<Full<Bytes>>) -> Result<FetchReply, FetchError> {
    let bad = |reason: String| FetchError::BadReply { address: place.address.to_string(), reason };
    let cut = |error: hyper::Error| match std::error::Error::source(&error) {
        Some(cause) => bad(format!("{error}: {cause}")),
        None => bad(error.to_string()),
    };
    let connecting = http1::Builder::new().max_buf_size(64 << 10).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connecting.map_err(cut)?;
    let mut task = JoinSet::new();
    task.spawn(connection);
    let (head, body) = sender.send_request(request).await.map_err(cut)?.into_parts();
    if head.status.is_redirection() {
        let to = head.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
        // Where it leads to may carry secrets of the request.
        let to = to.split(['?', '#']).next().unwrap_or_default();
        return Err(bad(format!("it redirects to {}", limits::quote(to))));
    }
    let body = Limited::new(body, limits::HTTP_BODY).collect().await.map_err(|error| {
        let too_long = error.is::<LengthLimitError>();
        bad(if too_long { format!("it exceeds {} bytes", limits::HTTP_BODY) } else { error.to_string() })
    })?;
    Ok(FetchReply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: Zeroizing::new(body.to_bytes().to_vec()),
    })
}

fn build(place: &Place, request: FetchRequest) -> Result<Request<Full<Bytes>>, FetchError> {
    let unusable = |reason| FetchError::Unusable { address: place.address.to_string(), reason };
    let mut builder = Request::builder()
        .method(&request.method)
        .uri(place.path.as_str())
        .header(HOST, &place.authority)
        .header(USER_AGENT, AGENT);
    // A PUT without a body says so; some metadata services insist on it.
    if request.method != Method::GET {
        builder = builder.header(CONTENT_LENGTH, request.body.len());
    }
    for (name, value) in request.headers {
        let mut value = HeaderValue::from_str(&value).map_err(|_| unusable("a header holds a line break"))?;
        value.set_sensitive(true);
        builder = builder.header(name, value);
    }
    builder.body(wiped(request.body)).map_err(|_| unusable("it is no URL"))
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
pub(crate) mod tests;
