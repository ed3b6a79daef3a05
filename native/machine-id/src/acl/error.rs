//! What can go wrong with access control lists.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::error::{Code, Fault};

/// A failure around a list.
#[derive(Debug, thiserror::Error)]
pub enum AclError {
    /// The file system has no POSIX ACLs (or is mounted `noacl`).
    #[error("{} is on a file system without POSIX ACLs", .path.display())]
    Unsupported {
        /// The file or directory.
        path: PathBuf,
    },
    /// A user name isn't known on this machine.
    #[error("there is no user {name:?} on this machine")]
    UnknownUser {
        /// The name as configured.
        name: String,
    },
    /// A group's name isn't known on this machine.
    #[error("there is no group {name:?} on this machine")]
    UnknownGroup {
        /// The name as configured.
        name: String,
    },
    /// The list of users or groups can't be read.
    #[error("{name:?} can't be looked up: {source}")]
    Lookup {
        /// The name as configured.
        name: String,
        /// Why.
        source: Errno,
    },
    /// Reading or writing the list failed.
    #[error("the ACL of {} can't be {action}: {source}", .path.display())]
    Io {
        /// `read` or `set`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The attribute isn't a list of the version we know.
    #[error("the ACL of {} is {length} bytes in an unknown form", .path.display())]
    Malformed {
        /// The file or directory.
        path: PathBuf,
        /// Bytes in the attribute.
        length: usize,
    },
}

impl AclError {
    /// The same of another path.
    #[must_use]
    pub(crate) fn at(self, other: impl FnOnce(&Path) -> PathBuf) -> Self {
        match self {
            Self::Unsupported { path } => Self::Unsupported { path: other(&path) },
            Self::Io { action, path, source } => Self::Io { action, path: other(&path), source },
            Self::Malformed { path, length } => Self::Malformed { path: other(&path), length },
            named => named,
        }
    }
}

impl Fault for AclError {
    fn code(&self) -> Code {
        match self {
            Self::Unsupported { .. } => Code::AclUnsupported,
            Self::UnknownUser { .. } | Self::UnknownGroup { .. } | Self::Lookup { .. } => Code::ConfigInvalid,
            Self::Io { source, .. } => code_of(source),
            Self::Malformed { .. } => Code::DestinationUnsafe,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unsupported { .. } => {
                "use a directory on ext4, xfs, btrfs or tmpfs, or leave out `readers` and set `acls: off`".to_owned()
            }
            Self::UnknownGroup { .. } => {
                "create the group, or write its number (from `getent group`) instead of its name".to_owned()
            }
            Self::UnknownUser { .. } | Self::Lookup { .. } => {
                "create the user, or write its number (from `id -u`) instead of its name".to_owned()
            }
            Self::Io { path, .. } | Self::Malformed { path, .. } => {
                format!("look at it with `getfacl '{0}'`, take it away with `setfacl -b '{0}'`", path.display())
            }
        }
    }
}

/// The stable code of a failure of the file system.
#[must_use]
pub(crate) fn code_of(error: &io::Error) -> Code {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOSPC | Errno::EDQUOT) => Code::DiskFull,
        Some(Errno::EACCES | Errno::EPERM) => Code::DestinationDenied,
        _ => Code::DiskFailed,
    }
}
