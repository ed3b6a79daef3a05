//! The async runtime of a command.

use machine_id::error::{Code, Error};
use tokio::runtime::{Builder, Runtime};

/// Two workers are plenty: the work is waiting.
pub(crate) fn threaded() -> Result<Runtime, Error> {
    built(Builder::new_multi_thread().worker_threads(2).thread_name("machine-id").enable_all().build())
}

/// One thread, for commands that end soon.
pub(crate) fn single() -> Result<Runtime, Error> {
    built(Builder::new_current_thread().enable_all().build())
}

fn built(runtime: std::io::Result<Runtime>) -> Result<Runtime, Error> {
    runtime.map_err(|error| {
        Error::new(
            Code::Internal,
            format!("cannot start the runtime: {error}"),
            "check the limits of processes and open files",
        )
    })
}
