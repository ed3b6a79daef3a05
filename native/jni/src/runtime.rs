//! The one tokio runtime of the library: there while an engine is open or a check runs, gone with its threads after.
//!
//! All work is done on its threads, none on Java's: those may have small stacks, and the JVM dies when one overflows
//! in native code.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use machine_id::error::{Code, Error};
use tokio::runtime::{Builder, Runtime};

use crate::funnel;

/// Name of every thread of ours; Linux shows 15 characters.
const THREAD: &str = "machine-id";
/// Plenty: the work is waiting.
const WORKERS: usize = 2;
/// Name look-ups, files and RSA keys; a hanging name server must not keep files from being written.
const BLOCKING: usize = 8;
const IDLE: Duration = Duration::from_secs(5);
/// Only what is touched of it counts.
const STACK: usize = 4 << 20;

static SHARED: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());

/// The runtime, started if nobody uses it yet. Whoever drops it last waits for its threads to end; none of them is
/// ever attached to the JVM, so this must not happen on one of them.
pub(crate) fn shared() -> Result<Arc<Runtime>, Error> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Ok(running);
    }
    let started = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_keep_alive(IDLE)
        .thread_name(THREAD)
        .thread_stack_size(STACK)
        .enable_io()
        .enable_time()
        .build();
    let started = Arc::new(started.map_err(|error| {
        Error::new(
            Code::Internal,
            format!("the library can't start its threads: {error}"),
            "check the limits of processes and open files of the agent's user",
        )
    })?);
    *shared = Arc::downgrade(&started);
    Ok(started)
}

/// Has `work`, which blocks, done on a thread of the library for that while this one, which is Java's, waits.
pub(crate) fn block<T: Send + 'static>(
    runtime: &Runtime,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    runtime.block_on(runtime.spawn_blocking(work)).unwrap_or_else(|_| Err(funnel::defect()))
}

/// Has `work` done on a thread of the library while this one, which is Java's, waits.
pub(crate) fn wait<T: Send + 'static>(
    runtime: &Runtime,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    // Nobody aborts the task, and the runtime outlives it: what is no outcome is a panic.
    runtime.block_on(runtime.spawn(work)).unwrap_or_else(|_| Err(funnel::defect()))
}
