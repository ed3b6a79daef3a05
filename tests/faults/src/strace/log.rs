//! What strace wrote down: which calls a program makes, and which of them were struck.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::OPEN;

/// Every place to strike, from a log without faults: each call as often as the busiest thread makes it, with `files`
/// (the program's directory and its standard error) only where some thread's call is about a file.
#[must_use]
pub fn places(log: &Path, files: Option<(&Path, &Path)>) -> BTreeSet<(String, usize)> {
    let files = files.map(|(directory, errors)| (directory.display().to_string(), errors.display().to_string()));
    places_in(
        &fs::read_to_string(log).unwrap_or_default(),
        files.as_ref().map(|(one, two)| (one.as_str(), two.as_str())),
    )
}

fn places_in(log: &str, files: Option<(&str, &str)>) -> BTreeSet<(String, usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut places = BTreeSet::new();
    for Call { thread, name, text } in calls(log) {
        let is_wanted = files.is_none_or(|(directory, errors)| is_on_a_file(text, directory, errors));
        if !is_wanted && name == OPEN {
            continue;
        }
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        if is_wanted {
            places.insert((name.to_owned(), *count));
        }
    }
    places
}

/// What injected errors hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hit {
    /// No thread made that many such calls.
    Nothing,
    /// Files and nothing else (the first of the calls), or what was to be killed.
    Wanted(String),
    /// Something that no disk fails, at least once: a thread's wake-up, a line on standard error.
    Other,
}

/// What the injected errors in `log` hit; the files of the program under test lie below `directory`, and so does its
/// standard error, in `errors`.
#[must_use]
pub fn hit(log: &Path, directory: &Path, errors: &Path) -> Hit {
    hit_in(
        &fs::read_to_string(log).unwrap_or_default(),
        &directory.display().to_string(),
        &errors.display().to_string(),
    )
}

fn hit_in(log: &str, directory: &str, errors: &str) -> Hit {
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    let mut first = None;
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.ends_with("<unfinished ...>") {
            begun.insert(thread, rest);
        }
        if !rest.contains("(INJECTED)") {
            continue;
        }
        // Where another thread's call came between, what it was about stands in the first half.
        let call = if rest.starts_with("<...") { begun.get(thread).copied().unwrap_or_default() } else { rest };
        if !is_on_a_file(call, directory, errors) {
            return Hit::Other;
        }
        first.get_or_insert_with(|| call.to_owned());
    }
    first.map_or(Hit::Nothing, Hit::Wanted)
}

/// Whether the descriptor of `call` is one of a file below `directory`, and not that of standard error.
fn is_on_a_file(call: &str, directory: &str, errors: &str) -> bool {
    let descriptor = call.split_once('(').map_or("", |(_, rest)| rest).split([',', ')']).next().unwrap_or_default();
    let Some((_, path)) = descriptor.split_once('<') else { return false };
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(['/', '>'])) && !path.starts_with(errors)
}

/// Where a run was struck: how many calls had been begun.
#[must_use]
pub fn reached(log: &Path) -> usize {
    calls(&fs::read_to_string(log).unwrap_or_default()).count()
}

struct Call<'a> {
    thread: &'a str,
    name: &'a str,
    text: &'a str,
}

fn calls(log: &str) -> impl Iterator<Item = Call<'_>> {
    log.lines().filter_map(|line| {
        let (thread, text) = line.split_once(' ')?;
        let text = text.trim_start();
        let (name, _) = text.split_once('(')?;
        let is_call = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_call.then_some(Call { thread, name, text })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "7  write(13</b/storage/.t-1>, \"x\", 1) = -1 EIO (Input/output error) (INJECTED)\n";
    const WAKER: &str = "8  write(4<anon_inode:[eventfd]>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";
    const ERRORS: &str = "7  write(2</b/struck>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";
    const MUTE: &str = "7  write(2</dev/null>, \"x\", 8) = -1 EIO (Input/output error) (INJECTED)\n";

    fn hit(log: &str) -> Hit {
        hit_in(log, "/b", "/b/struck")
    }

    #[test]
    fn only_an_error_at_a_file_is_one_of_the_disk() {
        assert!(matches!(hit(FILE), Hit::Wanted(call) if call.contains(".t-1")));
        assert!(matches!(hit("7  fsync(14</b>) = -1 EIO (Input/output error) (INJECTED)"), Hit::Wanted(_)));
        for other in [WAKER, ERRORS, MUTE] {
            assert_eq!(hit(other), Hit::Other, "{other}");
            assert_eq!(hit(&format!("{FILE}{other}")), Hit::Other, "{other} after a file");
        }
        assert_eq!(hit("7  fsync(14</b>) = 0\n7  +++ exited with 0 +++\n"), Hit::Nothing);
        assert_eq!(hit("7  fsync(14</bb/x>) = -1 EIO (Input/output error) (INJECTED)"), Hit::Other);
    }

    #[test]
    fn places_for_errors_are_where_files_are() {
        let log = "7  write(4<anon_inode:[eventfd]>, 8) = 8\n7  write(9</b/key>, 2) = 2\n8  write(2</b/struck>, 2) = 2\n\
                   8  openat(AT_FDCWD</>, \"/lib\") = 3\n8  openat(5</b/storage>, \"x\") = 3\n8  +++ exited with 0 +++\n";
        let place = |name: &str, number| (name.to_owned(), number);
        assert_eq!(places_in(log, Some(("/b", "/b/struck"))), [place("openat", 1), place("write", 2)].into());
        let all = [place("openat", 1), place("openat", 2), place("write", 1), place("write", 2)];
        assert_eq!(places_in(log, None), all.into());
    }

    #[test]
    fn a_call_that_another_one_interrupts_in_the_log_is_put_together() {
        let log = |descriptor: &str| {
            format!(
                "8  write({descriptor}, \"x\", 8 <unfinished ...>\n7  write(4<anon_inode:[eventfd]>, \"x\", 8 <unfinished ...>\n\
                 8  <... write resumed>)  = -1 EIO (Input/output error) (INJECTED)\n7  <... write resumed>) = 8\n"
            )
        };
        assert!(matches!(hit(&log("13</b/key>")), Hit::Wanted(_)));
        assert_eq!(hit(&log("4<anon_inode:[eventfd]>")), Hit::Other);
    }
}
