//! Our own file names, which callers can't use.

use std::path::{Path, PathBuf};

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

/// What stands in a directory of a bot's and in nobody else's: the files of storages, ours and tbot's, those of tbot's outputs,
/// and what a volume has at first.
const KNOWN: &[&str] = &[
    "bkp_key_history.json",
    "bkp_shown.json",
    "cockroach",
    "id_bkp",
    "identity",
    "identity.json",
    "key",
    "key-cert.pub",
    "key.pub",
    "known_hosts",
    "kubeconfig.yaml",
    "leases",
    "lock",
    "lost+found",
    "mongo.cas",
    "mongo.crt",
    "ssh_config",
    "sshcacerts",
    "sshcert",
    "teleport-database-ca.crt",
    "teleport-host-ca.crt",
    "teleport-user-ca.crt",
    "tls.cas",
    "tls.crt",
    "tls.key",
    "tlscacerts",
    "tlscert",
    "tokenhash",
    "trouble.json",
    ".write-test",
];

/// The folders of an output for several Kubernetes clusters.
const CLUSTERS: &str = "kube-";

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

/// Whether a name is one that a bot's directory may have.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with(CLUSTERS)
}

/// A path as people know it: what has a passing name is told by what it will be.
pub(super) fn as_known(path: &Path) -> PathBuf {
    path.components().filter(|part| !is_leftover(part.as_os_str().to_str().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passing_names_are_in_no_message() {
        for (path, known) in [
            ("/d/.t-0123456789abcdef", "/d"),
            ("/d/.ssh-a/.t-0123456789abcdef", "/d/.ssh-a"),
            ("/d/.t-x/key", "/d/.t-x/key"),
        ] {
            assert_eq!(as_known(Path::new(path)), Path::new(known));
        }
    }
}
