//! Our own file names, which callers can't use.

use std::path::{Path, PathBuf};

use crate::vocabulary::limits::{LEASE_ID_MAX_LENGTH, LEASE_ID_MIN_LENGTH};

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
    "agent.sock",
    "bkp_key_history.json",
    "bkp_shown.json",
    "bkp_state",
    "cockroach",
    "id_bkp",
    "id_bkp.pub",
    "identity",
    "identity.json",
    "key",
    "key-cert.pub",
    "key.pub",
    "key.taken-over",
    "known_hosts",
    "kubeconfig.yaml",
    "leases",
    "lock",
    "lost+found",
    "mongo.cas",
    "mongo.crt",
    "probe",
    "ssh.sock",
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
    "v1.sock",
    ".write-test",
];

/// How names begin that hold another one: the folders of an output for several Kubernetes clusters, the notes of bots that share
/// a directory, what could not be read.
const BEGINNINGS: [&str; 3] = ["kube-", "trouble-", "identity.json.set-aside-"];
/// How files of each cluster end.
const ENDINGS: [&str; 2] = [".known_hosts", ".ssh_config"];

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
#[must_use]
pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || ENDINGS.iter().any(|end| name.ends_with(end))
        || is_record(name)
}

/// Whether a name is a lease's in the lease table.
fn is_record(name: &str) -> bool {
    let digits = name.strip_suffix(".json").unwrap_or_default();
    (LEASE_ID_MIN_LENGTH..=LEASE_ID_MAX_LENGTH).contains(&digits.len())
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The list, to be compared with what the writers of those files call them.
#[cfg(test)]
pub(crate) const fn known() -> &'static [&'static str] {
    KNOWN
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
