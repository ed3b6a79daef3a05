//! Faults at system calls, by `strace -e inject`: neither the program nor its libraries are changed for it.
//!
//! strace counts calls per thread, so point *(call, n)* strikes the first thread that makes its n-th such call. How
//! many different places were struck is told from strace's log: the number of calls before the last one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

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
    let tried = Command::new("strace").args(["-e", "trace=none", "-o", "/dev/null", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}

/// `command` under strace, with all calls of interest in `log`, and `fault` (`signal=KILL`, `error=EIO`) at the n-th
/// `call` of a thread.
#[must_use]
pub fn traced(command: &Command, log: &Path, fault: Option<(&str, &str, usize)>) -> Command {
    let all: Vec<&str> = FILE_CALLS.iter().chain(NETWORK_CALLS).copied().collect();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y"]).arg("-o").arg(log).arg("-e").arg(format!("trace={}", all.join(",")));
    if let Some((what, call, number)) = fault {
        strace.arg("-e").arg(format!("inject={call}:{what}:when={number}"));
    }
    strace.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace
}

/// How often the busiest thread makes each call, from a log without faults.
#[must_use]
pub fn most_per_thread(log: &Path) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (thread, call) in calls(log) {
        *counts.entry((thread, call)).or_default() += 1;
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, call), count) in counts {
        let known = most.entry(call).or_default();
        *known = (*known).max(count);
    }
    most
}

/// Whether an injected error was one of a file: a thread's wake-up and a line on standard error are written too.
#[must_use]
pub fn hit_a_file(log: &Path) -> bool {
    let text = fs::read_to_string(log).unwrap_or_default();
    // Several threads may make their n-th call.
    let mut struck = text.lines().filter(|line| line.contains("(INJECTED)")).peekable();
    let is_file = |line: &str| {
        // Where another thread's call came between, this half doesn't say what it was about.
        if line.contains(" resumed>") {
            return false;
        }
        let first = line.split_once('(').map_or("", |(_, rest)| rest).split(',').next().unwrap_or_default();
        !["<anon_inode", "<socket", "<pipe", "</dev/null", "</dev/tty", "</dev/pts", "/struck>"]
            .iter()
            .any(|other| first.contains(other))
    };
    struck.peek().is_some() && struck.all(is_file)
}

/// Where a run was struck: how many calls had been begun.
#[must_use]
pub fn reached(log: &Path) -> usize {
    calls(log).len()
}

fn calls(log: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let parsed = text.lines().filter_map(|line| {
        let (thread, rest) = line.split_once(' ')?;
        let (call, _) = rest.trim_start().split_once('(')?;
        call.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            .then(|| (thread.to_owned(), call.to_owned()))
    });
    parsed.collect()
}
