//! User names and numbers of this machine.

use nix::unistd::{Gid, Group, Uid, User};

use super::AclError;
use crate::config::{GroupRef, UserRef};

/// The number of a user. A name of digits only that isn't a user's name counts as a number.
///
/// # Errors
/// When there is no such user or the user list can't be read.
pub(crate) fn uid_of(user: &UserRef) -> Result<u32, AclError> {
    let name = match user {
        UserRef::Id(uid) => return Ok(*uid),
        UserRef::Name(name) => name,
    };
    match User::from_name(name) {
        Ok(Some(found)) => Ok(found.uid.as_raw()),
        Ok(None) => name.parse().map_err(|_| AclError::UnknownUser { name: name.clone() }),
        Err(source) => Err(AclError::Lookup { name: name.clone(), source }),
    }
}

/// The number of a group, as [`uid_of`].
///
/// # Errors
/// When there is no such group or the group list can't be read.
pub(crate) fn gid_of(group: &GroupRef) -> Result<u32, AclError> {
    let name = match group {
        GroupRef::Id(gid) => return Ok(*gid),
        GroupRef::Name(name) => name,
    };
    match Group::from_name(name) {
        Ok(Some(found)) => Ok(found.gid.as_raw()),
        Ok(None) => name.parse().map_err(|_| AclError::UnknownGroup { name: name.clone() }),
        Err(source) => Err(AclError::Lookup { name: name.clone(), source }),
    }
}

/// The name of a user, or its number where it has none.
#[must_use]
pub fn name_of(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

/// The group's name, or its number where it has none.
#[must_use]
pub(crate) fn group_name_of(gid: u32) -> String {
    Group::from_gid(Gid::from_raw(gid)).ok().flatten().map_or_else(|| gid.to_string(), |group| group.name)
}
