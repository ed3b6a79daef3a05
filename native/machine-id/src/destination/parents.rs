//! Who may change a directory on the way to one of ours: whoever can write there can exchange what is below.

use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use nix::sys::stat::{FileStat, fstat};
use nix::unistd::{Group, User, geteuid};

use super::DestinationError;
use super::writer::{TRUSTED_PARENTS, Writer};
use crate::acl::{self, Acl, Qualifier};

/// Refuses a directory on the way to `asked` that belongs to somebody else than root or us, or in which somebody else
/// can put something under our entry's name. In a sticky one only the owners can, and the entry's owner is looked at
/// next.
pub(super) fn check(handle: &impl AsFd, path: &Path, asked: &Path) -> Result<(), DestinationError> {
    let seen = fstat(handle).map_err(DestinationError::io("read", path))?;
    let Some(fault) = fault(handle, &seen, path, asked) else { return Ok(()) };
    if vouched_for(path, std::env::var_os(TRUSTED_PARENTS).as_deref()) {
        tracing::warn!("{fault}; accepted, because {TRUSTED_PARENTS} names it");
        return Ok(());
    }
    Err(fault)
}

fn fault(handle: &impl AsFd, seen: &FileStat, path: &Path, asked: &Path) -> Option<DestinationError> {
    let (path, asked) = (path.to_owned(), asked.to_owned());
    let mode = seen.st_mode & 0o7777;
    if !trusted(seen.st_uid) {
        return Some(DestinationError::ForeignParent { path, asked, owner: seen.st_uid });
    }
    if mode & 0o1000 != 0 || mode & 0o022 == 0 {
        return None;
    }
    let who = writer(handle, seen)?;
    Some(DestinationError::OpenParent { path, asked, mode, who })
}

/// The bits of the group are those of the mask where there is a list: without them no list grants writing to anybody
/// but the owner.
fn writer(handle: &impl AsFd, seen: &FileStat) -> Option<Writer> {
    if seen.st_mode & 0o002 != 0 {
        return Some(Writer::Everybody);
    }
    // A handle of a directory on the way allows no reading; its name below /proc stands for the same object.
    let at = PathBuf::from(format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd()));
    match acl::read_at(&at) {
        Ok(None) | Err(acl::AclError::Unsupported { .. }) => {
            (!is_private(seen.st_gid)).then_some(Writer::Group(seen.st_gid))
        }
        Ok(Some(acl)) => listed(&acl, seen.st_gid),
        Err(_) => Some(Writer::Unknown),
    }
}

fn listed(acl: &Acl, owning_group: u32) -> Option<Writer> {
    acl.entries().iter().filter(|entry| acl.effective(**entry).writes()).find_map(|entry| match entry.who {
        Qualifier::User(uid) if !trusted(uid) => Some(Writer::Listed(format!("user {}", acl::name_of(uid)))),
        Qualifier::Group(gid) if !is_private(gid) => Some(Writer::Listed(format!("group {}", acl::group_name_of(gid)))),
        Qualifier::OwningGroup if !is_private(owning_group) => Some(Writer::Group(owning_group)),
        Qualifier::Other => Some(Writer::Everybody),
        _ => None,
    })
}

/// Root can do everything anyway, and we trust ourselves.
pub(super) fn trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// Whether a group is that of our user alone, as where each user has a group of the same name and the usual mask is
/// 002: no other member, and no other user of this machine has it as its own.
fn is_private(gid: u32) -> bool {
    let us = User::from_uid(geteuid()).ok().flatten();
    let group = Group::from_gid(gid.into()).ok().flatten();
    let (Some(us), Some(group)) = (us, group) else { return false };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    us.gid == group.gid
        && us.name == group.name
        && group.mem.iter().all(|member| *member == us.name)
        && !shares_group(&users, &us.name, gid)
}

/// Whether a line of `passwd` gives another user this group.
fn shares_group(users: &str, name: &str, gid: u32) -> bool {
    users.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() != Some(name) && fields.nth(2).and_then(|field| field.parse().ok()) == Some(gid)
    })
}

fn vouched_for(path: &Path, list: Option<&std::ffi::OsStr>) -> bool {
    list.is_some_and(|list| std::env::split_paths(list).any(|named| named.is_absolute() && named == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{Entry, Permissions};

    #[test]
    fn a_group_of_two_users_is_nobodys_own() {
        let users = "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/home/ci:/bin/sh\nweb:x:1001:1000::/:/bin/sh\n";
        assert!(shares_group(users, "ci", 1000));
        assert!(!shares_group(users, "root", 0));
        assert!(!shares_group("ci:x:1000:1000::/home/ci:/bin/sh\n", "ci", 1000));
        assert!(!shares_group("broken\n::\n", "ci", 1000));
    }

    #[test]
    fn only_directories_that_are_named_whole_are_vouched_for() {
        let list = std::ffi::OsStr::new("/home/agent:/data/:relative:");
        assert!(vouched_for(Path::new("/home/agent"), Some(list)));
        assert!(vouched_for(Path::new("/data"), Some(list)));
        for other in ["/", "/home", "/home/agent/workspace", "/relative", "relative"] {
            assert!(!vouched_for(Path::new(other), Some(list)), "{other}");
        }
        assert!(!vouched_for(Path::new("/home/agent"), None));
    }

    #[test]
    fn a_list_counts_by_what_its_mask_lets_through() {
        let list = |granted, mask| {
            let entry = |who, permissions| Entry { who, permissions };
            Acl::new(vec![
                entry(Qualifier::Owner, Permissions::ALL),
                entry(Qualifier::User(61001), granted),
                entry(Qualifier::OwningGroup, Permissions::NONE),
                entry(Qualifier::Mask, mask),
                entry(Qualifier::Other, Permissions::NONE),
            ])
        };
        assert!(matches!(listed(&list(Permissions::ALL, Permissions::ALL), 61001), Some(Writer::Listed(_))));
        assert_eq!(listed(&list(Permissions::ALL, Permissions::READ_SEARCH), 61001), None);
        assert_eq!(listed(&list(Permissions::READ_SEARCH, Permissions::ALL), 61001), None);
    }
}
