//! Whether a list is what was asked for, and if not, in what it differs.

use std::fmt;
use std::path::PathBuf;

use super::entry::{Acl, Permissions, Qualifier};
use super::users::name_of;

/// What kind of thing a list belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// Readers list and enter it.
    Directory,
    /// Readers read it.
    File,
}

/// One thing that isn't as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A reader can't read.
    ReaderMissing(u32),
    /// A user that nobody asked for.
    UnexpectedUser(u32, Permissions),
    /// A group that may do something; the number is none for the owning group.
    GroupAccess(Option<u32>, Permissions),
    /// Everybody may do something.
    OtherAccess(Permissions),
    /// A reader may change the directory, so could swap the files.
    ReaderWritesDirectory(u32),
}

impl Difference {
    /// Whether it gives access that nobody asked for (rather than too little).
    #[must_use]
    pub const fn widens(&self) -> bool {
        !matches!(self, Self::ReaderMissing(_))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReaderMissing(uid) => write!(f, "reader {} has no access", name_of(*uid)),
            Self::UnexpectedUser(uid, granted) => write!(f, "user {} has {granted}, not asked for", name_of(*uid)),
            Self::GroupAccess(None, granted) => write!(f, "the owning group has {granted}"),
            Self::GroupAccess(Some(gid), granted) => write!(f, "group {gid} has {granted}"),
            Self::OtherAccess(granted) => write!(f, "everybody has {granted}"),
            Self::ReaderWritesDirectory(uid) => write!(f, "user {} may write to the directory", name_of(*uid)),
        }
    }
}

/// The verdict on a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclVerdict {
    /// The owner and the readers, nobody else.
    AsAsked,
    /// Not checked: `acls: off`.
    Off,
    /// The file system has no lists; the mode bits are private.
    Unsupported,
    /// What differs, by path.
    Differs(Vec<(PathBuf, Difference)>),
}

/// Compares what is there with the owner plus `readers`. More than tbot's or our own rights for a reader of a file is
/// no difference (tbot grants `rw-`).
#[must_use]
pub fn differences(object: Object, found: &Acl, owner: u32, readers: &[u32]) -> Vec<Difference> {
    let wanted = match object {
        Object::Directory => Permissions::READ_SEARCH,
        Object::File => Permissions::READ,
    };
    let mut all = Vec::new();
    for reader in readers {
        if !found.users().any(|(uid, granted)| uid == *reader && granted.includes(wanted)) {
            all.push(Difference::ReaderMissing(*reader));
        }
    }
    for entry in found.entries() {
        let granted = found.effective(*entry);
        if granted == Permissions::NONE {
            continue;
        }
        match entry.who {
            Qualifier::Owner | Qualifier::Mask => {}
            Qualifier::User(uid) if uid == owner => {}
            Qualifier::User(uid) if object == Object::Directory && granted.writes() => {
                all.push(Difference::ReaderWritesDirectory(uid));
            }
            Qualifier::User(uid) if readers.contains(&uid) => {}
            Qualifier::User(uid) => all.push(Difference::UnexpectedUser(uid, granted)),
            Qualifier::OwningGroup => all.push(Difference::GroupAccess(None, granted)),
            Qualifier::Group(gid) => all.push(Difference::GroupAccess(Some(gid), granted)),
            Qualifier::Other => all.push(Difference::OtherAccess(granted)),
        }
    }
    all
}
