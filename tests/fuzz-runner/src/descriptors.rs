//! What a client of the multiplexer may pass: messages with descriptors of every kind, over a real socket pair.
//!
//! An input is a list of messages: how many descriptors, their kinds, how many bytes, the bytes. What counts is that the
//! runtime goes on meanwhile, whatever is behind a descriptor.
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time")]

use std::fs::OpenOptions;
use std::io::{IoSlice, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use machine_id::fuzzing;
use nix::libc;
use nix::sys::epoll::{Epoll, EpollCreateFlags};
use nix::sys::eventfd::EventFd;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg, setsockopt, sockopt::Linger};
use tokio::runtime::{Builder, Runtime};

/// An input is given up after that, as when a lease ends.
const PATIENCE: Duration = Duration::from_millis(100);
/// The runtime must not stand still for that long, on a busy machine.
const HELD_UP: Duration = Duration::from_millis(1500);
/// Most that one message takes.
const MOST: usize = 253;

/// A descriptor to be passed, and what must stay open so that it is what it is.
type Made = std::io::Result<(OwnedFd, Vec<OwnedFd>)>;

const KINDS: &[fn() -> Made] = &[
    || nix::unistd::pipe().map(|(read, write)| (write, vec![read])).map_err(Into::into),
    || nix::unistd::pipe().map(|(read, write)| (read, vec![write])).map_err(Into::into),
    || nix::unistd::pipe().map(|(_, write)| (write, vec![])).map_err(Into::into),
    full_pipe,
    || terminal(0),
    || terminal(1 << 20),
    || UnixStream::pair().map(|(one, other)| (one.into(), vec![other.into()])),
    || UnixStream::pair().map(|(one, _)| (one.into(), vec![])),
    || UnixDatagram::pair().map(|(one, other)| (one.into(), vec![other.into()])),
    lingering,
    || TcpListener::bind("127.0.0.1:0").map(|listener| (listener.into(), vec![])),
    || file("/dev/shm", libc::O_TMPFILE | libc::O_EXCL, true),
    || file("/etc/passwd", 0, false),
    || file("/etc/passwd", libc::O_PATH, false),
    || file("/", libc::O_DIRECTORY, false),
    || file("/dev/null", 0, true),
    || file("/dev/full", 0, true),
    || file("/proc/self/comm", 0, true),
    || Ok((Epoll::new(EpollCreateFlags::empty())?.0, vec![])),
    || Ok((EventFd::new()?.into(), vec![])),
    || Ok((memfd_create(c"fuzz", MFdFlags::empty())?, vec![])),
];

fn file(path: &str, flags: i32, write: bool) -> Made {
    let file = OpenOptions::new().read(true).write(write).custom_flags(flags).open(path)?;
    Ok((file.into(), vec![]))
}

fn full_pipe() -> Made {
    let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_NONBLOCK)?;
    while nix::unistd::write(&write, &[0; 4096]).is_ok() {}
    Ok((write, vec![read]))
}

/// With so many bytes in it, or as many as it takes.
fn terminal(bytes: usize) -> Made {
    let pair = nix::pty::openpty(None, None)?;
    nix::fcntl::fcntl(&pair.slave, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK))?;
    let mut left = bytes;
    while left > 0 && nix::unistd::write(&pair.slave, &[b'x'; 1024]).is_ok() {
        left = left.saturating_sub(1024);
    }
    nix::fcntl::fcntl(&pair.slave, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::empty()))?;
    Ok((pair.slave, vec![pair.master]))
}

/// Its last `close` waits for the peer, which doesn't read.
fn lingering() -> Made {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut socket = TcpStream::connect(listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    socket.set_nonblocking(true)?;
    while socket.write(&[0; 1 << 16]).is_ok() {}
    setsockopt(&socket, Linger, &libc::linger { l_onoff: 1, l_linger: 3600 })?;
    Ok((socket.into(), vec![peer.into()]))
}

/// Reads one message's worth of the input.
fn message<'a>(input: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8], MsgFlags)> {
    let (count, rest) = input.split_first()?;
    let urgent = if count & 0x80 == 0 { MsgFlags::empty() } else { MsgFlags::MSG_OOB };
    let (kinds, rest) = rest.split_at(usize::from(count & 0x7f).min(rest.len()));
    let (length, rest) = rest.split_first()?;
    let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    *input = rest;
    Some((kinds, bytes, urgent | MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL))
}

/// What was passed is closed here; what must stay open is given back.
fn send(to: &UnixStream, kinds: &[u8], bytes: &[u8], flags: MsgFlags) -> Vec<OwnedFd> {
    let (mut passed, mut kept) = (Vec::new(), Vec::new());
    for kind in kinds.iter().take(MOST) {
        let made = match KINDS.get(usize::from(*kind) % (KINDS.len() + 1)) {
            Some(make) => make(),
            // The connection itself.
            None => to.try_clone().map(|same| (same.into(), vec![])),
        };
        if let Ok((one, rest)) = made {
            passed.push(one);
            kept.extend(rest);
        }
    }
    // Without a byte nothing is passed on a stream.
    let bytes = if bytes.is_empty() { &[0] } else { bytes };
    let numbers: Vec<_> = passed.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &[][..] } else { &rights };
    if sendmsg::<()>(to.as_raw_fd(), &[IoSlice::new(bytes)], rights, flags, None).is_err() {
        // They are closed here, then, and mustn't hold up this thread.
        for descriptor in &passed {
            let _ = setsockopt(descriptor, Linger, &libc::linger { l_onoff: 0, l_linger: 0 });
        }
    }
    kept
}

/// Sends the messages, and lets the server's side read them.
pub(crate) fn run(mut input: &[u8]) {
    static RUNTIME: LazyLock<Option<Runtime>> =
        LazyLock::new(|| Builder::new_current_thread().enable_all().build().ok());
    let (Some(runtime), Ok((ours, theirs))) = (&*RUNTIME, UnixStream::pair()) else { return };
    let mut kept = Vec::new();
    let stays = input.len().is_multiple_of(4);
    runtime.block_on(async {
        let read = fuzzing::socket_request(ours);
        let write = async {
            while let Some((kinds, bytes, flags)) = message(&mut input) {
                kept.extend(send(&theirs, kinds, bytes, flags));
                tokio::task::yield_now().await;
            }
            // Else it is there until the end, and says no more.
            if !stays {
                drop(theirs);
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(PATIENCE, async { tokio::join!(read, write) }) => {}
            () = never_held_up() => {}
        }
    });
}

async fn never_held_up() {
    loop {
        let before = Instant::now();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(before.elapsed() < HELD_UP, "the runtime stood still for {:?}", before.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_made_and_passed() {
        for (number, make) in KINDS.iter().enumerate() {
            let (one, kept) = make().unwrap_or_else(|error| panic!("kind {number}: {error}"));
            // The peer first: else this thread is held up.
            drop(kept);
            drop(one);
        }
        let request = b"\0\x0cexample.test\n22\nnode1";
        for kind in 0..=u8::try_from(KINDS.len()).unwrap() {
            let mut input = vec![2, kind, kind, u8::try_from(request.len()).unwrap()];
            input.extend_from_slice(request);
            input.extend_from_slice(&[0x81, kind, 3, b'S', b'S', b'H']);
            run(&input);
        }
    }
}
