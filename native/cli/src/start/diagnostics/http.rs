//! The little of an HTTP server that this needs, with limits: whoever connects isn't trusted.

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
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

/// Connections at once; one more takes the place of another. A Prometheus keeps one.
const CONNECTIONS: usize = 32;
/// How long a client may take for the head of a request, or be silent between two.
const HEAD: Duration = Duration::from_secs(2);
/// How large it may be.
const MAX_HEAD: usize = 16 * 1024;
/// How long a connection may live: one that takes no answer holds its place no longer.
const LIFE: Duration = Duration::from_secs(60);
/// Rest after a connection can't be taken.
const REST: Duration = Duration::from_millis(100);

/// Answers whoever connects, for ever.
pub(super) async fn serve(listener: &TcpListener, answer: &impl Fn(&str) -> Answer) -> Infallible {
    let mut connections = FuturesUnordered::new();
    let mut seats = Seats::default();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    seats.make_room();
                    // The one that was sent away is over as soon as it is looked at.
                    while connections.len() >= CONNECTIONS {
                        connections.next().await;
                    }
                    let asked = Rc::new(Cell::new(false));
                    let seen = Rc::downgrade(&asked);
                    let (connection, end) = abortable(connection(stream, answer, asked));
                    seats.0.push_back(Seat { asked: seen, end });
                    connections.push(connection);
                }
                Err(error) => {
                    tracing::debug!("no connection for diagnostics can be taken: {error}");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = connections.next() => {}
        }
    }
}

/// The connections that are open, the oldest first.
#[derive(Default)]
struct Seats(VecDeque<Seat>);

/// A connection that is open.
struct Seat {
    /// Whether it has asked for something; gone with the connection.
    asked: Weak<Cell<bool>>,
    end: AbortHandle,
}

impl Seats {
    /// Ends a connection where there are as many as there may be: the oldest that has asked for nothing yet, or else the
    /// oldest. Whoever only connects holds up nobody.
    fn make_room(&mut self) {
        self.0.retain(|seat| seat.asked.strong_count() > 0);
        if self.0.len() < CONNECTIONS {
            return;
        }
        let silent = |seat: &Seat| seat.asked.upgrade().is_some_and(|asked| !asked.get());
        let index = self.0.iter().position(silent).unwrap_or_default();
        if let Some(seat) = self.0.remove(index) {
            seat.end.abort();
        }
    }
}

async fn connection(stream: TcpStream, answer: &impl Fn(&str) -> Answer, asked: Rc<Cell<bool>>) {
    // The method doesn't matter to tbot, and nothing here changes anything. A body isn't read.
    let service = service_fn(|request: Request<Incoming>| {
        asked.set(true);
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
