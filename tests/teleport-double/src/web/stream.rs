//! Connections as byte streams, with a fuse for faults.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a connection is made of, whatever it runs through.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}

/// Any connection.
pub(crate) type Io = Box<dyn Stream>;

/// A TCP connection that is reset once the server has written `budget` bytes.
#[derive(Debug)]
pub(crate) struct Fused {
    tcp: TcpStream,
    budget: Option<usize>,
}

impl Fused {
    pub(crate) fn new(tcp: TcpStream, budget: Option<usize>) -> Self {
        Self { tcp, budget }
    }
}

impl AsyncRead for Fused {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Fused {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let Some(budget) = self.budget else {
            return Pin::new(&mut self.tcp).poll_write(cx, data);
        };
        if budget == 0 {
            // Closing with a zero linger time sends a reset.
            let _ = self.tcp.set_zero_linger();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let part = data.get(..data.len().min(budget)).unwrap_or(data);
        let written = Pin::new(&mut self.tcp).poll_write(cx, part);
        if let Poll::Ready(Ok(count)) = written {
            self.budget = Some(budget - count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
