//! Work that blocks a thread: files, name look-ups, keys. All of it that async code needs goes through here, so that no
//! thread that serves the network ever waits for a disk.
//!
//! Each kind has places of its own among the threads, so that one that hangs, as on a network file system that is gone,
//! holds up its own kind alone. Who waits may be cut at any time: work that hasn't begun then never does, work that has
//! is finished, and keeps its place until then.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::{Code, Error};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What the identities are: their stores, tokens, proofs, CA files.
    Store,
    /// The lease table and the directories of leases, which may lie on any file system.
    Leases,
    /// Look-ups of names.
    Names,
    /// Making keys.
    Keys,
    /// Programs of others, run for what they print.
    Programs,
}

static STORE: Semaphore = Semaphore::const_new(2);
static LEASES: Semaphore = Semaphore::const_new(4);
static NAMES: Semaphore = Semaphore::const_new(2);
static KEYS: Semaphore = Semaphore::const_new(2);
static PROGRAMS: Semaphore = Semaphore::const_new(2);

/// How many threads for blocking work a runtime needs so that no kind takes another one's.
pub const THREADS: usize = 12;

impl Lane {
    const fn places(self) -> &'static Semaphore {
        match self {
            Self::Store => &STORE,
            Self::Leases => &LEASES,
            Self::Names => &NAMES,
            Self::Keys => &KEYS,
            Self::Programs => &PROGRAMS,
        }
    }
}

/// Has `work` done where it may block, and waits for it without blocking.
///
/// # Errors
/// Only when the work panics, or the runtime ends ([`Code::Cancelled`]).
pub async fn run<T: Send + 'static>(lane: Lane, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let unexpected = || Error::new(Code::Internal, "work on a thread of its own ended unexpectedly", "report this");
    let place = lane.places().acquire().await.map_err(|_| unexpected())?;
    #[expect(clippy::disallowed_methods, reason = "the one place from which such work is started")]
    let done = tokio::task::spawn_blocking(move || {
        let outcome = work();
        drop(place);
        outcome
    });
    // The runtime ends: what hasn't begun yet is left out.
    let cut = || Error::new(Code::Cancelled, "this process ends", "");
    done.await.map_err(|error| if error.is_cancelled() { cut() } else { unexpected() })
}

/// Has `work` done where it may block, and waits for nothing: for what is let go.
pub fn later(lane: Lane, work: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(run(lane, work))),
        Err(_) => work(),
    }
}

/// Waits on a thread of [`run`], or one that serves nothing else.
pub(crate) fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "never on a thread of the runtime")]
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_kind_that_hangs_holds_up_no_other_and_ends_the_waiting_of_nobody_who_is_cut() {
        let (go, wait) = mpsc::channel::<()>();
        let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
        // Names: no other unit test uses that lane.
        let hanging: Vec<_> = (0..2)
            .map(|_| {
                let wait = std::sync::Arc::clone(&wait);
                tokio::spawn(run(Lane::Names, move || wait.lock().unwrap().recv().unwrap_err()))
            })
            .collect();
        while NAMES.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(run(Lane::Names, || ()).now_or_never().is_none());
        run(Lane::Store, || ()).await.unwrap();
        run(Lane::Leases, || ()).await.unwrap();
        drop(go);
        for one in hanging {
            one.await.unwrap().unwrap();
        }
        run(Lane::Names, || ()).await.unwrap();
    }

    #[test]
    fn the_threads_are_enough_for_all_kinds() {
        let lanes = [Lane::Store, Lane::Leases, Lane::Names, Lane::Keys, Lane::Programs];
        // Other tests may be using some.
        assert!(lanes.iter().map(|lane| lane.places().available_permits()).sum::<usize>() <= THREADS);
    }
}
