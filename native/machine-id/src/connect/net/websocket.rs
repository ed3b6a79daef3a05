//! A byte stream in the binary messages of a WebSocket (RFC 6455), as proxies from 16 on carry TLS through a balancer
//! (protocol D1).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Sink, Stream};
use hyper::body::Bytes;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_websockets::{ClientBuilder, Error, Limits, Message, WebSocketStream};

use super::stream::Duplex;

/// What a server adds to the key before it is hashed (RFC 6455, 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Longest message that is read: TLS records have 16 KiB, and servers write what they are given at once.
const LONGEST: usize = 1 << 20;
/// Longest message that is written: one frame, since Teleport's server knows no others.
const WRITTEN: usize = 64 << 10;

/// A handshake's key: a nonce of 16 bytes.
pub(in crate::connect) fn key() -> String {
    STANDARD.encode(fastrand::u128(..).to_be_bytes())
}

/// What a server that speaks WebSocket answers to a key.
pub(in crate::connect) fn accept(key: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes()))
}

/// The stream inside.
pub(in crate::connect) struct Messages<S> {
    inner: WebSocketStream<S>,
    current: Bytes,
    /// The server has said that it ends here.
    closed: bool,
}

impl<S: Duplex> Messages<S> {
    /// After the handshake.
    pub(in crate::connect) fn new(stream: S) -> Self {
        let limits = Limits::default().max_payload_len(Some(LONGEST));
        Self { inner: ClientBuilder::new().limits(limits).take_over(stream), current: Bytes::new(), closed: false }
    }
}

impl<S: Duplex> AsyncRead for Messages<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Pings are answered by the library when it is polled.
        while self.current.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
                Some(Ok(message)) if message.is_binary() => self.current = message.into_payload().into(),
                // Polled on, so that it is acknowledged.
                Some(Ok(message)) => self.closed |= message.is_close(),
                Some(Err(error)) if !self.closed => return Poll::Ready(Err(broken(error))),
                Some(Err(_)) | None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.current.len().min(buffer.remaining());
        buffer.put_slice(&self.current.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<S: Duplex> AsyncWrite for Messages<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.inner).poll_ready(cx)).map_err(broken)?;
        let bytes = bytes.get(..WRITTEN).unwrap_or(bytes);
        let message = Message::binary(Bytes::copy_from_slice(bytes));
        Pin::new(&mut self.inner).start_send(message).map_err(broken)?;
        // As on a socket, what is written goes out without being asked for; if not all of it can now, the next call or
        // the reader sees to it.
        if let Poll::Ready(flushed) = Pin::new(&mut self.inner).poll_flush(cx) {
            flushed.map_err(broken)?;
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx).map_err(broken)
    }
}

fn broken(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_websockets::ServerBuilder;

    use super::*;

    fn pair() -> (Messages<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (ours, theirs) = duplex(4096);
        (Messages::new(ours), ServerBuilder::new().serve(theirs))
    }

    async fn next(server: &mut WebSocketStream<DuplexStream>) -> Option<Message> {
        std::future::poll_fn(|cx| Pin::new(&mut *server).poll_next(cx)).await.map(Result::unwrap)
    }

    async fn send(server: &mut WebSocketStream<DuplexStream>, message: Message) {
        std::future::poll_fn(|cx| Pin::new(&mut *server).poll_ready(cx)).await.unwrap();
        Pin::new(&mut *server).start_send(message).unwrap();
        std::future::poll_fn(|cx| Pin::new(&mut *server).poll_flush(cx)).await.unwrap();
    }

    #[test]
    fn the_answer_to_a_key_is_that_of_the_rfc() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_ne!(key(), key());
    }

    #[tokio::test]
    async fn bytes_come_through_whatever_messages_they_are_in() {
        let (mut ours, mut server) = pair();
        let served = tokio::spawn(async move {
            let mut got = Vec::new();
            while got.len() < 200_000 {
                got.extend_from_slice(next(&mut server).await.unwrap().as_payload());
            }
            send(&mut server, Message::ping("Teleport")).await;
            for part in [&b"an"[..], b"", b"swer"] {
                send(&mut server, Message::binary(Bytes::copy_from_slice(part))).await;
            }
            send(&mut server, Message::close(None, "")).await;
            while next(&mut server).await.is_some() {}
            got
        });
        let sent: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        ours.write_all(&sent).await.unwrap();
        ours.flush().await.unwrap();
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"answer");
        assert_eq!(served.await.unwrap(), sent);
    }

    #[tokio::test]
    async fn what_is_no_websocket_ends_in_an_error() {
        let (ours, mut theirs) = duplex(4096);
        theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let error = Messages::new(ours).read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
}
