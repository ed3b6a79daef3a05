//! One client of a proxy.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::Forward;
use super::answer::{self, Body};
use super::application::Application;
use super::io::ClientIo;
use super::link::{Link, Sent, io_error};
use super::wanted::Wanted;
use crate::connect::RoutedStream;
use crate::error::{Code, Error};
use crate::local::quota::lock;
use crate::metrics::Carried;
use crate::tunnel::client::Client;
use crate::vocabulary::applications::Application as Protocol;

/// How long a client may take for the head of a request, and be silent between two: its place may be another's.
const HEAD: Duration = Duration::from_secs(60);
/// Most bytes of a request that wait for a slow application, its head included.
const BUFFER: usize = 64 << 10;
/// How long a client that still sends may take to read the answer.
const LINGER: Duration = Duration::from_secs(5);

/// What a connection leaves behind.
#[derive(Default)]
struct Talk {
    /// To the application that was asked last.
    link: Mutex<Option<Link>>,
    /// A way that was opened.
    way: Mutex<Option<(Arc<Application>, RoutedStream)>>,
    /// Whose connection ended before it was wished, and whether that may be ordinary.
    ended: Mutex<Option<(Arc<Application>, bool)>>,
}

/// Serves a client to its end.
pub(super) async fn serve(forward: &Forward, client: Client) {
    let talk = Arc::new(Talk::default());
    let (client, carried, ahead, broke) = answer_all(forward, &talk, client).await;
    let way = lock(&talk.way).take();
    match way {
        Some((application, stream)) => {
            drop(lock(&talk.link).take());
            carry(&application, client, stream, &carried, &ahead).await;
        }
        // To HTTP/1.0 the end of the connection is that of the answer.
        None if broke && matches!(*lock(&talk.ended), Some((_, false))) => client.reset(),
        None => linger(client).await,
    }
    let ended = lock(&talk.ended).take();
    drop((carried, lock(&talk.link).take()));
    if let Some((application, ordinary)) = ended {
        application.far.ask(ordinary).await;
    }
}

/// Answers its requests until it ends, or speaks by itself. The connection again, what was read ahead of it, and whether an
/// answer broke off.
async fn answer_all(forward: &Forward, talk: &Arc<Talk>, client: Client) -> (Client, Carried, Bytes, bool) {
    let service = {
        let (applications, talk) = (Arc::clone(&forward.applications), Arc::clone(talk));
        let teller = Arc::clone(&forward.teller);
        service_fn(move |request: Request<Incoming>| -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
            let (applications, talk, teller) = (Arc::clone(&applications), Arc::clone(&talk), Arc::clone(&teller));
            Box::pin(async move {
                let wanted = match Wanted::of(request.method(), request.uri(), request.headers()) {
                    Ok(wanted) => wanted,
                    Err(why) => return Ok(answer::nonsense(why)),
                };
                let application = match applications.find(&wanted.host).await {
                    Ok(application) => application,
                    Err(error) => {
                        // A name that nobody knows is its client's affair.
                        if error.code() != Code::TargetUnknown {
                            teller.failed("which applications there are can't be found out", &error);
                        }
                        return Ok(answer::failed(&error));
                    }
                };
                teller.works();
                let answered = talk.answer(&application, &wanted, request).await;
                Ok(answered.unwrap_or_else(|error| {
                    if error.code() == Code::TargetUnknown {
                        applications.forget(&application);
                    }
                    answer::failed(&error)
                }))
            })
        })
    };
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
    let mut connection = builder.serve_connection(ClientIo::new(client, forward.traffic.carries()), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    if let Err(error) = &ended {
        tracing::debug!("a client's connection to a proxy ended: {error}");
    }
    let parts = connection.into_parts();
    let (client, carried, rest) = parts.io.into_parts();
    (client, carried, [parts.read_buf, rest].concat().into(), ended.is_err())
}

