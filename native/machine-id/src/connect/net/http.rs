//! One HTTP/1.1 exchange over an open stream: bounded, in time, redirects refused.

use std::time::{Duration, SystemTime};

use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;
use x509_cert::der::DateTime;
use zeroize::Zeroizing;

use crate::connect::error::{ConnectError, TransportError};
use crate::connect::limits;

use super::stream::Pipe;

/// What we call ourselves.
pub(crate) const AGENT: &str = concat!("machine-id/", env!("CARGO_PKG_VERSION"));

/// A reply with its whole body.
#[derive(Debug)]
pub struct HttpReply {
    /// HTTP status.
    pub status: u16,
    /// The peer's time, from the header `Date`.
    pub date: Option<SystemTime>,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

/// A body that is wiped once it was sent.
pub(crate) fn wiped(body: Zeroizing<Vec<u8>>) -> Full<Bytes> {
    Full::new(Bytes::from_owner(body))
}

/// Sends `request` and reads the whole answer.
///
/// # Errors
/// When the peer doesn't speak HTTP, cuts the connection, redirects, or answers too slowly or too much.
pub(crate) async fn exchange(
    stream: Pipe,
    address: &str,
    request: Request<Full<Bytes>>,
) -> Result<HttpReply, ConnectError> {
    exchange_within(limits::HTTP, stream, address, request).await
}

async fn exchange_within(
    limit: Duration,
    stream: Pipe,
    address: &str,
    request: Request<Full<Bytes>>,
) -> Result<HttpReply, ConnectError> {
    within(limit, address, async {
        let mut connection = HttpConnection::start(stream, address).await?;
        let reply = connection.sender.send_request(request).await.map_err(|error| explain(address, &error))?;
        read(address, reply).await
    })
    .await
}

async fn within<T>(
    limit: Duration,
    address: &str,
    work: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    match timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => {
            Err(TransportError::TimedOut { address: address.to_owned(), step: "HTTP answer", after: limit }.into())
        }
    }
}

/// A connection that can take another request. Dropping it closes it.
#[derive(Debug)]
pub(in crate::connect) struct HttpConnection {
    sender: http1::SendRequest<Full<Bytes>>,
    _task: JoinSet<Result<(), hyper::Error>>,
}

/// What became of a request on a connection that had been idle.
pub(in crate::connect) enum Resent {
    /// It was sent: the answer, or why there is none.
    Sent(Result<HttpReply, ConnectError>),
    /// Nothing of it was sent.
    Unsent(Request<Full<Bytes>>),
}

impl HttpConnection {
    async fn start(stream: Pipe, address: &str) -> Result<Self, ConnectError> {
        let builder = http1::Builder::new().max_buf_size(64 << 10).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = builder.map_err(|error| explain(address, &error))?;
        let mut task = JoinSet::new();
        task.spawn(connection);
        Ok(Self { sender, _task: task })
    }

    /// As [`exchange`], on a connection whose first request this is.
    pub(in crate::connect) async fn first(
        stream: Pipe,
        address: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(HttpReply, Self), ConnectError> {
        within(limits::HTTP, address, async {
            let mut connection = Self::start(stream, address).await?;
            let reply = connection.sender.send_request(request).await.map_err(|error| explain(address, &error))?;
            Ok((read(address, reply).await?, connection))
        })
        .await
    }

    /// Another request. A connection that its server has closed meanwhile gives it back unsent.
    pub(in crate::connect) async fn again(mut self, address: &str, request: Request<Full<Bytes>>) -> Resent {
        let sent = within(limits::HTTP, address, async {
            if self.sender.ready().await.is_err() {
                return Ok(Err(request));
            }
            match self.sender.try_send_request(request).await {
                Ok(reply) => read(address, reply).await.map(Ok),
                Err(mut error) => match error.take_message() {
                    Some(request) => Ok(Err(request)),
                    None => Err(explain(address, error.error())),
                },
            }
        });
        match sent.await {
            Ok(Ok(reply)) => Resent::Sent(Ok(reply)),
            Ok(Err(request)) => Resent::Unsent(request),
            Err(error) => Resent::Sent(Err(error)),
        }
    }
}

async fn read(address: &str, reply: http::Response<hyper::body::Incoming>) -> Result<HttpReply, ConnectError> {
    let status = reply.status();
    if status.is_redirection() {
        let place = reply.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
        let reason = format!("it redirects to {}", limits::quote(place));
        return Err(TransportError::NotTeleport { address: address.to_owned(), reason }.into());
    }
    let date = reply.headers().get(header::DATE).and_then(|value| parse_date(value.to_str().ok()?));
    let body = Limited::new(reply.into_body(), limits::HTTP_BODY).collect().await.map_err(|error| {
        let too_long = error.is::<http_body_util::LengthLimitError>();
        let reason =
            if too_long { format!("its answer exceeds {} bytes", limits::HTTP_BODY) } else { error.to_string() };
        ConnectError::Transport(TransportError::Cut { address: address.to_owned(), step: "HTTP answer", reason })
    })?;
    Ok(HttpReply { status: status.as_u16(), date, body: body.to_bytes().to_vec() })
}

fn explain(address: &str, error: &hyper::Error) -> ConnectError {
    let address = address.to_owned();
    if error.is_parse() {
        return TransportError::NotTeleport { address, reason: format!("it doesn't answer in HTTP ({error})") }.into();
    }
    let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    TransportError::Cut { address, step: "HTTP answer", reason }.into()
}

/// `Sat, 21 Nov 2026 08:23:38 GMT`.
fn parse_date(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = u8::try_from(MONTHS.iter().position(|month| *month == name)? + 1).ok()?;
    let year = parts.next()?.parse().ok()?;
    let mut time = parts.next()?.split(':').map(|part| part.parse().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    Some(DateTime::new(year, month, day, hour, minute, second).ok()?.to_system_time())
}

/// The message of an error body, `{"error":{"message":"…"}}` (protocol B1), or its beginning when it is something else.
#[must_use]
pub fn error_message(body: &[u8]) -> String {
    error_messages(body).into_iter().next().unwrap_or_default()
}

/// As [`error_message`], and after it what the server wrapped around it, `{"error":…,"messages":[…]}`, from the
/// nearest to the outermost (join-methods 5).
#[must_use]
pub fn error_messages(body: &[u8]) -> Vec<String> {
    let value = serde_json::from_slice::<serde_json::Value>(body).ok();
    let innermost = value.as_ref().and_then(|value| {
        let nested = value.get("error").and_then(|error| error.get("message"));
        nested.or_else(|| value.get("message")).and_then(|message| message.as_str())
    });
    let Some(innermost) = innermost else { return vec![limits::quote(&String::from_utf8_lossy(body))] };
    let wraps = value.as_ref().and_then(|value| value.get("messages")?.as_array());
    let wraps = wraps.into_iter().flatten().take(MOST_WRAPS).filter_map(serde_json::Value::as_str);
    std::iter::once(innermost).chain(wraps).map(limits::quote).collect()
}

/// More wraps around an error's message help nobody.
const MOST_WRAPS: usize = 8;

#[cfg(test)]
#[path = "http_tests.rs"]
pub(crate) mod tests;
