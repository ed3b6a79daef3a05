//! What can go wrong with a store.

use std::fmt;
use std::path::PathBuf;

use super::RenewalState;
use crate::destination::DestinationError;
use crate::error::{Code, Fault, Retry};
use crate::identity::certificates::CertificateError;
use crate::identity::when::Rfc3339;

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or the file in it can't be opened, locked, read or written.
    #[error("identity store: {0}")]
    Destination(#[from] DestinationError),
    /// The file isn't a whole identity.
    #[error("{} holds no whole identity: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong; never a part of the file.
        reason: String,
    },
    /// A file of a bound key isn't what it should be.
    #[error("{} can't be used: {reason}", path.display())]
    BoundKey {
        /// The file.
        path: PathBuf,
        /// What is wrong; never a part of the file.
        reason: String,
    },
    /// tbot's files aren't one whole identity that could become ours.
    #[error("the storage {} holds files of tbot that can't be taken over: {reason}", path.display())]
    Tbots {
        /// The directory.
        path: PathBuf,
        /// What is wrong; never a part of a file.
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
    /// The file can't be moved out of the way.
    #[error("{} can't be renamed: {source}", path.display())]
    Rename {
        /// The file.
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
    pub(super) fn unwritable(reason: impl fmt::Display) -> Self {
        Self::Unwritable { reason: reason.to_string() }
    }
}

impl Fault for StoreError {
    fn code(&self) -> Code {
        match self {
            Self::Destination(DestinationError::Busy { .. }) => Code::IdentityBusy,
            Self::Destination(error) => error.code(),
            Self::Corrupt { .. } | Self::BoundKey { .. } | Self::OtherVersion { .. } => Code::IdentityCorrupt,
            Self::Missing { .. } | Self::NotReady { .. } | Self::NotRenewable { .. } | Self::Tbots { .. } => {
                Code::IdentityNeedsRejoin
            }
            Self::Foreign => Code::IdentityForeign,
            Self::Certificate(error) => error.code(),
            Self::Rename { .. } => Code::DiskFailed,
            Self::Unwritable { .. } => Code::Internal,
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Destination(DestinationError::Busy { .. }) => {
                "stop the other process (tbot, another agent or machine-id) or use another storage"
            }
            Self::Destination(error) => return error.hint(),
            Self::Corrupt { .. } => "move the file away and join again with a fresh token",
            Self::BoundKey { .. } => {
                "bring the file back; without the key the join token has to be made anew, and without the state its \
                 recovery mode set to insecure for one join"
            }
            Self::OtherVersion { .. } => "use the version that wrote it, or move it away and join with a fresh token",
            Self::Missing { .. } | Self::NotReady { .. } | Self::NotRenewable { .. } => "configure a fresh join token",
            Self::Tbots { .. } => {
                "its token is used up: configure a fresh one (from Teleport 16.2 on `tctl bots instances add BOT`)"
            }
            Self::Foreign => "each machine needs an identity of its own: empty the storage here and join afresh",
            Self::Certificate(error) => return error.hint(),
            Self::Rename { .. } => "check owner and permissions of the directory",
            Self::Unwritable { .. } => "",
        }
        .to_owned()
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Destination(error) => error.retry(),
            _ => Retry::No,
        }
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
