//! A program that runs beside the test.

use std::fmt::{self, Debug};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;
use crate::wait::until;

/// What looks at an outcome at the end.
pub(crate) type Check = Box<dyn FnOnce(&Outcome) + Send>;

/// A running program; killed when dropped.
pub struct Process {
    name: String,
    child: Child,
    stdout: Collected,
    stderr: Collected,
    /// What its output is searched for at the end.
    pub(crate) check: Option<Check>,
}

impl Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.name).field("id", &self.child.id()).finish_non_exhaustive()
    }
}

struct Collected {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Collected {
    fn new(mut from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                to.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    fn whole(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.so_far()
    }
}

impl Process {
    /// Starts a program with its output collected and no input.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Self { name, child, stdout: Collected::new(stdout), stderr: Collected::new(stderr), check: None }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Standard output up to now.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// Standard error up to now.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.so_far()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the system doesn't say.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it doesn't come in time, or the output shows a secret.
    pub fn wait(mut self, limit: Duration) -> Outcome {
        let child = &mut self.child;
        let status = until(&format!("the end of {}", self.name), limit, || child.try_wait().unwrap());
        let outcome = Outcome {
            name: self.name.clone(),
            status: status.code(),
            signal: status.signal(),
            stdout: self.stdout.whole(),
            stderr: self.stderr.whole(),
        };
        if let Some(check) = self.check.take() {
            check(&outcome);
        }
        outcome
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
