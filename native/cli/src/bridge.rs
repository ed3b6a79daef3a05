//! `machine-id bridge`: the library for an agent's JVM that can't load it. Calls come over standard input, replies go
//! over standard output; nothing else is ever written there.

use std::process::ExitCode;

use machine_id::error::{Code, Error};
use machine_id_bridge::{keep_panics_silent, serve};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::setsid;
use tokio::signal::unix::{SignalKind, signal};

use crate::runtime::allow_many_files;
use crate::stdio::stdio;

/// The next step for whoever has started it by hand.
const ONLY_FOR: &str = "`machine-id bridge` is for the Jenkins plugin, which starts it by itself";

/// Serves until the pipe ends, or the thread that has started us does.
pub(crate) fn run() -> Result<ExitCode, Error> {
    // What is held in memory must not outlive the agent, however it ends. Where the system doesn't do that, the end of
    // standard input does.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    // Ctrl-C at the agent's terminal is for the agent, which then closes its engines by us.
    let _ = setsid();
    keep_panics_silent();
    allow_many_files();
    let runtime = machine_id_bridge::runtime::shared()
        .ok_or_else(|| failed("the library can't start its threads", "check the limits of processes and open files"))?;
    let outcome = runtime.block_on(async {
        let pipes = stdio().and_then(|pipes| signal(SignalKind::terminate()).map(|stopped| (pipes, stopped)));
        let ((input, output), mut stopped) =
            pipes.map_err(|error| failed(&format!("standard input and output can't be used: {error}"), ONLY_FOR))?;
        let stop = async {
            stopped.recv().await;
        };
        serve(input, output, stop).await.map_err(|error| failed(&error.to_string(), ONLY_FOR))
    });
    if let Err(error) = outcome {
        eprintln!("machine-id: {error}");
        std::process::exit(1);
    }
    // Without waiting for a disk that hangs.
    std::process::exit(0)
}

fn failed(message: &str, hint: &str) -> Error {
    Error::new(Code::Internal, message, hint)
}
