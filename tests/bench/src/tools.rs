//! Running programs and looking at processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::wait::{LONG, until};

/// Runs a program that must succeed.
pub(crate) fn quiet(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A program that runs until this is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn wait_for_file(path: &Path) {
    until(&format!("{}", path.display()), LONG, || path.exists().then_some(()));
}

/// Resident memory of a process in MiB.
pub(crate) fn resident(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Processor time that a process has used, in seconds.
pub(crate) fn processor_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().map(|index| fields[*index].parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// Processor time of all children that have ended, in seconds.
pub(crate) fn children_time() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    [used.user_time(), used.system_time()]
        .iter()
        .map(|time| {
            let micros = u64::try_from(time.tv_usec()).unwrap();
            Duration::new(u64::try_from(time.tv_sec()).unwrap(), 0).as_secs_f64()
                + Duration::from_micros(micros).as_secs_f64()
        })
        .sum()
}

/// Descriptors that a process has open.
pub(crate) fn descriptors(process: u32) -> f64 {
    let count = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    f64::from(u32::try_from(count).unwrap())
}
