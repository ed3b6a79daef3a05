//! Reading and setting lists through file descriptors, so that no path is followed.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use xattr::FileExt;

use super::encode;
use super::entry::Acl;
use super::error::AclError;

/// Which of the two lists of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who may use the object.
    Access,
    /// What new entries of a directory inherit.
    Default,
}

impl Kind {
    const fn attribute(self) -> &'static str {
        match self {
            Self::Access => "system.posix_acl_access",
            Self::Default => "system.posix_acl_default",
        }
    }
}

/// The list of an open file or directory; none where the mode bits say all. `path` is for the message.
///
/// # Errors
/// When the file system has no lists, or reading fails.
pub fn read(file: &File, path: &Path, kind: Kind) -> Result<Option<Acl>, AclError> {
    let value = file.get_xattr(kind.attribute()).map_err(|source| error("read", path, source))?;
    let malformed = |length| AclError::Malformed { path: path.to_owned(), length };
    value.map(|bytes| encode::from_bytes(&bytes).ok_or_else(|| malformed(bytes.len()))).transpose()
}

/// The access list of what stands at `at`, for objects that can't be opened.
///
/// # Errors
/// As [`read`].
pub fn read_at(at: &Path) -> Result<Option<Acl>, AclError> {
    let value = xattr::get_deref(at, Kind::Access.attribute()).map_err(|source| error("read", at, source))?;
    let malformed = |length| AclError::Malformed { path: at.to_owned(), length };
    value.map(|bytes| encode::from_bytes(&bytes).ok_or_else(|| malformed(bytes.len()))).transpose()
}

/// Replaces the list, and with it the mode bits.
///
/// # Errors
/// When the file system has no lists, or setting fails.
pub fn set(file: &File, path: &Path, acl: &Acl) -> Result<(), AclError> {
    file.set_xattr(Kind::Access.attribute(), &encode::to_bytes(acl)).map_err(|source| error("set", path, source))
}

/// Replaces the list of what stands at `at`, for objects that can't be opened. `path` is for the message.
///
/// # Errors
/// As [`set`].
pub(crate) fn set_at(at: &Path, path: &Path, acl: &Acl) -> Result<(), AclError> {
    xattr::set(at, Kind::Access.attribute(), &encode::to_bytes(acl)).map_err(|source| error("set", path, source))
}

/// Takes the default list away from a directory, so that nothing new inherits from it. Without lists: nothing to do.
///
/// # Errors
/// When it is there and can't be removed.
pub(crate) fn clear_default(directory: &File, path: &Path) -> Result<(), AclError> {
    match read(directory, path, Kind::Default) {
        Ok(None) | Err(AclError::Unsupported { .. }) => Ok(()),
        Ok(Some(_)) | Err(AclError::Malformed { .. }) => {
            directory.remove_xattr(Kind::Default.attribute()).map_err(|source| error("set", path, source))
        }
        Err(other) => Err(other),
    }
}

fn error(action: &'static str, path: &Path, source: io::Error) -> AclError {
    match source.raw_os_error().map(Errno::from_raw) {
        // ENOSYS: some FUSE and sandboxed file systems.
        Some(Errno::EOPNOTSUPP | Errno::ENOSYS) => AclError::Unsupported { path: path.to_owned() },
        _ => AclError::Io { action, path: path.to_owned(), source },
    }
}
