//! A client's connection, whatever the client puts into it.
//!
//! Descriptors can be passed in any message. Who reads a message without taking them, or closes a socket in which they
//! wait, is who closes them, and that may take for ever (a socket that lingers, a file on a file system that doesn't
//! answer). So nothing is read here before a look has shown that no descriptor comes with it, and a socket in which
//! something waits is closed on a thread that may be held up.

use std::io::{self, IoSliceMut};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;

use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recv, recvmsg, sockopt};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::limits::SOCKET_BUFFER;
use super::quota::Permit;
use super::threads::Lane;

/// Most bytes that are read at once: what comes fits into a record of TLS, and into a frame of a tunnel in gRPC.
pub(crate) const LONGEST: usize = (16 << 10) - 32;

/// What a look at a connection showed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Bytes, which were read; none: the client's end.
    Bytes(Vec<u8>),
    /// Descriptors come next; nothing was read.
    Descriptors,
}

/// A client's connection. Its place is given back when it is closed.
#[derive(Debug)]
pub(crate) struct Client {
    /// None only while it is dropped.
    stream: Option<UnixStream>,
    lane: Lane,
    permit: Arc<Permit>,
}

impl Client {
    pub(crate) fn new(stream: UnixStream, lane: Lane, permit: Permit) -> Self {
        // Urgent bytes are bytes like all others: else a read would throw them away, with the descriptors that came
        // along, after a look that didn't show them. Both options can only fail on what is no socket.
        let _ = sockopt::set_socket_oobinline(&stream, true);
        let _ = sockopt::set_socket_send_buffer_size(&stream, SOCKET_BUFFER);
        Self { stream: Some(stream), lane, permit: Arc::new(permit) }
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    pub(crate) fn permit(&self) -> &Arc<Permit> {
        &self.permit
    }

    pub(crate) fn stream(&self) -> io::Result<&UnixStream> {
        self.stream.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Waits until there is something to read.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.stream()?.readable().await
    }

    /// The next bytes, if no descriptors come with them.
    pub(crate) async fn read(&self) -> io::Result<Seen> {
        let stream = self.stream()?;
        stream.async_io(Interest::READABLE, || look_and_read(stream)).await
    }

    /// As [`Self::read`], without waiting.
    pub(crate) fn try_read(&self) -> io::Result<Seen> {
        let stream = self.stream()?;
        stream.try_io(Interest::READABLE, || look_and_read(stream))
    }

    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream()?;
        while !bytes.is_empty() {
            stream.writable().await?;
            match stream.try_write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The last that is said to a client that has just connected: it fits, or it isn't said.
    pub(crate) fn say(&self, bytes: &[u8]) {
        use rustix::net::{SendFlags, send};
        if let Ok(stream) = self.stream() {
            let _ = send(stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        }
    }
}

/// A look takes no reference that could be the last one: the message stays where it is.
fn look_and_read(stream: &UnixStream) -> io::Result<Seen> {
    let mut scratch = [0_u8; LONGEST];
    let (count, descriptors) = look(stream, &mut scratch)?;
    if descriptors {
        return Ok(Seen::Descriptors);
    }
    // No more than was seen: what has come since may bring descriptors.
    let mut bytes = vec![0; count];
    if count > 0 {
        let (_, read) = recv(stream, &mut bytes[..], RecvFlags::DONTWAIT)?;
        bytes.truncate(read);
    }
    Ok(Seen::Bytes(bytes))
}

fn look(stream: impl AsFd, scratch: &mut [u8]) -> io::Result<(usize, bool)> {
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    let seen = recvmsg(stream, &mut [IoSliceMut::new(scratch)], &mut RecvAncillaryBuffer::default(), flags)?;
    Ok((seen.bytes, seen.flags.contains(ReturnFlags::CTRUNC)))
}

/// Whether nothing waits in it, and nothing can come any more.
fn is_empty_for_ever(stream: impl AsFd) -> bool {
    rustix::net::shutdown(stream.as_fd(), rustix::net::Shutdown::Read).is_ok()
        // The first look may show that the client left without reading all.
        && (0..2).any(|_| matches!(look(stream.as_fd(), &mut [0]), Ok((0, false))))
}

impl Drop for Client {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        if is_empty_for_ever(&stream) {
            return;
        }
        let permit = Arc::clone(&self.permit);
        if let Ok(stream) = stream.into_std() {
            self.lane.run(move || {
                drop::<StdStream>(stream);
                drop(permit);
            });
        }
    }
}
