//! Numbers that Java holds, and the engines behind them. A number is never used twice and is no pointer: a stale,
//! forged or zero one is an error, nothing more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use machine_id::error::{Code, Error};

use crate::opened::OpenEngine;

/// The first number is drawn from below this, so that one that an unloaded copy of the library gave isn't valid
/// here; counting up from there stays below 2^53.
const FIRST: i64 = 1 << 48;

static TABLE: Mutex<Option<Table>> = Mutex::new(None);

struct Table {
    next: i64,
    open: HashMap<i64, Arc<OpenEngine>>,
}

impl Table {
    fn new() -> Self {
        Self { next: fastrand::i64(1..FIRST), open: HashMap::new() }
    }
}

/// Enters an engine; its number.
pub(crate) fn insert(engine: OpenEngine) -> i64 {
    let mut guard = table();
    let table = guard.get_or_insert_with(Table::new);
    let number = table.next;
    table.next += 1;
    table.open.insert(number, Arc::new(engine));
    number
}

/// The engine of a number.
pub(crate) fn find(number: i64) -> Result<Arc<OpenEngine>, Error> {
    table().as_ref().and_then(|table| table.open.get(&number).cloned()).ok_or_else(|| invalid(number))
}

/// Takes an engine out: of two that do so at once, one gets it.
pub(crate) fn remove(number: i64) -> Result<Arc<OpenEngine>, Error> {
    table().as_mut().and_then(|table| table.open.remove(&number)).ok_or_else(|| invalid(number))
}

/// Takes all engines out.
pub(crate) fn remove_all() -> Vec<Arc<OpenEngine>> {
    table().as_mut().map(|table| table.open.drain().map(|(_, engine)| engine).collect()).unwrap_or_default()
}

/// What a call with a number that stands for nothing gives.
pub(crate) fn invalid(number: i64) -> Error {
    Error::new(
        Code::HandleInvalid,
        format!("there is no open engine {number}"),
        "this is a defect of the caller: the engine was closed before, or never opened",
    )
}

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}
