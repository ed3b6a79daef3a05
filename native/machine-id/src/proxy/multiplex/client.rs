//! The side of the ProxyCommand: no runtime, no files, nothing that takes time to start.

use std::io::{self, IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, getsockname, socket,
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::tbots;
use super::wire::{CONNECTED, HELLO, REFUSED, Request, SOCKET, read_text};

/// How long a live server may take to accept.
const ACCEPT: Duration = Duration::from_secs(2);
/// How long it may take to connect to the host: longer than it gives itself.
const DIAL: Duration = Duration::from_secs(60);
/// Longest path that fits into a socket's address.
const LONGEST_PATH: usize = 107;

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// The connection to the host.
    Connected(UnixStream),
    /// Why there is none.
    Refused(String),
    /// Nobody serves the socket: whoever asks has to connect by itself.
    Absent,
}

/// Asks the server of `directory` for a host, by the names that ssh has. Messages about the connection's later fate go
/// to `stderr`.
#[must_use]
pub fn connect(directory: &Path, cluster: &str, host: &str, port: u16, stderr: BorrowedFd<'_>) -> Answer {
    let request = Request { cluster: cluster.to_owned(), host: host.to_owned(), port };
    let Ok(mut stream) = open(directory) else { return Answer::Absent };
    match ask(&mut stream, &request, stderr) {
        Ok(answer) => answer.map_or(Answer::Connected(stream), Answer::Refused),
        Err(_) => Answer::Absent,
    }
}

/// Asks whoever serves tbot's socket at `path` for `target`, in tbot's words; what is said of the connection then is SSH.
/// Messages go to `stderr`.
///
/// # Errors
/// When nobody serves it.
pub fn connect_as_tbot(path: &Path, target: &str, stderr: BorrowedFd<'_>) -> io::Result<UnixStream> {
    let mut stream = connect_to(path)?;
    let request = tbots::said(target);
    // As its server reads it: the descriptor comes with the first byte.
    let sent = send_with(stream.as_fd(), &request, stderr)?;
    io::Write::write_all(&mut stream, request.get(sent..).unwrap_or_default())?;
    Ok(stream)
}

fn open(directory: &Path) -> io::Result<UnixStream> {
    let path = directory.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_PATH {
        return connect_to(&path);
    }
    use nix::fcntl::{OFlag, open};
    let handle = open(directory, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty())?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&handle);
    connect_to(Path::new(&format!("/proc/self/fd/{number}/{SOCKET}")))
}

/// Where so many wait that it would have to wait to be one of them, nobody serves.
fn connect_to(path: &Path) -> io::Result<UnixStream> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    nix::sys::socket::connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &UnixAddr::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// A text is a refusal.
pub(super) fn ask(stream: &mut UnixStream, request: &Request, stderr: BorrowedFd<'_>) -> io::Result<Option<String>> {
    let mut byte = [0_u8];
    stream.set_read_timeout(Some(ACCEPT))?;
    stream.read_exact(&mut byte)?;
    if byte != [HELLO] {
        return Err(io::Error::other("another version"));
    }
    let bytes = request.to_bytes();
    stream.set_write_timeout(Some(ACCEPT))?;
    let said = send_with(stream.as_fd(), &bytes, stderr)
        .and_then(|sent| io::Write::write_all(stream, bytes.get(sent..).unwrap_or_default()));
    stream.set_read_timeout(Some(DIAL))?;
    // Who refuses at once doesn't listen to the request.
    let answered = stream.read_exact(&mut byte);
    if byte != [REFUSED] || answered.is_err() {
        said?;
        answered?;
    }
    match byte {
        [CONNECTED] => {
            stream.set_read_timeout(None)?;
            stream.set_write_timeout(None)?;
            Ok(None)
        }
        [REFUSED] => read_text(stream).map(Some),
        _ => Err(io::Error::other("another version")),
    }
}

/// Whether `descriptor` is a socket that a descriptor can be passed over, as ssh's is with `ProxyUseFdpass`.
#[must_use]
pub fn takes_descriptors(descriptor: BorrowedFd<'_>) -> bool {
    let number = std::os::fd::AsRawFd::as_raw_fd(&descriptor);
    getsockname::<SockaddrStorage>(number).is_ok_and(|address| address.family() == Some(AddressFamily::Unix))
}

/// Passes `connection` over `to`, with the one byte that ssh expects.
///
/// # Errors
/// When the other side is gone.
pub fn hand_over(to: BorrowedFd<'_>, connection: BorrowedFd<'_>) -> io::Result<()> {
    send_with(to, &[0], connection).map(|_| ())
}

fn send_with(to: BorrowedFd<'_>, bytes: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    Ok(sendmsg(to, &[IoSlice::new(bytes)], &mut ancillary, SendFlags::NOSIGNAL)?)
}
