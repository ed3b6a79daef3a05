//! How a program ended.

/// Exit status and output.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The program.
    pub name: String,
    /// Exit status, if it ended by itself.
    pub status: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Fails unless it ended with 0; returns the outcome for more.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.status, Some(0), "{} failed: {}{}", self.name, self.stdout, self.stderr);
        self
    }

    /// Fails unless it was an `ssh` that didn't believe its host.
    ///
    /// # Panics
    /// When it did, or failed otherwise.
    #[track_caller]
    pub fn refused_its_host(&self) {
        assert_eq!(self.status, Some(255), "{self:?}");
        // OpenSSH 10 looks at the host's bare key, too, once it doesn't believe the certificate.
        let words = ["Host key verification failed", "not permitted by HostkeyAlgorithms"];
        assert!(words.iter().any(|words| self.stderr.contains(words)), "{}", self.stderr);
    }

    /// Fails unless it ended with `status` and said so in one line on standard error: `machine-id: `, what failed and
    /// why, `; ` and the next step, and `[code]`. All of `facts` must be in it. Progress at level INFO may go before.
    ///
    /// # Panics
    /// When anything is otherwise.
    #[track_caller]
    pub fn refused(&self, status: i32, code: &str, facts: &[&str]) {
        assert_eq!(self.status, Some(status), "{self:?}");
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !is_progress(line)).collect();
        let [line] = lines[..] else { panic!("not one line: {lines:#?}") };
        assert!(line.starts_with("machine-id: "), "{line}");
        assert!(line.ends_with(&format!(" [{code}]")), "want [{code}]: {line}");
        assert!(line.contains("; "), "no next step: {line}");
        assert!(line.len() < 900, "too long to read: {line}");
        for fact in facts {
            assert!(line.contains(fact), "{fact:?} is missing: {line}");
        }
        assert!(!line.contains("panicked") && !line.contains("Some("), "{line}");
        assert_eq!(self.stdout, "");
    }
}

fn is_progress(line: &str) -> bool {
    line.split_whitespace().nth(1) == Some("INFO")
}
