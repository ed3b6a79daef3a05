//! Whether a list is what was asked for, and if not, in what it differs.

use std::fmt;
use std::path::PathBuf;

use super::Readers;
use super::entry::{Acl, Permissions, Qualifier};
use super::users::{group_name_of, name_of};

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
    /// A group that shall read can't.
    GroupMissing(u32),
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
        !matches!(self, Self::ReaderMissing(_) | Self::GroupMissing(_))
    }

    /// Whether a whole group or everybody may get into a directory that has it. (A single user is somebody's wish.)
    #[must_use]
    pub const fn lets_enter(&self) -> bool {
        self.to_many().bits() & 1 != 0
    }

    /// Whether a whole group or everybody may read a file that has it.
    #[must_use]
    pub const fn lets_read(&self) -> bool {
        self.to_many().includes(Permissions::READ)
    }

    const fn to_many(&self) -> Permissions {
        match self {
            Self::GroupAccess(_, granted) | Self::OtherAccess(granted) => *granted,
            _ => Permissions::NONE,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReaderMissing(uid) => write!(f, "reader {} has no access", name_of(*uid)),
            Self::GroupMissing(gid) => write!(f, "group {} has no access", group_name_of(*gid)),
            Self::UnexpectedUser(uid, granted) => write!(f, "user {} has {granted}, not asked for", name_of(*uid)),
            Self::GroupAccess(None, granted) => write!(f, "the owning group has {granted}"),
            Self::GroupAccess(Some(gid), granted) => write!(f, "group {} has {granted}", group_name_of(*gid)),
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
pub fn differences(object: Object, found: &Acl, owner: u32, readers: &Readers) -> Vec<Difference> {
    let wanted = match object {
        Object::Directory => Permissions::READ_SEARCH,
        Object::File => Permissions::READ,
    };
    let mut all = Vec::new();
    for reader in &readers.users {
        if !found.users().any(|(uid, granted)| uid == *reader && granted.includes(wanted)) {
            all.push(Difference::ReaderMissing(*reader));
        }
    }
    for group in &readers.groups {
        let entry = found.entries().iter().find(|entry| entry.who == Qualifier::Group(*group));
        if !entry.is_some_and(|entry| found.effective(*entry).includes(wanted)) {
            all.push(Difference::GroupMissing(*group));
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
            Qualifier::User(uid) if readers.users.contains(&uid) => {}
            Qualifier::User(uid) => all.push(Difference::UnexpectedUser(uid, granted)),
            Qualifier::OwningGroup => all.push(Difference::GroupAccess(None, granted)),
            // tbot lets the readers of a file write to it.
            Qualifier::Group(gid)
                if readers.groups.contains(&gid) && !(object == Object::Directory && granted.writes()) => {}
            Qualifier::Group(gid) => all.push(Difference::GroupAccess(Some(gid), granted)),
            Qualifier::Other => all.push(Difference::OtherAccess(granted)),
        }
    }
    all
}
