//! One writer at a time, across threads and processes.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, openat};
use nix::sys::stat::{Mode, fstat};

use super::directory::kind;
use super::file::{kind_of, link};
use super::{DestinationError, names};

/// The lock, let go on drop. It is a file of its own that readers can't open, so that they can't hold us up.
#[derive(Debug)]
pub struct DirectoryLock {
    file: Option<Flock<File>>,
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        let Some(held) = self.file.take() else { return };
        let descriptor = held.as_raw_fd();
        if let Err((held, errno)) = held.unlock() {
            // nix would panic. Closing the descriptor lets go as well.
            std::mem::forget(held);
            let closed = nix::unistd::close(descriptor);
            tracing::warn!(%errno, ?closed, "a lock was let go by closing its file");
        }
    }
}

/// How long to wait between two tries: from the first to all after the seventh.
const PAUSES: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

pub(super) fn take(directory: &File, path: &Path, wait: Duration) -> Result<DirectoryLock, DestinationError> {
    let lock_path = path.join(names::LOCK);
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let file = match openat(directory, names::LOCK, flags, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(file) => File::from(file),
        Err(Errno::ELOOP) => return Err(link(directory, names::LOCK, lock_path)),
        Err(errno) => return Err(DestinationError::io("opened", &lock_path)(errno)),
    };
    let stat = fstat(&file).map_err(DestinationError::io("read", &lock_path))?;
    if kind(&stat) != nix::sys::stat::SFlag::S_IFREG {
        return Err(DestinationError::NotAFile { path: lock_path, seen: kind_of(&stat) });
    }
    hold(file, path, wait)
}

fn hold(mut file: File, path: &Path, wait: Duration) -> Result<DirectoryLock, DestinationError> {
    let mut waited = Duration::ZERO;
    let [mut pause, longest] = PAUSES;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => return Ok(DirectoryLock { file: Some(held) }),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) if waited < wait => {
                file = back;
                std::thread::sleep(pause);
                waited += pause;
                pause = (pause * 2).min(longest);
            }
            Err((_, Errno::EWOULDBLOCK | Errno::EINTR)) => {
                return Err(DestinationError::Busy { path: path.to_owned(), waited });
            }
            Err((_, errno)) => return Err(DestinationError::io("locked", path)(errno)),
        }
    }
}
