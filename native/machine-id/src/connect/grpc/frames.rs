//! A byte stream inside a bidirectional gRPC stream of frames (protocol H3).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use hyper::body::Bytes;
use teleport_api::transport::transport_service_client::TransportServiceClient;
use teleport_api::transport::{Frame, ProxyClusterRequest};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use crate::connect::error::ConnectError;
use crate::connect::words;

use super::connection::GrpcConnection;
use super::status;

/// Longest payload of a frame: with what protobuf and gRPC put before it, it fills one HTTP/2 frame of 16 KiB, not two.
pub(in crate::connect) const FRAME: usize = (16 << 10) - 32;
/// What may be written before the connection takes it.
const BUFFER: usize = 64 << 10;

/// Payloads coming in.
pub(in crate::connect) type Incoming = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Both directions as one byte stream. Shutting it down is the half-close; dropping it ends the call.
pub(in crate::connect) struct FrameStream {
    outgoing: DuplexStream,
    incoming: Incoming,
    current: Bytes,
    ended: bool,
    // Keeps the connection's task alive.
    connection: GrpcConnection,
}

impl FrameStream {
    pub(in crate::connect) fn new(
        outgoing: DuplexStream,
        incoming: Incoming,
        current: Bytes,
        connection: GrpcConnection,
    ) -> Self {
        Self { outgoing, incoming, current, ended: false, connection }
    }
}

/// A pair: what is written to the first comes out of the second as payloads of at most 16 KiB.
pub(in crate::connect) fn payloads() -> (DuplexStream, impl Stream<Item = Bytes> + Send + 'static) {
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    let payloads = stream::unfold((theirs, vec![0_u8; FRAME]), |(mut reader, mut buffer)| async move {
        let count = tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await.ok()?;
        let payload = Bytes::copy_from_slice(buffer.get(..count).filter(|bytes| !bytes.is_empty())?);
        Some((payload, (reader, buffer)))
    });
    (ours, payloads)
}

/// How many payloads may wait for the connection to take them.
const WAITING: usize = 4;

/// A pair: payloads put into the first come out of the second. The end of the first is the half-close.
pub(in crate::connect) fn channel() -> (mpsc::Sender<Bytes>, impl Stream<Item = Bytes> + Send + 'static) {
    let (sender, receiver) = mpsc::channel::<Bytes>(WAITING);
    let payloads = stream::unfold(receiver, |mut receiver| async move {
        let payload = receiver.recv().await?;
        Some((payload, receiver))
    });
    (sender, payloads)
}

/// How a stream may end when both sides are done.
pub(in crate::connect) fn is_normal_end(status: &Status) -> bool {
    !status::is_local(status)
        && (status.code() == Code::Ok || (status.code() == Code::Unknown && words::end_of_stream(status.message())))
}

/// The auth server of `cluster` behind the proxy, as a raw byte stream.
///
/// The proxy sends nothing before we do, not even headers, so the call is answered only when bytes flow.
pub(in crate::connect) async fn proxy_cluster(
    connection: &GrpcConnection,
    cluster: &str,
) -> Result<FrameStream, ConnectError> {
    let (outgoing, payloads) = payloads();
    let first = ProxyClusterRequest { cluster: cluster.to_owned(), frame: None };
    let requests = stream::once(async move { first })
        .chain(payloads.map(|payload| ProxyClusterRequest { cluster: String::new(), frame: Some(frame(&payload)) }));
    let mut client = TransportServiceClient::with_origin(connection.clone(), connection.origin());
    let replies = stream::once(async move { client.proxy_cluster(requests).await.map(tonic::Response::into_inner) });
    let incoming = replies.try_flatten().map_ok(|reply| Bytes::from(reply.frame.unwrap_or_default().payload));
    Ok(FrameStream::new(outgoing, Box::pin(incoming), Bytes::new(), connection.clone()))
}

pub(in crate::connect) fn frame(payload: &Bytes) -> Frame {
    Frame { payload: payload.to_vec() }
}

impl AsyncRead for FrameStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.current.is_empty() && !this.ended {
            match ready!(this.incoming.as_mut().poll_next(cx)) {
                Some(Ok(payload)) => this.current = payload,
                None => this.ended = true,
                Some(Err(status)) if is_normal_end(&status) => this.ended = true,
                Some(Err(status)) => {
                    this.ended = true;
                    let call = status::Call::named("the stream");
                    return Poll::Ready(Err(io::Error::other(status::explain(call, &this.connection, &status))));
                }
            }
        }
        let count = this.current.len().min(buf.remaining());
        buf.put_slice(&this.current.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for FrameStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.outgoing).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.outgoing).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.outgoing).poll_shutdown(cx)
    }
}
