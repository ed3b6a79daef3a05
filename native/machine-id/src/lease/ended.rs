//! What ending a lease found.

use super::LeaseRecord;
use crate::destination::Removal;
use crate::vocabulary::words;

/// How a lease ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// As it stood in the table; none where the table didn't know it.
    pub record: Option<LeaseRecord>,
    /// What became of its directory.
    pub directory: Fate,
}

impl Ended {
    /// The table doesn't know it, and nothing was looked at.
    pub const NOTHING: Self = Self { record: None, directory: Fate::Absent };
}

words! {
    /// What became of a lease's directory.
    pub enum Fate {
        /// It is gone with all that was in it.
        Removed = "removed",
        /// There was nothing: somebody has taken it away before.
        Absent = "absent",
        /// Something else stands there, and was left alone.
        NotOurs = "not_ours",
        /// It is a standing one, which outlives its lease.
        Kept = "kept",
    }
}

impl From<Removal> for Fate {
    fn from(removal: Removal) -> Self {
        match removal {
            Removal::Removed => Self::Removed,
            Removal::Absent => Self::Absent,
            Removal::NotOurs => Self::NotOurs,
        }
    }
}
