//! Our own file names, which callers can't use.

use std::path::{Component, Path, PathBuf};

/// The lock file.
pub(super) const LOCK: &str = ".lock";
/// Lock files of parts of a directory.
pub(super) const PART_LOCK: &str = ".lock-";
/// A file that is about to take another's name.
pub(super) const TEMPORARY: &str = ".t-";
/// A generation that is still being filled.
pub(super) const STAGING: &str = ".s-";
/// A complete generation.
pub(super) const GENERATION: &str = ".g-";

const RANDOM_DIGITS: usize = 16;

/// A name for a file that will be renamed.
pub(super) fn temporary() -> String {
    format!("{TEMPORARY}{:016x}", fastrand::u64(..))
}

/// Whether a name is one of [`temporary`]'s or a staging directory's, and nothing else.
pub(super) fn is_leftover(name: &str) -> bool {
    let digits = |text: &str| text.len() == RANDOM_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
    name.strip_prefix(TEMPORARY).is_some_and(digits)
        || name.strip_prefix(STAGING).is_some_and(|rest| number(rest).is_some())
}

/// Whether a name is one that callers can't give.
pub(super) fn is_own(name: &str) -> bool {
    name == LOCK || [PART_LOCK, TEMPORARY, STAGING, GENERATION].iter().any(|own| name.starts_with(own))
}

/// A path as people know it: what is in one of our passing directories, or under a passing name, is told by what it will be.
pub(super) fn as_known(path: &Path) -> PathBuf {
    let passing = |part: &Component<'_>| {
        let name = part.as_os_str().to_str().unwrap_or_default();
        is_leftover(name) || generation_number(name).is_some()
    };
    path.components().filter(|part| !passing(part)).collect()
}

/// The number of a generation named `name`, if it is one.
pub(super) fn generation_number(name: &str) -> Option<u64> {
    number(name.strip_prefix(GENERATION)?)
}

/// What follows the prefix of a new generation: its number, and a random part so that a name is never used twice.
pub(super) fn new_generation(number: u64) -> String {
    format!("{number}-{:016x}", fastrand::u64(..))
}

fn number(rest: &str) -> Option<u64> {
    let (number, random) = rest.split_once('-')?;
    let plain = random.len() == RANDOM_DIGITS && random.bytes().all(|b| b.is_ascii_hexdigit());
    (plain && number.bytes().all(|b| b.is_ascii_digit())).then(|| number.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_names_are_in_no_message() {
        for (path, known) in [
            ("/d/.s-1-0123456789abcdef/key", "/d/key"),
            ("/d/.g-12-0123456789abcdef", "/d"),
            ("/d/.t-0123456789abcdef", "/d"),
            ("/d/.s-1-0123456789abcdef/cockroach/node.key", "/d/cockroach/node.key"),
            ("/d/.g-x/key", "/d/.g-x/key"),
        ] {
            assert_eq!(as_known(Path::new(path)), Path::new(known));
        }
    }
}
