//! Our own file names, which callers can't use.

/// The lock file.
pub(super) const LOCK: &str = ".lock";
/// Lock files of parts of a directory.
pub(super) const PART_LOCK: &str = ".lock-";
/// A file that is about to take another's name.
pub(super) const TEMPORARY: &str = ".t-";
/// The directories in which a key and its certificate lie for `ssh`.
pub(super) const SLOTS: [&str; 2] = [".ssh-a", ".ssh-b"];
/// The certificate before the present one.
pub(super) const PREVIOUS: &str = ".previous-cert.pub";
/// What the last set has put here.
pub(super) const WRITTEN: &str = ".written";

const RANDOM_DIGITS: usize = 16;

/// A name for a file that will be renamed.
pub(super) fn temporary() -> String {
    format!("{TEMPORARY}{:016x}", fastrand::u64(..))
}

/// Whether a name is one of [`temporary`]'s, and nothing else.
pub(super) fn is_leftover(name: &str) -> bool {
    let digits = |text: &str| text.len() == RANDOM_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
    name.strip_prefix(TEMPORARY).is_some_and(digits)
}

/// Whether a name is one that callers can't give.
pub(super) fn is_own(name: &str) -> bool {
    [LOCK, PREVIOUS, WRITTEN].contains(&name)
        || SLOTS.contains(&name)
        || [PART_LOCK, TEMPORARY].iter().any(|own| name.starts_with(own))
}
