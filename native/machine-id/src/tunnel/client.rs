//! A client's connection, by TCP or by a Unix socket.

use std::future::poll_fn;
use std::io;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};

use crate::local::peer::{self, LONGEST, Seen};
use crate::local::quota::{Permit, lock};
use crate::local::threads::Lane;

/// A client's connection. Its place is given back when it is closed.
#[derive(Debug)]
pub(super) enum Client {
    Tcp(TcpStream, Mutex<Option<Permit>>),
    /// Into which a client may put more than bytes.
    Unix(peer::Client),
}

impl Client {
    pub(super) fn tcp(stream: TcpStream, permit: Permit) -> Self {
        // It can only fail on what is no socket.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream, Mutex::new(Some(permit)))
    }

    pub(super) fn unix(stream: UnixStream, lane: Lane, permit: Permit) -> Self {
        Self::Unix(peer::Client::new(stream, lane, permit))
    }

    /// The next bytes; none: its end. A buffer is only taken when there is something to read: most connections wait most
    /// of the time.
    pub(super) async fn read(&self) -> io::Result<Vec<u8>> {
        poll_fn(|context| self.poll_read(context)).await
    }

    /// The next bytes, as [`Self::read`] has them.
    pub(super) fn poll_read(&self, context: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        loop {
            match self {
                Self::Tcp(stream, _) => ready!(stream.poll_read_ready(context))?,
                Self::Unix(client) => ready!(client.stream()?.poll_read_ready(context))?,
            }
            match self.try_read() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }

    fn try_read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Tcp(stream, _) => {
                let mut bytes = Vec::with_capacity(LONGEST);
                stream.try_read_buf(&mut bytes)?;
                Ok(bytes)
            }
            Self::Unix(client) => bytes_of(client.try_read()?),
        }
    }

    /// Writes as much as there is room for.
    pub(super) fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let written = match self {
                Self::Tcp(stream, _) => {
                    ready!(stream.poll_write_ready(context))?;
                    stream.try_write(bytes)
                }
                Self::Unix(client) => {
                    let stream = client.stream()?;
                    ready!(stream.poll_write_ready(context))?;
                    stream.try_write(bytes)
                }
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Unix(client) => client.write_all(bytes).await,
            Self::Tcp(stream, _) => {
                while !bytes.is_empty() {
                    let count = stream.async_io(Interest::WRITABLE, || stream.try_write(bytes)).await?;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                Ok(())
            }
        }
    }

    /// Nothing more comes from the other side.
    pub(super) fn end_writing(&self) {
        use rustix::net::{Shutdown, shutdown};
        // It may have left already.
        let _ = match self {
            Self::Tcp(stream, _) => shutdown(stream, Shutdown::Write),
            Self::Unix(client) => client.stream().map_or(Ok(()), |stream| shutdown(stream, Shutdown::Write)),
        };
    }

    /// Closes it so that its client doesn't take this for an end that the other side meant. (A Unix socket knows no such
    /// thing: its client sees that the protocol isn't at an end.)
    pub(super) fn reset(self) {
        if let Self::Tcp(stream, permit) = self {
            let _ = stream.set_zero_linger();
            drop(stream);
            drop(lock(&permit).take());
        }
    }
}

fn bytes_of(seen: Seen) -> io::Result<Vec<u8>> {
    match seen {
        Seen::Bytes(bytes) => Ok(bytes),
        Seen::Descriptors => Err(io::Error::other("a client of a tunnel passes descriptors")),
    }
}
