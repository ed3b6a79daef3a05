//! What can go wrong with a lease.

use std::io;
use std::path::PathBuf;

use super::LeaseId;
use crate::destination::DestinationError;
use crate::error::{Code, Fault, Retry};

/// A failure around a lease.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Not a lease id.
    #[error("{text:?} isn't a lease id of 32 to 64 lower-case hex digits")]
    Id {
        /// As given, shortened.
        text: String,
    },
    /// The directory isn't one that a lease may have.
    #[error("{} can't be a lease's directory: {reason}", .path.display())]
    Directory {
        /// As given.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The id is in use for something else.
    #[error("lease {id} is already in use for identity {identity:?} in {}", .directory.display())]
    InUse {
        /// The id.
        id: LeaseId,
        /// The identity it is for.
        identity: String,
        /// The directory it is for.
        directory: PathBuf,
    },
    /// There is something in the directory that isn't this lease's.
    #[error("{} is already there and isn't lease {id}'s", .directory.display())]
    Occupied {
        /// The id.
        id: LeaseId,
        /// The directory.
        directory: PathBuf,
    },
    /// Another live lease has the standing directory.
    #[error("{} is kept by lease {holder} of process {pid}", .directory.display())]
    Held {
        /// The directory.
        directory: PathBuf,
        /// The other lease.
        holder: LeaseId,
        /// Its process.
        pid: u32,
    },
    /// No such lease.
    #[error("there is no lease {id}")]
    Unknown {
        /// The id.
        id: LeaseId,
    },
    /// What the system says about this process can't be read.
    #[error("{} can't be read: {source}", .path.display())]
    Process {
        /// A file below `/proc`.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Around the table's or the lease's directory.
    #[error(transparent)]
    Destination(#[from] DestinationError),
}

impl LeaseError {
    /// Whether another one holds what is needed, for the moment.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Destination(DestinationError::Busy { .. }))
    }
}

impl Fault for LeaseError {
    fn code(&self) -> Code {
        match self {
            Self::Id { .. } | Self::Directory { .. } => Code::RequestInvalid,
            Self::InUse { .. } | Self::Occupied { .. } | Self::Held { .. } | Self::Unknown { .. } => {
                Code::LeaseConflict
            }
            Self::Process { .. } => Code::DiskFailed,
            Self::Destination(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Id { .. } => "send a random id".to_owned(),
            Self::Directory { .. } => "name a fresh directory below the build's temporary folder".to_owned(),
            Self::InUse { .. } | Self::Unknown { .. } => "use a fresh random id for each lease".to_owned(),
            Self::Occupied { .. } => "name a directory that doesn't exist yet".to_owned(),
            Self::Held { .. } => "let one process keep a standing destination, or use another directory".to_owned(),
            Self::Process { .. } => "mount /proc in this container".to_owned(),
            Self::Destination(error) => error.hint(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Destination(error) => error.retry(),
            _ => Retry::No,
        }
    }
}
