//! The little of an HTTP server that this needs, with limits: whoever connects isn't trusted.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::answer::Answer;

/// Connections at once; who comes then waits. A Prometheus keeps one.
const CONNECTIONS: usize = 32;
/// How long a client may take for the head of a request, or be silent between two.
const HEAD: Duration = Duration::from_secs(10);
/// How large it may be.
const MAX_HEAD: usize = 16 * 1024;
/// How long a connection may live: one that takes no answer holds its place no longer.
const LIFE: Duration = Duration::from_secs(60);
/// Rest after a connection can't be taken.
const REST: Duration = Duration::from_millis(100);

/// Answers whoever connects, for ever.
pub(super) async fn serve(listener: &TcpListener, answer: &impl Fn(&str) -> Answer) -> Infallible {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => connections.push(connection(stream, answer)),
                Err(error) => {
                    tracing::debug!("no connection for diagnostics can be taken: {error}");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(()) = connections.next() => {}
        }
    }
}

async fn connection(stream: TcpStream, answer: &impl Fn(&str) -> Answer) {
    // The method doesn't matter to tbot, and nothing here changes anything. A body isn't read.
    let service = service_fn(|request: Request<Incoming>| {
        let response = response(answer(request.uri().path()));
        async move { Ok::<_, Infallible>(response) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(LIFE, serving).await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => tracing::debug!("a request for diagnostics was cut: {error}"),
    }
}

fn response(Answer { status, kind, body }: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
