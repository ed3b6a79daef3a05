//! Running somebody else's program for what it prints: no shell, no input, bounded in time and size.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::blocking::{self, Lane};
use crate::clock::{Clock, SystemClock};

/// More than any program prints.
const LONGEST: usize = 64 << 10;
/// How often a program that has closed its output is asked whether it has ended.
const ENDING: Duration = Duration::from_millis(5);

/// A command line's words, by the rules of POSIX shells for quotes and backslashes alone; none if a quote is left open.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            open = false;
            continue;
        }
        if !open {
            words.push(String::new());
            open = true;
        }
        let word = words.last_mut()?;
        match c {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    c => word.push(c),
                }
            },
            '"' => loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => match chars.next()? {
                        c @ ('"' | '\\' | '$' | '`') => word.push(c),
                        c => word.extend(['\\', c]),
                    },
                    c => word.push(c),
                }
            },
            '\\' => word.push(chars.next()?),
            c => word.push(c),
        }
    }
    Some(words)
}

/// What the program prints, or why that is nothing. At the limit it is killed, with all that it has started.
pub(super) async fn run(words: Vec<String>, limit: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let done = blocking::run(Lane::Programs, move || run_here(&words, limit)).await;
    done.unwrap_or_else(|error| Err(error.to_string()))
}

fn run_here(words: &[String], limit: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = words.split_first().ok_or("names no program")?;
    let mut command = Command::new(program);
    // What it says about errors may hold secrets. A group of its own can be killed as a whole.
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("can't be started: {error}"))?;
    match follow(&mut child, limit) {
        Ok((status, printed)) if status.success() => Ok(printed),
        Ok((status, _)) => Err(format!("ends with {status}").replace(": ", " ")),
        Err(reason) => {
            // It wasn't waited for yet, so that its number is still its own.
            if let Ok(group) = i32::try_from(child.id()) {
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            let _ = child.wait();
            Err(reason)
        }
    }
}

/// Until it has ended by itself.
fn follow(child: &mut Child, limit: Duration) -> Result<(ExitStatus, Zeroizing<Vec<u8>>), String> {
    let clock = SystemClock::new();
    let left = || limit.checked_sub(clock.monotonic()).filter(|left| !left.is_zero());
    let late = || format!("doesn't end within {} s", limit.as_secs());
    let mut output = child.stdout.take().ok_or("has no output")?;
    let mut printed = Zeroizing::new(Vec::with_capacity(LONGEST));
    while read(&mut output, &mut printed, left().ok_or_else(late)?)? {
        if printed.len() > LONGEST {
            return Err(format!("prints more than {LONGEST} bytes"));
        }
    }
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => return Ok((status, printed)),
            None => {
                left().ok_or_else(late)?;
                blocking::pause(ENDING);
            }
        }
    }
}

/// Waits for some output and takes it; false at its end.
fn read(output: &mut ChildStdout, printed: &mut Vec<u8>, wait: Duration) -> Result<bool, String> {
    let wait = Timespec::try_from(wait).map_err(|error| error.to_string())?;
    let mut polled = [PollFd::new(&*output, PollFlags::IN)];
    match poll(&mut polled, Some(&wait)) {
        // The limit is looked at by who calls.
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(true),
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    let mut part = Zeroizing::new([0; 4096]);
    let count = output.read(part.as_mut()).map_err(|error| error.to_string())?;
    printed.extend_from_slice(part.get(..count).unwrap_or_default());
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_would_and_nothing_is_expanded() {
        for (line, expected) in [
            ("/opt/x --user  a", vec!["/opt/x", "--user", "a"]),
            (r#""/opt/a b/x" 'c "d'e ''"#, vec!["/opt/a b/x", "c \"de", ""]),
            (r#"x "a\"b\\c\d" e\ f"#, vec!["x", "a\"b\\c\\d", "e f"]),
            ("x $HOME `id` ; rm | y > z", vec!["x", "$HOME", "`id`", ";", "rm", "|", "y", ">", "z"]),
            ("", vec![]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
        for open in ["a 'b", "a \"b", "a \"b\\", "a\\"] {
            assert_eq!(words(open), None, "{open}");
        }
    }

    fn here(line: &str, limit: Duration) -> Result<Zeroizing<Vec<u8>>, String> {
        run_here(&words(line).unwrap(), limit)
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        let line = format!("/bin/sh -c 'sleep 600 & echo $! > {}.new && mv {0}.new {0}; wait'", file.display());
        // Long enough for the shell to begin, however busy the machine is; tried again until it has.
        let mut limit = Duration::from_millis(100);
        while !file.exists() {
            assert_eq!(here(&line, limit).unwrap_err(), format!("doesn't end within {} s", limit.as_secs()));
            limit *= 2;
            assert!(limit < Duration::from_secs(60), "the shell never began");
        }
        let pid: i32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
        // Killed, and at most waiting to be collected by whoever inherits it.
        let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let gone =
            || state().rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.trim().starts_with(['Z', 'X']));
        let clock = SystemClock::new();
        while !gone() {
            assert!(clock.monotonic() < Duration::from_secs(20), "{}", state());
            std::thread::yield_now();
        }
    }

    #[test]
    fn output_is_bounded_and_errors_of_the_program_are_not_repeated() {
        let limit = Duration::from_secs(20);
        assert_eq!(**here("/bin/echo a b", limit).unwrap(), *b"a b\n");
        assert_eq!(here("/usr/bin/yes", limit).unwrap_err(), "prints more than 65536 bytes");
        assert_eq!(here("/bin/sh -c 'echo secret >&2; exit 7'", limit).unwrap_err(), "ends with exit status 7");
        assert!(here("/bin/sh -c 'kill -9 $$'", limit).unwrap_err().starts_with("ends with signal 9"));
        // It has closed its output, and goes on.
        let short = Duration::from_millis(200);
        assert_eq!(here("/bin/sh -c 'exec >&-; sleep 600'", short).unwrap_err(), "doesn't end within 0 s");
    }

    proptest! {
        #[test]
        fn quoted_words_come_back(list in proptest::collection::vec("[ -~]{0,12}", 0..5)) {
            let line: Vec<String> = list.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
            prop_assert_eq!(words(&line.join(" ")), Some(list));
        }

        #[test]
        fn no_line_is_too_odd(line in ".*") {
            let _ = words(&line);
        }
    }
}
