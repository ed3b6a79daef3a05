//! The one tokio runtime of the library: there while an engine is open or a check runs, gone with its threads after.
//!
//! All work is done on its threads, none on Java's: those may have small stacks, and the JVM dies when one overflows
//! in native code. A Java thread hands bytes over, sleeps, and takes bytes back.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use machine_id::blocking;
use tokio::runtime::{Builder, Runtime};

use crate::reply;

/// Name of every thread of ours; Linux shows 15 characters.
const THREAD: &str = "machine-id";
/// Plenty: the work is waiting.
const WORKERS: usize = 2;
const IDLE: Duration = Duration::from_secs(5);
/// Only what is touched of it counts.
const STACK: usize = 4 << 20;

static SHARED: Mutex<Weak<Runtime>> = Mutex::new(Weak::new());

/// The runtime, started if nobody uses it yet; none where the system gives no threads. Whoever drops it last waits for
/// its threads to end; none of them is ever attached to the JVM, so this must not happen on one of them: each call
/// holds it on Java's thread until its work is over.
#[must_use]
pub fn shared() -> Option<Arc<Runtime>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let started = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(blocking::THREADS)
        .thread_keep_alive(IDLE)
        .thread_name(THREAD)
        .thread_stack_size(STACK)
        .enable_io()
        .enable_time()
        .build();
    let started = Arc::new(started.ok()?);
    *shared = Arc::downgrade(&started);
    Some(started)
}

/// Has `work` done on a thread of the library while this one, which is Java's, waits.
pub(crate) fn wait(work: impl Future<Output = Vec<u8>> + Send + 'static) -> Vec<u8> {
    let Some(runtime) = shared() else { return reply::NO_THREADS.to_vec() };
    runtime.block_on(runtime.spawn(work)).unwrap_or_else(|panic| {
        std::mem::forget(panic);
        reply::UNWRITABLE.to_vec()
    })
}
