//! Running a command for so long at most.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::Failure;
use crate::world::Method;

const POLL: Duration = Duration::from_millis(4);
/// How long a run takes that isn't held up.
const MOMENT: Duration = Duration::from_secs(2);

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its status; none: it had to be killed, since its time was over.
    pub status: Option<ExitStatus>,
    /// What it said on standard error.
    pub errors: String,
}

impl Finished {
    /// Whether it ended well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Whether SIGKILL ended it.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.status.is_some_and(|status| status.signal() == Some(9))
    }

    /// Whether it hung, panicked or crashed.
    #[must_use]
    pub fn misbehaved(&self) -> Option<String> {
        match self.status {
            None => Some(format!("it hung: {}", self.last_line())),
            Some(_) if self.errors.contains("panicked at") => {
                let mut lines = self.errors.lines().skip_while(|line| !line.contains("panicked at"));
                Some(format!("it panicked: {} {}", lines.next().unwrap_or_default(), lines.next().unwrap_or_default()))
            }
            Some(status) if matches!(status.signal(), Some(signal) if signal != 9 && signal != 15) => {
                Some(format!("it crashed: {status}"))
            }
            Some(_) => None,
        }
    }

    /// Whether it says that somebody has to bring a fresh token.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        ["identity_needs_rejoin", "join_rejected", "bot_already_joined", "identity_corrupt"]
            .iter()
            .any(|code| self.errors.contains(code))
    }

    /// Whether it says that somebody has to help. A bound key says so in one way only, and AWS credentials join again by
    /// themselves.
    #[must_use]
    pub fn needs_help(&self, method: Method) -> bool {
        match method {
            Method::BoundKeypair => self.errors.contains("[identity_needs_rejoin]"),
            Method::Token => self.needs_token(),
            Method::Iam => false,
        }
    }

    /// What is wrong with the way in which it failed: it says one sentence with what to do and a code, and how it gets
    /// on before that.
    #[must_use]
    pub fn is_unclear(&self) -> Option<String> {
        let is_progress = |line: &&str| line.split_whitespace().nth(1).is_some_and(|word| word == "INFO");
        let lines: Vec<&str> = self.errors.lines().filter(|line| !is_progress(line)).collect();
        let [line] = lines[..] else { return Some(format!("not one sentence: {lines:?}")) };
        let is_clear = line.starts_with("machine-id: ") && line.contains("; ") && line.ends_with(']');
        (!is_clear || line.len() > 1000).then(|| format!("not a clear sentence: {line}"))
    }

    /// The last thing it said.
    #[must_use]
    pub fn last_line(&self) -> &str {
        self.errors.lines().last().unwrap_or("nothing")
    }
}

/// Runs `command` in a process group of its own and waits for it. When its time is over the whole group is killed: a
/// tracer's death alone would leave the traced process behind.
///
/// # Errors
/// When it can't be started.
pub fn finish(command: &mut Command, scratch: &Path, limit: Duration) -> Result<Finished, Failure> {
    finish_unless(command, scratch, limit, || false)
}

/// As [`finish`], but what takes longer than a moment is killed as soon as it is `hopeless`.
///
/// # Errors
/// When it can't be started.
pub fn finish_unless(
    command: &mut Command,
    scratch: &Path,
    limit: Duration,
    hopeless: impl Fn() -> bool,
) -> Result<Finished, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(scratch)?);
    let mut child = command.process_group(0).spawn()?;
    let mut status = None;
    let mut left = limit;
    while status.is_none() && !left.is_zero() {
        let part = left.min(MOMENT);
        left -= part;
        status = poll(&mut child, part)?;
        if status.is_none() && hopeless() {
            break;
        }
    }
    if status.is_none() {
        let _ = killpg(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGKILL);
        child.wait()?;
    }
    Ok(Finished { status, errors: fs::read_to_string(scratch).unwrap_or_default() })
}

/// Waits for a child, at most so long, then kills it.
///
/// # Errors
/// When it can't be waited for.
pub fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let status = poll(child, limit)?;
    if status.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(status)
}

fn poll(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            return Ok(None);
        }
        sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hangs_is_killed_with_its_children() {
        let directory = tempfile::tempdir().unwrap();
        let child = directory.path().join("child");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("sleep 60 & echo $! >{}; wait", child.display()));
        let ended = finish(&mut shell, &directory.path().join("errors"), Duration::from_millis(500)).unwrap();
        assert!(ended.status.is_none());
        let child: u32 = fs::read_to_string(child).unwrap().trim().parse().unwrap();
        let stat = || fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let started = Instant::now();
        // Whoever adopted it may not have asked after it yet.
        while !stat().is_empty() && !stat().contains(") Z ") {
            assert!(started.elapsed() < Duration::from_secs(10), "{}", stat());
            std::thread::yield_now();
        }
    }
}
