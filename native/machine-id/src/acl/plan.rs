//! What a list should be (protocol G3).

use std::path::Path;

use super::Readers;
use super::entry::{Acl, Entry, Permissions, Qualifier};
use super::users::{group_name_of, name_of};

/// A directory: all for the owner, list and enter for the readers, nothing for others.
#[must_use]
pub(crate) fn for_directory(readers: &Readers) -> Acl {
    plan(Permissions::ALL, Permissions::READ_SEARCH, readers)
}

/// A file: read and write for the owner, read for the readers (tbot: also write), nothing for others.
#[must_use]
pub(crate) fn for_file(readers: &Readers) -> Acl {
    plan(Permissions::READ_WRITE, Permissions::READ, readers)
}

/// A socket: to connect takes the right to write.
#[must_use]
pub(crate) fn for_socket(readers: &Readers) -> Acl {
    plan(Permissions::READ_WRITE, Permissions::READ_WRITE, readers)
}

fn plan(owner: Permissions, reader: Permissions, readers: &Readers) -> Acl {
    let fixed =
        [(Qualifier::Owner, owner), (Qualifier::OwningGroup, Permissions::NONE), (Qualifier::Other, Permissions::NONE)];
    let users = readers.users.iter().map(|uid| (Qualifier::User(*uid), reader));
    let named = users.chain(readers.groups.iter().map(|gid| (Qualifier::Group(*gid), reader)));
    // The kernel demands a mask where somebody is named, and a list without one is just the mode bits.
    let mask = (!readers.is_empty()).then_some((Qualifier::Mask, reader));
    let entries = fixed.into_iter().chain(named).chain(mask);
    Acl::new(entries.map(|(who, permissions)| Entry { who, permissions }).collect())
}

/// The command that sets `acl` on `path`, to be shown or typed.
#[must_use]
pub(crate) fn to_setfacl(acl: &Acl, path: &Path) -> String {
    let entries: Vec<String> = acl
        .entries()
        .iter()
        .map(|entry| match entry.who {
            Qualifier::Owner => format!("u::{}", entry.permissions),
            Qualifier::User(uid) => format!("u:{}:{}", name_of(uid), entry.permissions),
            Qualifier::OwningGroup => format!("g::{}", entry.permissions),
            Qualifier::Group(gid) => format!("g:{}:{}", group_name_of(gid), entry.permissions),
            Qualifier::Mask => format!("m::{}", entry.permissions),
            Qualifier::Other => format!("o::{}", entry.permissions),
        })
        .collect();
    format!("setfacl --set {} {}", entries.join(","), quoted(path))
}

/// A path as one word of a POSIX shell.
#[must_use]
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
