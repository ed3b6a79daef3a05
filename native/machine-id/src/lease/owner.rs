//! Which process a lease belongs to, and whether it still runs.

use std::fs;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::LeaseError;

/// A process, told apart from later ones with the same number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since boot (`/proc/<pid>/stat`, field 22).
    pub started: u64,
    /// The boot it belongs to.
    pub boot: String,
    /// The PID namespace its number is valid in.
    pub namespace: String,
    /// The machine or container.
    pub host: String,
}

/// What can be said about an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Liveness {
    Alive,
    Dead,
    /// In another container or on another machine: can't be seen from here.
    OutOfSight,
}

impl Owner {
    /// The process that asks.
    ///
    /// # Errors
    /// When `/proc` can't be read.
    pub fn this_process() -> Result<Self, LeaseError> {
        let pid = std::process::id();
        let path = PathBuf::from("/proc/self/stat");
        let stat = fs::read_to_string(&path).map_err(|source| LeaseError::Process { path: path.clone(), source })?;
        let (started, _) = parse_stat(&stat).ok_or_else(|| LeaseError::Process {
            path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, "not in the form of proc(5)"),
        })?;
        Ok(Self { pid, started, boot: boot(), namespace: namespace(), host: host() })
    }

    pub(super) fn liveness(&self, seen_by: &Self) -> Liveness {
        if self.boot != seen_by.boot {
            // Another boot of this machine, or another machine that shares the file system.
            return if self.host == seen_by.host { Liveness::Dead } else { Liveness::OutOfSight };
        }
        if self.namespace != seen_by.namespace {
            return Liveness::OutOfSight;
        }
        match fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok().as_deref().and_then(parse_stat) {
            Some((started, state)) if started == self.started && !matches!(state, 'Z' | 'X') => Liveness::Alive,
            None if self.is_hidden() => Liveness::OutOfSight,
            _ => Liveness::Dead,
        }
    }

    /// Whether there is such a process and `/proc` (mounted with `hidepid`) doesn't show it: not even to its own user
    /// when it isn't dumpable, as the command `machine-id` isn't.
    fn is_hidden(&self) -> bool {
        let pid = i32::try_from(self.pid).map(Pid::from_raw);
        pid.is_ok_and(|pid| matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM)))
    }
}

/// Start time and state. The name before them is in parentheses and may hold anything.
pub(super) fn parse_stat(stat: &str) -> Option<(u64, char)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((fields.nth(18)?.parse().ok()?, state))
}

fn boot() -> String {
    line("/proc/sys/kernel/random/boot_id")
}

fn host() -> String {
    line("/proc/sys/kernel/hostname")
}

fn namespace() -> String {
    fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default()
}

fn line(path: &str) -> String {
    fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default()
}
