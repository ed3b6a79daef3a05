//! One stream of a join, framed by hand so that a fault can strike at each message.

use std::future::Future;
use std::sync::Arc;

use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame, Incoming};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;

use crate::auth::grpc::{frame, ok};
use crate::control::{Core, Fault, Point};
use crate::web::http::strike;
use crate::web::peer::Peer;
use crate::web::reply::{self, Reply};

/// The most a message may be.
const LONGEST: usize = 1 << 20;

type Item = Result<Frame<Bytes>, Status>;

/// One end of a stream.
pub(super) struct Talk {
    pub(super) core: Arc<Core>,
    pub(super) peer: Peer,
    requests: Incoming,
    received: Vec<u8>,
    replies: mpsc::Sender<Item>,
    /// What [`Point::Join`] had planned for the result.
    opening: Option<Fault>,
}

/// Opens a stream; `run` talks, and its end is the stream's.
pub(super) async fn converse<F, Fut>(core: Arc<Core>, peer: Peer, request: Request<Incoming>, run: F) -> Reply
where
    F: FnOnce(Talk) -> Fut + Send + 'static,
    Fut: Future<Output = Result<(), Status>> + Send,
{
    let opening = match strike(&core, &peer, Point::Join).await {
        Some(Fault::Http { status, retry_after }) => return reply::failure(status, retry_after),
        Some(Fault::Grpc { code, message }) => return Status::new(code.into(), message).into_http(),
        other => other,
    };
    let (replies, receiver) = mpsc::channel(4);
    let mut talk =
        Talk { core, peer, requests: request.into_body(), received: Vec::new(), replies: replies.clone(), opening };
    tokio::spawn(async move {
        let talked = async {
            if talk.opening == Some(Fault::Garbage) {
                talk.garbage().await?;
            }
            run(talk).await
        };
        let end = tokio::select! {
            () = replies.closed() => return,
            end = talked => end,
        };
        let status = end.err().unwrap_or_else(|| Status::ok(""));
        tracing::debug!(?status, "end of a join's stream");
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_ok() {
            let _ = replies.send(Ok(Frame::trailers(trailers))).await;
        }
    });
    ok(Box::pin(futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    })))
}

impl Talk {
    /// The next message; `None` once the client has said that there is none.
    pub(super) async fn receive<M: Message + Default>(&mut self) -> Result<Option<M>, Status> {
        loop {
            if let Some((head, rest)) = self.received.split_at_checked(5)
                && let [_, length @ ..] = head
            {
                let length = u32::from_be_bytes(length.try_into().unwrap_or_default());
                let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST);
                let length = length.ok_or_else(|| Status::resource_exhausted("grpc: received message too large"))?;
                if let Some((message, _)) = rest.split_at_checked(length) {
                    let message = M::decode(message)
                        .map_err(|error| Status::internal(format!("grpc: error unmarshalling request: {error}")))?;
                    self.received.drain(..length + 5);
                    return Ok(Some(message));
                }
            }
            match self.requests.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Status::cancelled(error.to_string())),
                Some(Ok(frame)) => self.received.extend(frame.data_ref().into_iter().flatten()),
            }
        }
    }

    /// The next message, which is due.
    pub(super) async fn expect<M: Message + Default>(&mut self) -> Result<M, Status> {
        self.receive().await?.ok_or_else(|| Status::unknown("EOF"))
    }

    /// What is planned at `point`, as far as it doesn't end the stream here.
    pub(super) async fn at(&mut self, point: Point) -> Result<Option<Fault>, Status> {
        match strike(&self.core, &self.peer, point).await {
            Some(Fault::Http { status, .. }) => {
                Err(Status::unavailable(format!("unexpected HTTP status code received from server: {status}")))
            }
            Some(Fault::Grpc { code, message }) => Err(Status::new(code.into(), message)),
            Some(Fault::Garbage) => {
                self.garbage().await?;
                Err(Status::ok(""))
            }
            other => Ok(other),
        }
    }

    /// Says something, with what is planned at `point`.
    pub(super) async fn say<M: Message>(&mut self, point: Point, message: &M) -> Result<(), Status> {
        let fault = self.at(point).await?;
        self.put(fault.as_ref(), message).await
    }

    /// What is planned for the result, before anything is committed.
    pub(super) async fn deciding(&mut self) -> Result<Option<Fault>, Status> {
        let planned = self.at(Point::JoinResult).await?;
        Ok(planned.or_else(|| self.opening.take()))
    }

    /// Says the result, once it is committed.
    pub(super) async fn put<M: Message>(&mut self, fault: Option<&Fault>, message: &M) -> Result<(), Status> {
        let mut framed = frame(&message.encode_to_vec());
        match fault {
            Some(Fault::DropReply) => self.peer.cut().await,
            Some(Fault::StallReply) => std::future::pending().await,
            Some(Fault::Truncated) => {
                framed.truncate(framed.len() / 2);
                self.send(framed).await?;
                Err(Status::ok(""))
            }
            _ => self.send(framed).await,
        }
    }

    async fn garbage(&mut self) -> Result<(), Status> {
        self.send(frame(&[0xff; 64])).await
    }

    async fn send(&mut self, framed: Bytes) -> Result<(), Status> {
        self.replies.send(Ok(Frame::data(framed))).await.map_err(|_| Status::cancelled("the client has gone"))
    }
}
