//! The byte streams that protocols are run over.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::Error as TlsError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::tls::tls_error;

/// Anything that bytes go through both ways.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A stream whose kind doesn't matter any more: TCP, TLS, an upgraded HTTP connection, frames of a gRPC stream.
pub(crate) type Pipe = Box<dyn Duplex>;

/// How a connection ended, kept because HTTP/2 turns the cause into text.
#[derive(Clone, Default)]
pub(crate) struct Ending(Arc<Mutex<Option<Ended>>>);

/// The cause of a connection's end.
#[derive(Clone, Debug)]
pub(crate) enum Ended {
    /// TLS refused.
    Tls(TlsError),
    /// The peer closed.
    Closed,
    /// The system's words.
    Io(String),
}

impl Ending {
    pub(crate) fn get(&self) -> Option<Ended> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, ended: Ended) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(ended);
    }

    fn note_error(&self, error: &io::Error) {
        self.note(match tls_error(error) {
            Some(tls) => Ended::Tls(tls.clone()),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Ended::Closed,
            None => Ended::Io(error.to_string()),
        });
    }
}

impl fmt::Debug for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A stream that notes how it ended.
pub(crate) struct Watched<S> {
    inner: S,
    ending: Ending,
}

impl<S> Watched<S> {
    pub(crate) fn new(inner: S) -> (Self, Ending) {
        let ending = Ending::default();
        (Self { inner, ending: ending.clone() }, ending)
    }

    fn noted<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            self.ending.note_error(error);
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        if matches!(result, Poll::Ready(Ok(()))) && buf.filled().len() == before && buf.remaining() > 0 {
            self.ending.note(Ended::Closed);
        }
        self.noted(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        // A failed write says less than the read that follows it: the alert is still unread.
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
