//! The way of every call: a panic becomes a reply, and the JVM lives on.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

use machine_id::error::{Code, Error};
use serde::Serialize;

use crate::{reply, runtime};

/// Where the last panic happened; it may have been on another thread than the one that tells.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Does a call's work and writes its reply, all of it on a thread of the library: also reading the request and writing
/// an error, since Java's stack may be too small for any of it.
pub(crate) fn run<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Vec<u8>
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    wait(replied(work))
}

/// Waits for a reply that is made on a thread of the library.
pub(crate) fn wait(reply: impl Future<Output = Vec<u8>> + Send + 'static) -> Vec<u8> {
    // Nothing of the call is seen again after a panic, but the table and the engines, whose locks bear it.
    catch_unwind(AssertUnwindSafe(|| runtime::wait(reply))).unwrap_or_else(|payload| {
        // Its text may hold anything, a secret too; dropping it may panic again.
        std::mem::forget(payload);
        reply::UNWRITABLE.to_vec()
    })
}

/// Does a call's work and writes its reply, on a thread of the library.
pub(crate) async fn replied<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Vec<u8>
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    // A task of its own: nobody aborts it, so what is no outcome is a panic.
    tokio::spawn(async move { reply::of(work().await) }).await.unwrap_or_else(|panic| {
        std::mem::forget(panic);
        reply::of::<()>(Err(defect()))
    })
}

/// What a call gives that ended with a panic.
pub(crate) fn defect() -> Error {
    let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
    let place = place.as_deref().unwrap_or("an unknown place");
    Error::new(Code::Internal, format!("the library failed at {place}"), "this is a defect: report it with this text")
}

/// Makes panics leave their place, and not their text, which may hold anything, on standard error and in the reply.
pub fn install() {
    std::panic::set_hook(Box::new(note));
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    eprintln!("machine-id: defect at {place}");
    *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
}
