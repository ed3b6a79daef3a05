//! A client's connection as hyper takes it, and what went through counted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Buf, Bytes};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::metrics::Carried;
use crate::tunnel::client::Client;

/// A client's connection.
pub(super) struct ClientIo {
    client: Client,
    carried: Carried,
    /// Read, and not taken yet.
    ahead: Bytes,
}

impl ClientIo {
    pub(super) fn new(client: Client, carried: Carried) -> Self {
        Self { client, carried, ahead: Bytes::new() }
    }

    /// The connection itself, and what was read ahead.
    pub(super) fn into_parts(self) -> (Client, Carried, Bytes) {
        (self.client, self.carried, self.ahead)
    }
}

impl Read for ClientIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            let read = ready!(self.client.poll_read(context))?;
            self.carried.sent(read.len());
            self.ahead = Bytes::from(read);
        }
        let count = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(self.ahead.get(..count).unwrap_or_default());
        self.ahead.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl Write for ClientIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = ready!(self.client.poll_write(context, bytes))?;
        self.carried.received(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.client.end_writing();
        Poll::Ready(Ok(()))
    }
}
