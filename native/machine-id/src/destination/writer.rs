//! Who may write to a directory where nobody should.

use std::fmt;

use crate::acl;

/// Directories that the administrator of this process vouches for although others could write there, by their real
/// paths, with colons between: a volume of a container that nobody else mounts. Java reads it too (`TrustedWay`).
pub(super) const TRUSTED_PARENTS: &str = "MACHINE_ID_TRUSTED_PARENTS";

/// Somebody who may write beside root and us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writer {
    /// Everybody.
    Everybody,
    /// The members of the owning group.
    Group(u32),
    /// Users or groups by an entry of the ACL.
    Listed(String),
    /// The ACL can't be read, so nobody knows.
    Unknown,
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Group(gid) => write!(f, "group {}", acl::group_name_of(*gid)),
            Self::Listed(who) => write!(f, "{who} by its ACL"),
            Self::Unknown => f.write_str("whoever its ACL names, which can't be read,"),
        }
    }
}
