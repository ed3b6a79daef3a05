//! The way of every call: a panic becomes a reply, and the JVM lives on.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use machine_id::error::{Code, Error};
use serde::Serialize;

use crate::reply;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a call and writes its reply.
pub(crate) fn run<T: Serialize>(call: impl FnOnce() -> Result<T, Error>) -> Vec<u8> {
    // Nothing of the call is seen again after a panic, but the table and the engines, whose locks bear it.
    catch_unwind(AssertUnwindSafe(|| reply::of(call()))).unwrap_or_else(|payload| {
        // Its text may hold anything, a secret too; dropping it may panic again.
        std::mem::forget(payload);
        reply::of::<()>(Err(defect()))
    })
}

fn defect() -> Error {
    let place = PLACE.with(RefCell::take);
    let place = place.as_deref().unwrap_or("an unknown place");
    Error::new(Code::Internal, format!("the library failed at {place}"), "this is a defect: report it with this text")
}

/// Makes panics leave their place, and not their text, which may hold anything, on standard error and in the reply.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(note));
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    eprintln!("machine-id: defect at {place}");
    // A thread that is ending has no place left to note it.
    let _ = PLACE.try_with(|slot| *slot.borrow_mut() = Some(place));
}
