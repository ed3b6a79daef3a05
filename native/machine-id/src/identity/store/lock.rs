//! The file lock that keeps two processes from renewing one identity.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::error::StoreError;

/// A lock that is held until this is dropped, or the process ends.
#[derive(Debug)]
pub(super) struct HeldLock {
    _flock: Flock<File>,
}

impl HeldLock {
    /// `flock(2)` can't wait for a limited time, so this tries, pauses, tries again.
    pub(super) fn take(mut file: File, path: &Path, wait: Duration) -> Result<Self, StoreError> {
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_millis(5);
        loop {
            let errno = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(flock) => return Ok(Self { _flock: flock }),
                Err((same, errno)) => {
                    file = same;
                    errno
                }
            };
            match errno {
                Errno::EINTR => {}
                Errno::EWOULDBLOCK if waited < wait => {
                    let step = pause.min(wait.saturating_sub(waited));
                    std::thread::park_timeout(step);
                    waited = waited.saturating_add(step);
                    pause = pause.saturating_mul(2).min(Duration::from_millis(100));
                }
                Errno::EWOULDBLOCK => return Err(StoreError::Busy { path: path.to_owned(), waited: wait }),
                other => return Err(StoreError::disk("lock", path, other.into())),
            }
        }
    }
}
