//! One SSH connection.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::link::Host;
use super::server::Shared;
use super::wire::{CONNECTED, HELLO, LONGEST, REFUSED, Request, text};
use crate::connect::{ConnectError, Receiving, SshTransport};
use crate::error::{Code, Error};
use crate::proxy::{Destination, resolve};

/// How long a client may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(10);
/// How long a host may go on after ssh has gone.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long ssh may take to leave by itself when its host has ended.
const LEAVING: Duration = Duration::from_millis(200);

/// Serves one connection to the socket until either side ends.
pub(super) async fn run(shared: Arc<Shared>, mut stream: UnixStream) {
    let asked = async {
        stream.write_all(&[HELLO]).await?;
        receive(&stream).await
    };
    let (request, stderr) = match timeout(REQUEST, asked).await {
        Ok(Ok(asked)) => asked,
        Ok(Err(error)) => return tracing::debug!("a client left before it said what it wants: {error}"),
        Err(_) => return tracing::debug!("a client didn't say what it wants"),
    };
    match connect(&shared, request.as_ref()).await {
        Ok((host, _place)) => {
            let name = request.map_or_else(String::new, |request| request.host);
            if stream.write_all(&[CONNECTED]).await.is_ok()
                && let Err(error) = carry(&mut stream, host).await
            {
                // Told while the socket is still open: ssh ends with it, and what is said later is for nobody.
                tracing::info!(host = name, "an SSH connection was cut: {error}");
                tell(stderr, &format!("machine-id: the connection to {name} was cut: {error}\r\n"));
            }
        }
        Err(error) => {
            tracing::debug!("an SSH connection was refused: {error}");
            let reply = [&[REFUSED][..], &text(&error.to_string())].concat();
            // Who doesn't wait for the answer doesn't need it.
            let _ = stream.write_all(&reply).await;
        }
    }
}

async fn connect(
    shared: &Shared,
    request: Option<&Request>,
) -> Result<(Host, tokio::sync::OwnedSemaphorePermit), Error> {
    let request = request.ok_or_else(|| Error::new(Code::RequestInvalid, "the host's name makes no sense", ""))?;
    let place = Arc::clone(&shared.switch.places).try_acquire_owned().map_err(|_| {
        Error::new(
            Code::RequestInvalid,
            format!("no further SSH connection to {}: this agent carries as many as it may", request.host),
            "end some, or make fewer at a time",
        )
    })?;
    let link = shared.link();
    let Request { cluster, host, port } = request;
    let target = resolve(&Destination { host, port: *port, cluster, proxy_host: link.proxy_host() })?;
    Ok((link.open(&target).await?, place))
}

/// The request, none if it makes no sense, and the client's standard error, if it came along.
pub(super) async fn receive(stream: &UnixStream) -> io::Result<(Option<Request>, Option<OwnedFd>)> {
    let mut bytes = Vec::new();
    let mut stderr = None;
    loop {
        let mut buffer = [0_u8; LONGEST + 2];
        let count = stream.async_io(Interest::READABLE, || read_with(stream, &mut buffer, &mut stderr)).await?;
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((length, rest)) = bytes.split_at_checked(2) else { continue };
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length > LONGEST || rest.len() > length {
            return Ok((None, stderr));
        }
        if rest.len() == length {
            return Ok((Request::parse(rest), stderr));
        }
    }
}

fn read_with(stream: &UnixStream, buffer: &mut [u8], descriptor: &mut Option<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received =
        recvmsg(stream.as_fd(), &mut [io::IoSliceMut::new(buffer)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            *descriptor = descriptors.last().or(descriptor.take());
        }
    }
    Ok(received.bytes)
}

/// An error: it was ssh that wanted to go on.
async fn carry(stream: &mut UnixStream, host: Host) -> Result<(), ConnectError> {
    let Host { outgoing, mut incoming, place: _place } = host;
    let (from_ssh, to_ssh) = stream.split();
    let up = send(from_ssh, outgoing);
    tokio::pin!(up);
    tokio::select! {
        delivered = deliver(&mut incoming, to_ssh) => {
            delivered?;
            // A host waits for ssh to leave. Where it doesn't, as when the proxy is told to end, ssh would only see
            // that it is alone.
            timeout(LEAVING, up).await.map_err(|_| incoming.ended())
        }
        // ssh never closes only its half: it is gone, and the host's farewell is for nobody.
        () = &mut up => {
            let _ = timeout(FAREWELL, drain(&mut incoming)).await;
            Ok(())
        }
    }
}

/// Ends when ssh is gone. A buffer is only taken when there is something to read: most sessions wait most of the time.
async fn send(from_ssh: ReadHalf<'_>, outgoing: mpsc::Sender<Bytes>) {
    loop {
        // None: the host listens no more, and only ssh's end is of interest.
        let place = outgoing.reserve().await.ok();
        if from_ssh.readable().await.is_err() {
            return;
        }
        let mut payload = Vec::with_capacity(SshTransport::LONGEST);
        match (from_ssh.try_read_buf(&mut payload), place) {
            (Ok(0), _) => return,
            (Ok(_), Some(place)) => place.send(Bytes::from(payload)),
            (Err(error), _) if error.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}

/// Ends with the host's stream, or when ssh is gone.
async fn deliver(incoming: &mut Receiving, mut to_ssh: WriteHalf<'_>) -> Result<(), ConnectError> {
    while let Some(payload) = incoming.next().await {
        if to_ssh.write_all(&payload?).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn drain(incoming: &mut Receiving) {
    while let Some(Ok(_)) = incoming.next().await {}
}

/// Writes a line where ssh writes its own, unless nobody reads there.
fn tell(stderr: Option<OwnedFd>, line: &str) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let Some(stderr) = stderr else { return };
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
    // A pipe that is ready takes this much without blocking.
    let line = line.as_bytes().get(..line.len().min(1024)).unwrap_or_default();
    if poll(&mut ready, Some(&now)).is_ok_and(|count| count > 0) {
        let _ = rustix::io::write(&stderr, line);
    }
}
