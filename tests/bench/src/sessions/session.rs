//! One `ssh` whose far end echoes lines.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Echoes.
pub(super) const ECHO: &str = "cat";
/// How long an answer may take on a busy machine.
const ANSWER: Duration = Duration::from_secs(120);

/// An open session.
pub(super) struct Session {
    number: usize,
    ssh: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    errors: PathBuf,
}

/// How a session ended.
pub(super) struct End {
    pub(super) status: ExitStatus,
    /// Whether the far end's last line was this session's own.
    pub(super) right: bool,
    /// What stood on standard error.
    pub(super) said: String,
}

impl Session {
    /// Starts `ssh`, whose command is [`ECHO`]. Standard error goes to the file `errors`.
    #[expect(clippy::disallowed_methods, reason = "a benchmark's own file, not a destination")]
    pub(super) fn start(number: usize, mut ssh: Command, errors: PathBuf) -> Self {
        let file = std::fs::File::create(&errors).unwrap();
        let mut ssh = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let (input, output) = (ssh.stdin.take(), ssh.stdout.take().unwrap());
        Self { number, ssh, input, output, errors }
    }

    /// Sends a line without waiting for it.
    pub(super) fn say(&mut self, line: &str) {
        // Who is gone says so when it is read.
        let _ = self.input.as_mut().map(|input| input.write_all(format!("{line}\n").as_bytes()));
    }

    /// Whether the next line is this.
    pub(super) fn hears(&mut self, line: &str) -> bool {
        let (mut heard, expected) = (Vec::new(), format!("{line}\n"));
        while heard.len() < expected.len() {
            let mut part = vec![0; expected.len() - heard.len()];
            match self.wait_for_output().then(|| self.output.read(&mut part)) {
                Some(Ok(count)) if count > 0 => heard.extend_from_slice(&part[..count]),
                _ => return false,
            }
        }
        heard == expected.as_bytes()
    }

    /// Sends a line and gets it back.
    pub(super) fn echoes(&mut self, line: &str) -> bool {
        self.say(line);
        self.hears(line)
    }

    fn wait_for_output(&self) -> bool {
        let limit = Timespec { tv_sec: ANSWER.as_secs().try_into().unwrap(), tv_nsec: 0 };
        let mut ready = [PollFd::new(&self.output, PollFlags::IN)];
        poll(&mut ready, Some(&limit)).is_ok_and(|count| count > 0)
    }

    /// Lets it echo its number as the last line and end.
    pub(super) fn finish(mut self) -> End {
        let number = self.number.to_string();
        let right = self.echoes(&number);
        self.input = None;
        self.end(right)
    }

    /// Waits until it ends by itself.
    pub(super) fn until_ended(self) -> End {
        let more = self.wait_for_output();
        assert!(more, "session {} goes on", self.number);
        self.end(false)
    }

    fn end(mut self, right: bool) -> End {
        let status = self.ssh.wait().unwrap();
        End { status, right, said: std::fs::read_to_string(&self.errors).unwrap() }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.ssh.kill();
        let _ = self.ssh.wait();
    }
}
