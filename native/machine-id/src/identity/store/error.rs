//! What can go wrong with a store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::RenewalState;
use crate::error::{Code, Fault, Retry};
use crate::identity::certificates::CertificateError;
use crate::identity::when::Rfc3339;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the lock.
    #[error("{} is held by another process, waited {} s", path.display(), waited.as_secs_f32())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long we waited.
        waited: Duration,
    },
    /// The file isn't a whole identity.
    #[error("{} holds no whole identity: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong; never a part of the file.
        reason: String,
    },
    /// The file was written by a program with another format.
    #[error("{} has format version {seen}, this program knows {expected}", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        seen: u64,
        /// Ours.
        expected: u64,
    },
    /// Nothing is stored.
    #[error("{} doesn't exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The identity may not be renewed, or be stored as if it might.
    #[error("the stored identity can't be renewed: {}", Reason(state))]
    NotReady {
        /// Why.
        state: RenewalState,
    },
    /// The join method gives identities that can't renew themselves.
    #[error("the identity of {user:?} isn't renewable, it is replaced by joining again")]
    NotRenewable {
        /// The bot's user.
        user: String,
    },
    /// The store comes from another machine.
    #[error("the stored identity was made on another machine")]
    Foreign,
    /// A stored certificate can't be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A file isn't one that only we can write and read.
    #[error("{} isn't safe to keep a key in: {reason}", path.display())]
    Unsafe {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refuses.
    #[error("can't {action} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The identity has no form on disk.
    #[error("the identity can't be written down: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}

impl StoreError {
    pub(super) fn disk(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Disk { action, path: path.to_owned(), source }
    }

    pub(super) fn unwritable(reason: impl fmt::Display) -> Self {
        Self::Unwritable { reason: reason.to_string() }
    }
}

impl Fault for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Busy { .. } => Code::IdentityBusy,
            Self::Corrupt { .. } | Self::OtherVersion { .. } => Code::IdentityCorrupt,
            Self::Missing { .. } | Self::NotReady { .. } | Self::NotRenewable { .. } => Code::IdentityNeedsRejoin,
            Self::Foreign => Code::IdentityForeign,
            Self::Certificate(error) => error.code(),
            Self::Unsafe { .. } => Code::DestinationUnsafe,
            Self::Disk { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    Code::DestinationDenied
                }
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Code::DiskFull,
                _ => Code::DiskFailed,
            },
            Self::Unwritable { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Busy { .. } => "stop the other process (tbot, another agent or machine-id) or use another storage",
            Self::Corrupt { .. } => "move the file away and join again with a fresh token",
            Self::OtherVersion { .. } => "use the version that wrote it, or move it away and join with a fresh token",
            Self::Missing { .. } | Self::NotReady { .. } | Self::NotRenewable { .. } => "configure a fresh join token",
            Self::Foreign => "each machine needs an identity of its own: empty the storage here and join afresh",
            Self::Certificate(error) => return error.hint(),
            Self::Unsafe { .. } => "give the file to the user of this process, mode 0600, in a directory of mode 0700",
            Self::Disk { .. } => "check owner, permissions and free space of the directory",
            Self::Unwritable { .. } => "",
        }
        .to_owned()
    }

    fn retry(&self) -> Retry {
        if matches!(self, Self::Busy { .. }) { Retry::Later } else { Retry::No }
    }
}

struct Reason<'a>(&'a RenewalState);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RenewalState::Ready => f.write_str("no renewal is under way"),
            RenewalState::Pending { since, .. } => {
                write!(f, "the outcome of its renewal at {} isn't known", Rfc3339(*since))
            }
            RenewalState::NeedsRejoin { reason } => f.write_str(reason),
        }
    }
}
