//! Paths in `ssh_config`.

/// Why `path` can't be written into `ssh_config`, if it can't. Files are written after the join, which may cost a
/// token; so whoever reads a path asks here first.
///
/// OpenSSH before 8.7 knows no escape inside quotes, and newer ones expand `${…}`.
#[must_use]
pub fn not_for_ssh_config(path: &str) -> Option<&'static str> {
    if path.contains(['"', '\\']) {
        Some("ssh_config can't hold quotes and backslashes in a path")
    } else if path.contains("${") {
        Some("ssh would expand \"${\" in it")
    } else {
        None
    }
}
