//! Faults at system calls, by `strace -e inject`: neither the program nor its libraries are changed for it.
//!
//! strace counts calls per thread, so point *(call, n)* strikes each thread that makes its n-th such call, whatever the
//! call is about: what was struck is read in strace's log afterwards. So is how many different places there were: the
//! number of calls before the last one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

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

/// `command` under strace, with all calls of interest in `log`, and `fault` (`signal=KILL`, `error=EIO`) at the n-th
/// `call` of a thread.
#[must_use]
pub fn traced(command: &Command, log: &Path, fault: Option<(&str, &str, usize)>) -> Command {
    let all: Vec<&str> = FILE_CALLS.iter().chain(NETWORK_CALLS).copied().collect();
    let mut strace = Command::new("strace");
    // A signal at a call gets lost with it.
    if fault.is_some_and(|(what, ..)| what.starts_with("error")) {
        strace.args(filters().then_some("--seccomp-bpf"));
    }
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

/// What injected errors hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// No thread made that many such calls.
    Nothing,
    /// Files and nothing else (the first of the calls), or what was to be killed.
    Wanted(String),
    /// Something that no disk fails, at least once: a thread's wake-up, a line on standard error.
    Other,
}

/// What the injected errors in `log` hit; the files of the program under test lie below `directory`, and so does its
/// standard error, in `errors`.
#[must_use]
pub fn hit(log: &Path, directory: &Path, errors: &Path) -> Hit {
    hit_in(
        &fs::read_to_string(log).unwrap_or_default(),
        &directory.display().to_string(),
        &errors.display().to_string(),
    )
}

fn hit_in(log: &str, directory: &str, errors: &str) -> Hit {
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    let mut first = None;
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.ends_with("<unfinished ...>") {
            begun.insert(thread, rest);
        }
        if !rest.contains("(INJECTED)") {
            continue;
        }
        // Where another thread's call came between, what it was about stands in the first half.
        let call = if rest.starts_with("<...") { begun.get(thread).copied().unwrap_or_default() } else { rest };
        if !is_on_a_file(call, directory, errors) {
            return Hit::Other;
        }
        first.get_or_insert_with(|| call.to_owned());
    }
    first.map_or(Hit::Nothing, Hit::Wanted)
}

/// Whether the descriptor of `call` is one of a file below `directory`, and not that of standard error.
fn is_on_a_file(call: &str, directory: &str, errors: &str) -> bool {
    let descriptor = call.split_once('(').map_or("", |(_, rest)| rest).split([',', ')']).next().unwrap_or_default();
    let Some((_, path)) = descriptor.split_once('<') else { return false };
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(['/', '>'])) && !path.starts_with(errors)
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "7  write(13</b/storage/.t-1>, \"x\", 1) = -1 EIO (Input/output error) (INJECTED)\n";
    const WAKER: &str = "8  write(4<anon_inode:[eventfd]>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";
    const ERRORS: &str = "7  write(2</b/struck>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";
    const MUTE: &str = "7  write(2</dev/null>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";

    fn hit(log: &str) -> Hit {
        hit_in(log, "/b", "/b/struck")
    }

    #[test]
    fn only_an_error_at_a_file_is_one_of_the_disk() {
        assert!(matches!(hit(FILE), Hit::Wanted(call) if call.contains(".t-1")));
        assert!(matches!(hit("7  fsync(14</b>) = -1 EIO (Input/output error) (INJECTED)"), Hit::Wanted(_)));
        for other in [WAKER, ERRORS, MUTE] {
            assert_eq!(hit(other), Hit::Other, "{other}");
            assert_eq!(hit(&format!("{FILE}{other}")), Hit::Other, "{other} after a file");
        }
        assert_eq!(hit("7  fsync(14</b>) = 0\n7  +++ exited with 0 +++\n"), Hit::Nothing);
        assert_eq!(hit("7  fsync(14</bb/x>) = -1 EIO (Input/output error) (INJECTED)"), Hit::Other);
    }

    #[test]
    fn a_call_that_another_one_interrupts_in_the_log_is_put_together() {
        let log = |descriptor: &str| {
            format!(
                "8  write({descriptor}, \"x\", 8 <unfinished ...>\n7  write(4<anon_inode:[eventfd]>, \"x\", 8 <unfinished ...>\n\
                 8  <... write resumed>)  = -1 EIO (Input/output error) (INJECTED)\n7  <... write resumed>) = 8\n"
            )
        };
        assert!(matches!(hit(&log("13</b/key>")), Hit::Wanted(_)));
        assert_eq!(hit(&log("4<anon_inode:[eventfd]>")), Hit::Other);
    }
}
