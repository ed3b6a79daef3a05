//! The async runtime of a command.

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Barrier};

use machine_id::error::{Code, Error};
use tokio::runtime::{Builder, Runtime};

/// Two workers are plenty: the work is waiting.
pub(crate) fn threaded() -> Result<Runtime, Error> {
    allow_many_files();
    try_threads(4)?;
    try_descriptors(8)?;
    built(Builder::new_multi_thread().worker_threads(2).thread_name("machine-id").enable_all().build())
}

/// One thread, for commands that end soon.
pub(crate) fn single() -> Result<Runtime, Error> {
    built(Builder::new_current_thread().enable_all().build())
}

/// Fails where no threads can be made: tokio would panic.
fn try_threads(count: usize) -> Result<(), Error> {
    let barrier = Arc::new(Barrier::new(count + 1));
    let mut made = Vec::new();
    for _ in 0..count {
        let waits = Arc::clone(&barrier);
        match std::thread::Builder::new().spawn(move || waits.wait()) {
            Ok(thread) => made.push(thread),
            // Those that wait end with the process, which is about to end.
            Err(error) => return built::<()>(Err(error)),
        }
    }
    barrier.wait();
    for thread in made {
        let _ = thread.join();
    }
    Ok(())
}

/// Fails where hardly any files can be opened: tokio's signals would panic.
fn try_descriptors(pairs: usize) -> Result<(), Error> {
    let opened: std::io::Result<Vec<_>> = (0..pairs).map(|_| UnixStream::pair()).collect();
    built(opened).map(drop)
}

/// An SSH connection that is carried takes two descriptors, and the usual limit is 1024 although the system allows more.
pub(crate) fn allow_many_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE)
        && let Err(errno) = setrlimit(Resource::RLIMIT_NOFILE, most, most)
    {
        tracing::debug!(%errno, "the limit of open files stays");
    }
}

fn built<T>(runtime: std::io::Result<T>) -> Result<T, Error> {
    runtime.map_err(|error| {
        Error::new(
            Code::Internal,
            format!("cannot start the runtime: {error}"),
            "check the limits of processes and open files",
        )
    })
}
