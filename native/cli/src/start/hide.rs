//! A token on the command line is seen by every user of the machine: it goes to where only its owner sees it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::options::TOKEN;

/// Starts this program anew, in this process, with the token in the environment; comes back only where that fails.
pub(super) fn restart_without(token: &str) {
    eprintln!(
        "machine-id: warning: --token on the command line can be read by other users of this machine until now; give \
         the path of a file with it, or {TOKEN}"
    );
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let error = Command::new(program).arg0(name).args(without(arguments)).env(TOKEN, token).exec();
    eprintln!("machine-id: warning: the token can't be hidden: {error}");
}

fn without(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut arguments = arguments;
    while let Some(word) = arguments.next() {
        if word == "--token" {
            arguments.next();
        } else if !word.to_string_lossy().starts_with("--token=") {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_in_both_forms_and_nothing_else() {
        let typed = ["start", "--token", "t", "--oneshot", "--token=u", "-c", "f"].map(OsString::from);
        assert_eq!(without(typed.into_iter()), ["start", "--oneshot", "-c", "f"]);
    }
}
