//! Who runs the tests, and other users of the machine.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

/// Name of the user who runs the tests.
///
/// # Panics
/// When the user has none.
pub fn login() -> String {
    User::from_uid(geteuid()).unwrap().expect("the user who runs the tests has no name").name
}

/// Whether a test that needs root can be made; if not, that is said so that nobody overlooks it.
///
/// # Panics
/// When standard error is closed.
pub fn root_for(what: &str) -> bool {
    let root = geteuid().is_root();
    if !root {
        skipped(&format!("only root can test it: {what}"));
    }
    root
}

/// Says that something was not tested, so that nobody overlooks it.
///
/// # Panics
/// When standard error is closed.
pub fn skipped(what: &str) {
    // Not by a macro: tests' are captured.
    std::io::stderr().write_all(format!("\n*** SKIPPED: {what} ***\n").as_bytes()).unwrap();
}

/// Whether `user` can read a file. Only root can find out.
///
/// # Panics
/// When setpriv can't be run.
pub fn can_read(user: &str, path: &Path) -> bool {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", "65534", "--clear-groups", "cat"]).arg(path).current_dir("/");
    command.output().expect("setpriv").status.success()
}

/// Runs a command of the system that must succeed, for setting something up.
///
/// # Panics
/// When it fails.
pub fn prepare(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
