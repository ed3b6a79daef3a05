//! One HTTP/2 connection that carries gRPC calls.
//!
//! Our own rather than tonic's channel: it never reconnects behind our back, so that a request is sent at most once,
//! and it knows how the connection ended. HTTP/2 is spoken whatever ALPN negotiated: ProxySSH negotiates nothing
//! (trap 3).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::body::Body;
use tower_service::Service;

use crate::connect::error::{ConnectError, SetUpError, TransportError};
use crate::connect::limits;
use crate::connect::net::stream::{Ended, Ending, Pipe, Watched};
use crate::connect::tls::handshake as tls;

/// How a connection is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Receive window of a stream, bytes.
    pub(crate) stream_window: u32,
    /// Receive window of the connection, bytes.
    pub(crate) connection_window: u32,
    /// Whether the peer is asked for a sign of life while no call is open, so that a dead connection is noticed.
    pub(crate) watched_when_idle: bool,
}

impl Usage {
    /// One call or a few: windows large enough for a fast SSH copy.
    pub(crate) const FEW: Self = Self { stream_window: 1 << 20, connection_window: 1 << 20, watched_when_idle: false };
}

/// A connection to one peer; clones share it. It ends when the last clone is dropped.
#[derive(Clone)]
pub(crate) struct GrpcConnection {
    sender: http2::SendRequest<Body>,
    ending: Ending,
    address: Arc<str>,
    origin: Uri,
    most_calls: Arc<AtomicUsize>,
    _task: Arc<JoinSet<()>>,
}

impl GrpcConnection {
    /// Starts HTTP/2 on `stream`. `authority` is the name by which requests address the server.
    pub(crate) async fn start(stream: Pipe, address: &str, authority: &str) -> Result<Self, ConnectError> {
        Self::start_for(Usage::FEW, stream, address, authority).await
    }

    /// As [`Self::start`], for another usage.
    pub(crate) async fn start_for(
        usage: Usage,
        stream: Pipe,
        address: &str,
        authority: &str,
    ) -> Result<Self, ConnectError> {
        let (watched, ending) = Watched::new(stream);
        let handshake = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(limits::KEEPALIVE)
            .keep_alive_timeout(limits::CONNECT)
            .keep_alive_while_idle(usage.watched_when_idle)
            .initial_stream_window_size(usage.stream_window)
            .initial_connection_window_size(usage.connection_window)
            .max_header_list_size(64 << 10)
            .handshake(TokioIo::new(watched));
        let (sender, mut connection) = match timeout(limits::CONNECT, handshake).await {
            Ok(Ok(parts)) => parts,
            Ok(Err(error)) => return Err(cut(address, &ending, &error.to_string())),
            Err(_) => {
                let address = address.to_owned();
                return Err(TransportError::TimedOut { address, step: "HTTP/2", after: limits::CONNECT }.into());
            }
        };
        let mut task = JoinSet::new();
        let most_calls = Arc::new(AtomicUsize::new(connection.current_max_send_streams()));
        let seen = Arc::clone(&most_calls);
        let run = std::future::poll_fn(move |cx| {
            let polled = Pin::new(&mut connection).poll(cx);
            // Each call passes here, so that this is as fresh as the calls are.
            seen.store(connection.current_max_send_streams(), Ordering::Relaxed);
            polled
        });
        task.spawn(async move {
            if let Err(error) = run.await {
                tracing::debug!(%error, "connection ended");
            }
        });
        let origin = Uri::builder()
            .scheme("https")
            .authority(authority)
            .path_and_query("/")
            .build()
            .map_err(|_| SetUpError::NameUnusable { name: authority.to_owned() })?;
        Ok(Self { sender, ending, address: address.into(), origin, most_calls, _task: Arc::new(task) })
    }

    /// What generated clients need as their origin.
    pub(crate) fn origin(&self) -> Uri {
        self.origin.clone()
    }

    /// `host:port` of the peer.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// It has ended: no call can be made any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.ending.get().is_some()
    }

    /// How many calls the peer takes at once, as far as it has said so; further ones wait without a word.
    pub(crate) fn most_calls(&self) -> usize {
        self.most_calls.load(Ordering::Relaxed)
    }

    /// Why a call got no answer, when the connection itself is the reason.
    pub(crate) fn failure(&self, fallback: &str) -> ConnectError {
        cut(&self.address, &self.ending, fallback)
    }
}

fn cut(address: &str, ending: &Ending, fallback: &str) -> ConnectError {
    let address = address.to_owned();
    match ending.get() {
        Some(Ended::Tls(rustls::Error::AlertReceived(alert))) => tls::refused(address, alert),
        Some(Ended::Tls(error)) => TransportError::Tls { address, reason: error.to_string() }.into(),
        Some(Ended::Closed) => {
            TransportError::Cut { address, step: "gRPC", reason: "it closed the connection".to_owned() }.into()
        }
        Some(Ended::Io(reason)) => TransportError::Cut { address, step: "gRPC", reason }.into(),
        None => TransportError::Cut { address, step: "gRPC", reason: limits::quote(fallback) }.into(),
    }
}

impl Service<Request<Body>> for GrpcConnection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        // A closed connection is reported by the call, which keeps the cause; from here it would become mere text.
        self.sender.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.sender.send_request(request))
    }
}