/// Carries what a client says by itself, beginning with what was read already.
async fn carry(application: &Application, client: Client, mut stream: RoutedStream, carried: &Carried, ahead: &[u8]) {
    let sent = async {
        stream.write_all(ahead).await?;
        stream.flush().await
    };
    match sent.await {
        Ok(()) => application.far.carry(client, stream, carried).await,
        Err(error) => {
            client.reset();
            application.far.cut(stream.address(), &error);
            application.far.ask(false).await;
        }
    }
}

/// Ends a connection so that the client gets the answer even where it still sends, and we read no more.
async fn linger(client: Client) {
    client.end_writing();
    let rest = async { while client.read().await.is_ok_and(|bytes| !bytes.is_empty()) {} };
    let _ = timeout(LINGER, rest).await;
}

/// The same request once more, where it does no harm to make it twice (RFC 9110, section 9.2.2).
fn repeatable(request: &Request<Body>) -> Option<Request<Body>> {
    if !request.method().is_idempotent() || !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(answer::empty());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

impl Talk {
    async fn answer(
        self: &Arc<Self>,
        application: &Arc<Application>,
        wanted: &Wanted,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Error> {
        let name = &application.name;
        match (application.protocol, wanted.way) {
            (Protocol::Tcp, false) => Ok(answer::not_done(&format!(
                "application {name:?} is reached by TCP, not by HTTP: let the client use CONNECT ({name}:PORT), or write an \
                 application-tunnel"
            ))),
            (Protocol::Http, true) if wanted.tls => Ok(answer::not_done(&format!(
                "the way to application {name:?} is encrypted from here on, and no further TLS leads to it: write \
                 http://{name}/"
            ))),
            (_, true) => {
                let stream = application.far.open().await?;
                *lock(&self.way) = Some((Arc::clone(application), stream));
                Ok(answer::opened())
            }
            (Protocol::Http, false) => self.pass_on(application, request).await,
        }
    }

    async fn pass_on(
        self: &Arc<Self>,
        application: &Arc<Application>,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Error> {
        let (head, body) = request.into_parts();
        let mut request = Request::from_parts(head, body.boxed_unsync());
        let kept = lock(&self.link).take();
        if let Some(mut link) = kept
            && link.is_for(application).await
        {
            let again = repeatable(&request);
            match (link.send(request).await, again) {
                // An idle connection was closed just now.
                (Sent::Unsent(back), _) | (Sent::Failed(_), Some(back)) => request = back,
                (sent, None) | (sent @ Sent::Answered(_), _) => return self.came(link, sent),
            }
        }
        let mut link = Link::open(Arc::clone(application)).await?;
        let sent = link.send(request).await;
        self.came(link, sent)
    }

    fn came(self: &Arc<Self>, link: Link, sent: Sent) -> Result<Response<Body>, Error> {
        let error = match sent {
            Sent::Answered(response) => {
                let response = self.response(&link.application, link.address.clone(), response);
                *lock(&self.link) = Some(link);
                return Ok(response);
            }
            Sent::Unsent(_) => io::ErrorKind::UnexpectedEof.into(),
            Sent::Failed(error) => error,
        };
        Err(self.cut(&link.application, &link.address, &error))
    }

    fn response(
        self: &Arc<Self>,
        application: &Arc<Application>,
        address: String,
        response: Response<Incoming>,
    ) -> Response<Body> {
        let (mut head, body) = response.into_parts();
        super::head::incoming(&mut head);
        // An answer of this kind may be the cluster's own.
        if head.status.is_server_error() || head.status == http::StatusCode::FORBIDDEN {
            self.note(application, true);
        }
        let (talk, application) = (Arc::clone(self), Arc::clone(application));
        let body = body.map_err(move |error| {
            talk.cut(&application, &address, &io_error(&error));
            error
        });
        Response::from_parts(head, body.boxed_unsync())
    }

    fn cut(&self, application: &Arc<Application>, address: &str, error: &io::Error) -> Error {
        self.note(application, false);
        application.far.cut(address, error)
    }

    /// What is certain counts more than what may be ordinary.
    fn note(&self, application: &Arc<Application>, ordinary: bool) {
        let mut ended = lock(&self.ended);
        if !ordinary || ended.is_none() {
            *ended = Some((Arc::clone(application), ordinary));
        }
    }
}
