//! Running a command for so long at most.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Failure;

const POLL: Duration = Duration::from_millis(4);

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

    /// The last thing it said.
    #[must_use]
    pub fn last_line(&self) -> &str {
        self.errors.lines().last().unwrap_or("nothing")
    }
}

/// Runs `command` and waits for it.
///
/// # Errors
/// When it can't be started.
pub fn finish(command: &mut Command, scratch: &Path, limit: Duration) -> Result<Finished, Failure> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(scratch)?);
    let mut child = command.spawn()?;
    let status = wait(&mut child, limit)?;
    Ok(Finished { status, errors: fs::read_to_string(scratch).unwrap_or_default() })
}

/// Waits for a child, at most so long, then kills it.
///
/// # Errors
/// When it can't be waited for.
pub fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(POLL);
    }
}
