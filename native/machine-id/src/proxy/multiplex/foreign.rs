//! Descriptors of clients. What is behind one is the client's: writing to it, asking it and even closing it may take for
//! ever. All of that is done on [`crate::local::threads`], which the type sees to.

use std::io::{self, IoSliceMut, IsTerminal};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, FileType, FsWord, OFlags, PROC_SUPER_MAGIC, StatxFlags, fcntl_getfl, fstatfs, statx};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendFlags, SocketType, recvmsg, send, sockopt,
};
use tokio::time::timeout;

use super::limits::{HELD_UP, TELLING};
use super::wire::LONGEST;
use crate::local::peer::Client;
use crate::local::quota::{Permit, lock};
use crate::local::threads::Lane;

/// Longest line that is written to a client's standard error: a pipe that is ready takes it at once.
const LINE: usize = 1024;
/// `sysfs`, which rustix doesn't name.
const SYSFS_MAGIC: FsWord = 0x6265_6572;

/// A client's descriptor. It is closed on a thread that may be held up, wherever it is dropped; until then it takes its
/// session's place.
#[derive(Debug)]
pub(super) struct ForeignFd {
    /// None only while it is dropped.
    descriptor: Option<OwnedFd>,
    lane: Lane,
    permit: Arc<Permit>,
}

impl ForeignFd {
    fn new(descriptor: OwnedFd, client: &Client) -> Self {
        Self { descriptor: Some(descriptor), lane: client.lane().clone(), permit: Arc::clone(client.permit()) }
    }

    /// Writes a line to it, unless that takes long.
    pub(super) async fn tell(self, line: String) {
        let lane = self.lane.clone();
        let told = lane.ask(move || {
            if let Some(descriptor) = &self.descriptor {
                write(descriptor.as_fd(), &line);
            }
        });
        let _ = timeout(TELLING, told).await;
    }
}

impl Drop for ForeignFd {
    fn drop(&mut self) {
        let Some(descriptor) = self.descriptor.take() else { return };
        let permit = Arc::clone(&self.permit);
        self.lane.run(move || {
            // It would have to be asked for by the client, and then be waited for by us.
            let _ = sockopt::set_socket_linger(&descriptor, None);
            drop(descriptor);
            drop(permit);
        });
    }
}

/// A message that came with descriptors.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    /// What a line can be written to; none where what came is nothing of the kind.
    pub(super) stderr: Option<ForeignFd>,
    /// More than one came.
    pub(super) several: bool,
}

/// What became of a client that passes descriptors.
#[derive(Debug)]
pub(super) enum Taken {
    Message(Client, Message),
    /// All threads that the socket gets are held up.
    HeldUp(Client),
    /// It is held up itself, or left.
    Lost,
}

/// Takes the next message of a client, descriptors included.
pub(super) async fn take(client: Client) -> Taken {
    let lane = client.lane().clone();
    let waits = Arc::new(Mutex::new(Some(client)));
    let theirs = Arc::clone(&waits);
    let taken = lane.ask(move || {
        let client = lock(&theirs).take()?;
        receive(&client).ok().map(|message| (client, message))
    });
    let taken = timeout(HELD_UP, taken).await;
    let waiting = lock(&waits).take();
    match (taken, waiting) {
        (Ok(Some(Some((client, message)))), _) => Taken::Message(client, message),
        (_, Some(client)) => Taken::HeldUp(client),
        _ => Taken::Lost,
    }
}

/// Only on a thread that may be held up: what is not kept is closed here.
fn receive(client: &Client) -> io::Result<Message> {
    let mut buffer = [0_u8; LONGEST + 2];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let received = recvmsg(client.stream()?, &mut [IoSliceMut::new(&mut buffer)], &mut ancillary, flags)?;
    let mut descriptors = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(some) = message {
            descriptors.extend(some);
        }
    }
    let several = descriptors.len() > 1 || received.flags.contains(ReturnFlags::CTRUNC);
    let stderr = descriptors.pop().filter(|only| !several && takes_lines(only.as_fd()));
    Ok(Message {
        bytes: buffer.get(..received.bytes).unwrap_or_default().to_vec(),
        stderr: stderr.map(|descriptor| ForeignFd::new(descriptor, client)),
        several,
    })
}

/// Whether it may be a standard error: a pipe, a terminal, a file, a stream. A file system isn't made to ask its server.
fn takes_lines(descriptor: BorrowedFd<'_>) -> bool {
    let writable = fcntl_getfl(descriptor)
        .is_ok_and(|flags| !flags.contains(OFlags::PATH) && flags.intersects(OFlags::WRONLY | OFlags::RDWR));
    writable
        && match kind(descriptor) {
            Some(FileType::Fifo | FileType::CharacterDevice | FileType::RegularFile) => true,
            Some(FileType::Socket) => is_stream(descriptor),
            _ => false,
        }
}

fn kind(descriptor: BorrowedFd<'_>) -> Option<FileType> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let facts = statx(descriptor, c"", flags, StatxFlags::TYPE).ok()?;
    Some(FileType::from_raw_mode(facts.stx_mode.into()))
}

fn is_stream(descriptor: BorrowedFd<'_>) -> bool {
    sockopt::socket_type(descriptor).is_ok_and(|kind| kind == SocketType::STREAM)
        && sockopt::socket_acceptconn(descriptor).is_ok_and(|listens| !listens)
}

/// Whether what is written there is a command. Some of the kernel's files ask who writes, not who opened them.
fn is_command(descriptor: BorrowedFd<'_>) -> bool {
    match kind(descriptor) {
        Some(FileType::CharacterDevice) => !descriptor.is_terminal(),
        Some(FileType::RegularFile) => {
            fstatfs(descriptor).is_ok_and(|facts| [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&facts.f_type))
        }
        _ => false,
    }
}

/// Writes where ssh writes its own lines, unless nobody reads there.
fn write(descriptor: BorrowedFd<'_>, line: &str) {
    let line = line.as_bytes().get(..line.len().min(LINE)).unwrap_or_default();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let mut ready = [PollFd::new(&descriptor, PollFlags::OUT)];
    if is_command(descriptor) || !poll(&mut ready, Some(&now)).is_ok_and(|count| count > 0) {
        return;
    }
    if send(descriptor, line, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) == Err(Errno::NOTSOCK) {
        let _ = rustix::io::write(descriptor, line);
    }
}
