//! A secret on the command line is seen by every user of the machine: it goes to where only its owner sees it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// An option whose value is a secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed<'a> {
    /// As it is typed.
    pub(super) option: &'static str,
    /// The variable that says the same.
    pub(super) variable: &'static str,
    /// What is better.
    pub(super) instead: &'static str,
    pub(super) value: &'a str,
}

/// Starts this program anew, in this process, with the secrets in the environment; comes back only where that fails.
pub(super) fn restart_without(secrets: &[Typed<'_>]) {
    for Typed { option, variable, instead, .. } in secrets {
        eprintln!(
            "machine-id: warning: {option} on the command line can be read by other users of this machine until now; \
             {instead}, or {variable}"
        );
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let options: Vec<&str> = secrets.iter().map(|secret| secret.option).collect();
    let variables = secrets.iter().map(|secret| (secret.variable, secret.value));
    let error = Command::new(program).arg0(name).args(without(arguments, &options)).envs(variables).exec();
    eprintln!("machine-id: warning: {} can't be hidden: {error}", options.join(" and "));
}

fn without(arguments: impl Iterator<Item = OsString>, options: &[&str]) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut arguments = arguments;
    while let Some(word) = arguments.next() {
        let text = word.to_string_lossy();
        if options.contains(&&*text) {
            arguments.next();
        } else if !options.iter().any(|option| text.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))) {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_both_forms_and_nothing_else() {
        let typed = ["start", "--token", "t", "--oneshot", "--token=u", "--tokens=x", "--join-uri", "v", "-c", "f"];
        let kept = |options: &[&str]| without(typed.map(OsString::from).into_iter(), options);
        assert_eq!(kept(&["--token"]), ["start", "--oneshot", "--tokens=x", "--join-uri", "v", "-c", "f"]);
        assert_eq!(kept(&["--token", "--join-uri"]), ["start", "--oneshot", "--tokens=x", "-c", "f"]);
    }
}
