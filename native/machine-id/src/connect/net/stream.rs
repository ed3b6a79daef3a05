//! The byte streams that protocols are run over.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use rustls::Error as TlsError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

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

/// The TLS error inside an I/O error, if it is one.
pub(crate) fn tls_error(error: &std::io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref::<TlsError>()
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

impl<S: AsyncRead + Unpin> Watched<S> {
    /// A failed write says less than what is still unread: the alert with which the peer took leave. HTTP/2 reads no
    /// more once a write has failed, so that it is done here.
    fn explained<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        /// More than a server sends before it refuses a certificate.
        const READS: usize = 16;
        let Poll::Ready(Err(failed)) = &result else { return result };
        let mut scratch = [0; 4096];
        for _ in 0..READS {
            let mut unread = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.inner).poll_read(cx, &mut unread) {
                Poll::Ready(Ok(())) if !unread.filled().is_empty() => {}
                Poll::Ready(Err(error)) if tls_error(&error).is_some() => {
                    self.ending.note_error(&error);
                    break;
                }
                _ => break,
            }
        }
        self.ending.note_error(failed);
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.explained(cx, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        self.explained(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    /// The peer has refused our certificate and reset the connection: writing fails, the alert is still to be read.
    struct Refused {
        unread: Vec<io::Result<Vec<u8>>>,
    }

    impl AsyncRead for Refused {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            match self.unread.pop() {
                Some(Ok(bytes)) => buf.put_slice(&bytes),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Pending,
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Refused {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn the_alert_behind_a_failed_write_is_the_cause() {
        let alert = TlsError::AlertReceived(rustls::AlertDescription::UnknownCA);
        let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
        let (mut stream, ending) = Watched::new(Refused { unread: vec![Err(alert), Ok(vec![1; 100])] });
        stream.write_all(b"PRI").await.unwrap_err();
        assert!(matches!(ending.get(), Some(Ended::Tls(TlsError::AlertReceived(_)))), "{ending:?}");
    }

    #[tokio::test]
    async fn without_an_alert_the_failed_write_is_the_cause() {
        let (mut stream, ending) = Watched::new(Refused { unread: Vec::new() });
        stream.write_all(b"PRI").await.unwrap_err();
        assert!(matches!(ending.get(), Some(Ended::Io(_))), "{ending:?}");
    }
}
