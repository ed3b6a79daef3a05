//! One writer at a time, across threads and processes.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, openat};
use nix::sys::stat::{Mode, fstat};

use super::entry::{kind, kind_of, link};
use super::{DestinationError, names};
use crate::blocking;

/// The lock, let go on drop. It is a file of its own that readers can't open, so that they can't hold us up.
#[derive(Debug)]
pub struct DirectoryLock {
    file: Option<Flock<File>>,
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        self.file.take().and_then(let_go);
    }
}

/// Gives the open file back, unless it had to be closed.
fn let_go(held: Flock<File>) -> Option<File> {
    let descriptor = held.as_raw_fd();
    match held.unlock() {
        Ok(file) => Some(file),
        Err((held, errno)) => {
            // nix would panic. Closing the descriptor lets go as well.
            std::mem::forget(held);
            let closed = nix::unistd::close(descriptor);
            tracing::warn!(%errno, ?closed, "a lock was let go by closing its file");
            None
        }
    }
}

/// A lock for a part of what is in a directory, which all threads and processes take that use this part. Its file
/// stays open, since it is taken often.
#[derive(Debug)]
pub struct PartLock {
    name: String,
    /// Keeps this process's threads from polling for the file's lock.
    file: Mutex<Option<File>>,
}

/// A [`PartLock`] that is held, let go on drop.
#[derive(Debug)]
pub struct HeldPart<'a> {
    lock: Option<Flock<File>>,
    file: MutexGuard<'a, Option<File>>,
}

impl PartLock {
    /// The lock of part `part`.
    #[must_use]
    pub fn new(part: char) -> Self {
        Self { name: format!("{}{part}", names::PART_LOCK), file: Mutex::new(None) }
    }

    pub(super) fn take(&self, directory: &File, path: &Path, wait: Duration) -> Result<HeldPart<'_>, DestinationError> {
        // Another thread may hold it while it waits for a disk that hangs: no longer a wait than for another process.
        let mut file = patiently(path, wait, || match self.file.try_lock() {
            Ok(file) => Ok(Some(file)),
            Err(TryLockError::Poisoned(file)) => Ok(Some(file.into_inner())),
            Err(TryLockError::WouldBlock) => Ok(None),
        })?;
        loop {
            let opened = file.take().map_or_else(|| open(directory, path, &self.name), Ok)?;
            let held = hold(opened, path, wait)?;
            // Deleted: others would take another file of this name.
            let stat = fstat(&*held).map_err(DestinationError::io("read", path))?;
            if stat.st_nlink > 0 {
                return Ok(HeldPart { lock: Some(held), file });
            }
        }
    }
}

impl Drop for HeldPart<'_> {
    fn drop(&mut self) {
        let Some(held) = self.lock.take() else { return };
        *self.file = let_go(held);
    }
}

/// How long to wait between two tries: from the first to all after the seventh.
const PAUSES: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(5)];

pub(super) fn take(
    directory: &File,
    path: &Path,
    name: &str,
    wait: Duration,
) -> Result<DirectoryLock, DestinationError> {
    let held = hold(open(directory, path, name)?, path, wait)?;
    Ok(DirectoryLock { file: Some(held) })
}

fn open(directory: &File, path: &Path, name: &str) -> Result<File, DestinationError> {
    let lock_path = path.join(name);
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let file = match openat(directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(file) => File::from(file),
        Err(Errno::ELOOP) => return Err(link(directory, name, lock_path)),
        Err(errno) => return Err(DestinationError::io("opened", &lock_path)(errno)),
    };
    let stat = fstat(&file).map_err(DestinationError::io("read", &lock_path))?;
    if kind(&stat) != nix::sys::stat::SFlag::S_IFREG {
        return Err(DestinationError::NotAFile { path: lock_path, seen: kind_of(&stat) });
    }
    Ok(file)
}

fn hold(file: File, path: &Path, wait: Duration) -> Result<Flock<File>, DestinationError> {
    let mut free = Some(file);
    patiently(path, wait, || {
        let Some(file) = free.take() else { return Ok(None) };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Some(held)),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) => {
                free = Some(back);
                Ok(None)
            }
            Err((_, errno)) => Err(DestinationError::io("locked", path)(errno)),
        }
    })
}

/// Tries until it works, for as long as `wait`; blocks the thread.
fn patiently<T>(
    path: &Path,
    wait: Duration,
    mut attempt: impl FnMut() -> Result<Option<T>, DestinationError>,
) -> Result<T, DestinationError> {
    let mut waited = Duration::ZERO;
    let [mut pause, longest] = PAUSES;
    loop {
        if let Some(done) = attempt()? {
            return Ok(done);
        }
        if waited >= wait {
            return Err(DestinationError::Busy { path: path.to_owned(), waited });
        }
        blocking::pause(pause);
        waited += pause;
        pause = (pause * 2).min(longest);
    }
}
