//! A connection to an application, for one request after the other.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::Body;
use super::application::Application;
use super::head;
use crate::error::Error;

/// Most bytes of an answer that wait for a slow client, its head included.
const BUFFER: usize = 64 << 10;

/// How long a connection whose last answer is delivered may be busy, as with a body that nobody reads.
const READY: Duration = Duration::from_secs(1);

/// A connection to an application. It ends when this is dropped.
pub(super) struct Link {
    pub(super) application: Arc<Application>,
    /// Where it leads to.
    pub(super) address: String,
    /// As what it was opened.
    valid_until: Option<SystemTime>,
    sender: SendRequest<Body>,
    _driver: JoinSet<()>,
}

/// What became of a request.
pub(super) enum Sent {
    Answered(Response<Incoming>),
    /// The connection was closed before anything of it was sent.
    Unsent(Request<Body>),
    Failed(io::Error),
}

impl Link {
    pub(super) async fn open(application: Arc<Application>) -> Result<Self, Error> {
        // Asked first: what is fresh when the stream is opened is at least as new.
        let valid_until = application.far.valid_until().await?;
        let stream = application.far.open().await?;
        let address = stream.address().to_owned();
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| application.far.cut(&address, &io_error(&error)))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for an answer has the error.
            let _ = connection.await;
        });
        Ok(Self { application, address, valid_until, sender, _driver: driver })
    }

    /// Whether a further request to `application` can go by it: not where it was renewed meanwhile.
    pub(super) async fn is_for(&mut self, application: &Arc<Application>) -> bool {
        Arc::ptr_eq(&self.application, application)
            && application.far.valid_until().await.is_ok_and(|fresh| fresh.is_some() && fresh == self.valid_until)
            && matches!(timeout(READY, self.sender.ready()).await, Ok(Ok(())))
    }

    pub(super) async fn send(&mut self, request: Request<Body>) -> Sent {
        let (mut head, body) = request.into_parts();
        head::outgoing(&mut head, &self.address);
        match self.sender.try_send_request(Request::from_parts(head, body)).await {
            Ok(answer) => Sent::Answered(answer),
            Err(mut error) => match error.take_message() {
                Some(request) => Sent::Unsent(request),
                None => Sent::Failed(io_error(error.error())),
            },
        }
    }
}

/// What is under an error of hyper's.
pub(super) fn io_error(error: &hyper::Error) -> io::Error {
    let below = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match below.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(tls) => io::Error::other(tls.clone()),
        None if error.is_incomplete_message() => io::ErrorKind::UnexpectedEof.into(),
        None => match below {
            Some(below) => io::Error::new(below.kind(), below.to_string()),
            None => io::Error::other(error.to_string()),
        },
    }
}
