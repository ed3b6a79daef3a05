//! Faults at system calls, by `strace -e inject`: neither the program nor its libraries are changed for it.
//!
//! strace counts calls per thread, so point *(call, n)* strikes each thread that makes its n-th such call, whatever the
//! call is about: what was struck is read in strace's log afterwards. So is how many different places there were: the
//! number of calls before the last one.

mod log;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

pub use log::{Hit, hit, places, reached};

/// Calls that change the file system.
pub const FILE_CALLS: &[&str] = &[
    "openat",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlinkat",
    "write",
    "fsync",
    "fdatasync",
    "fchmod",
    "fchmodat",
    "fchown",
    "fsetxattr",
    "ftruncate",
    "flock",
];

/// Calls on connections.
pub const NETWORK_CALLS: &[&str] =
    &["socket", "connect", "sendto", "sendmsg", "writev", "recvfrom", "recvmsg", "shutdown"];

/// Whether strace is here and may trace.
///
/// # Errors
/// Why not.
pub fn available() -> Result<(), String> {
    tried(&["-f"])
}

fn tried(options: &[&str]) -> Result<(), String> {
    let inject = ["-o", "/dev/null", "-e", "trace=ftruncate", "-e", "inject=ftruncate:error=EIO:when=1", "true"];
    match Command::new("strace").args(options).args(inject).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr);
            Err(text.lines().next().unwrap_or("strace fails").to_owned())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("strace isn't installed".to_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}

/// Whether strace can leave alone the calls that it isn't interested in: three times as fast.
fn filters() -> bool {
    static FILTERS: LazyLock<bool> = LazyLock::new(|| tried(&["-f", "--seccomp-bpf"]).is_ok());
    *FILTERS
}

/// A fault at the n-th call of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Injection<'a> {
    /// `signal=KILL`, `error=EIO`.
    pub what: &'a str,
    /// The call.
    pub call: &'a str,
    /// Which of them, from 1.
    pub number: usize,
    /// Where files are opened that count: elsewhere a program opens its libraries.
    pub directories: &'a [PathBuf],
}

/// `command` under strace, with all calls of interest in `log`.
#[must_use]
pub fn traced(command: &Command, log: &Path, injection: Option<Injection<'_>>) -> Command {
    let all: Vec<&str> = FILE_CALLS.iter().chain(NETWORK_CALLS).copied().collect();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y"]).arg("-o").arg(log);
    if let Some(Injection { what, call, number, directories }) = injection {
        strace.arg("-e").arg(format!("inject={call}:{what}:when={number}"));
        if is_error(what) {
            // A signal at a call gets lost with it.
            strace.args(filters().then_some("--seccomp-bpf"));
            if call == OPEN {
                strace.args(directories.iter().flat_map(|path| [Path::new("-P"), path]));
            }
        }
    }
    strace.arg("-e").arg(format!("trace={}", all.join(",")));
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace
}

/// Opening files: strace is told which directories count, so its numbers are numbers of such calls.
const OPEN: &str = "openat";

/// Whether a fault lets the program go on.
#[must_use]
pub fn is_error(what: &str) -> bool {
    what.starts_with("error")
}
