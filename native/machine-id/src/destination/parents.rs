//! Who may change a directory on the way to one of ours: whoever can write there can exchange what is below.

use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use nix::sys::stat::{FileStat, fstat};
use nix::unistd::{Group, User, geteuid};

use super::DestinationError;
use super::writer::{TRUSTED_PARENTS, Writer};
use crate::acl::{self, Acl, Qualifier};
use crate::once::first_time;

/// Refuses a directory on the way to `asked` that belongs to somebody else than root or us, or in which somebody else
/// can put something under our entry's name. In a sticky one only the owners can, and the entry's owner is looked at
/// next.
pub(super) fn check(handle: &impl AsFd, path: &Path, asked: &Path) -> Result<(), DestinationError> {
    let seen = fstat(handle).map_err(DestinationError::io("read", path))?;
    let Some(fault) = fault(handle, &seen, path, asked) else { return Ok(()) };
    if vouched_for(path) {
        if first_time(path, "vouched") {
            tracing::warn!("{fault}; accepted, because {TRUSTED_PARENTS} names it");
        }
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
            (!is_our_own_group(seen.st_gid)).then_some(Writer::Group(seen.st_gid))
        }
        Ok(Some(acl)) => listed(&acl, seen.st_gid),
        Err(_) => Some(Writer::Unknown),
    }
}

fn listed(acl: &Acl, owning_group: u32) -> Option<Writer> {
    acl.entries().iter().filter(|entry| acl.effective(**entry).writes()).find_map(|entry| match entry.who {
        Qualifier::User(uid) if !trusted(uid) => Some(Writer::Listed(format!("user {}", acl::name_of(uid)))),
        Qualifier::Group(gid) if !is_our_own_group(gid) => {
            Some(Writer::Listed(format!("group {}", acl::group_name_of(gid))))
        }
        Qualifier::OwningGroup if !is_our_own_group(owning_group) => Some(Writer::Group(owning_group)),
        Qualifier::Other => Some(Writer::Everybody),
        _ => None,
    })
}

/// Root can do everything anyway, and we trust ourselves.
pub(super) fn trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// Whether nobody else than root and we can be in a group: our own, as where each user has a group of the same name and the
/// usual mask is 002; or one of administrators without members, as Debian's `staff` of `/usr/local`. Of others a directory
/// service may know further members.
pub(super) fn is_our_own_group(gid: u32) -> bool {
    let us = User::from_uid(geteuid()).ok().flatten();
    let Some(group) = Group::from_gid(gid.into()).ok().flatten() else { return false };
    let our_name = us.as_ref().map(|us| us.name.as_str());
    let ours = us.as_ref().is_some_and(|us| us.gid == group.gid && us.name == group.name);
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let administrators =
        || ADMINISTRATORS.contains(&group.name.as_str()) && is_local(&read("/etc/group"), &group.name, gid);
    (ours || administrators())
        && group.mem.iter().all(|member| member == ROOT || Some(member.as_str()) == our_name)
        && !shares_group(&read("/etc/passwd"), our_name, gid)
}

/// Who is in one of these is as good as root.
const ADMINISTRATORS: [&str; 4] = [ROOT, "wheel", "sudo", "staff"];
const ROOT: &str = "root";

/// Whether a line of `group` has it.
fn is_local(groups: &str, name: &str, gid: u32) -> bool {
    groups.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() == Some(name) && fields.nth(1).and_then(|field| field.parse().ok()) == Some(gid)
    })
}

/// Whether a line of `passwd` gives a user other than root and us this group.
fn shares_group(users: &str, us: Option<&str>, gid: u32) -> bool {
    users.lines().any(|line| {
        let mut fields = line.split(':');
        let name = fields.next();
        name != Some(ROOT) && name != us && fields.nth(2).and_then(|field| field.parse().ok()) == Some(gid)
    })
}

/// Whether the administrator of this process vouches for a directory.
pub(super) fn vouched_for(path: &Path) -> bool {
    is_listed(path, std::env::var_os(TRUSTED_PARENTS).as_deref())
}

fn is_listed(path: &Path, list: Option<&std::ffi::OsStr>) -> bool {
    list.is_some_and(|list| std::env::split_paths(list).any(|named| named.is_absolute() && named == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::{Entry, Permissions};

    #[test]
    fn a_group_of_two_users_is_nobodys_own() {
        let users = "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/home/ci:/bin/sh\nweb:x:1001:1000::/:/bin/sh\n";
        assert!(shares_group(users, Some("ci"), 1000));
        assert!(!shares_group(users, Some("root"), 0) && !shares_group(users, None, 0));
        assert!(!shares_group("ci:x:1000:1000::/home/ci:/bin/sh\n", Some("ci"), 1000));
        assert!(!shares_group("broken\n::\n", Some("ci"), 1000));
        let groups = "root:x:0:\nstaff:x:50:\nci:x:1000:web\n";
        assert!(is_local(groups, "staff", 50) && !is_local(groups, "staff", 51) && !is_local(groups, "sta", 50));
    }

    #[test]
    fn only_directories_that_are_named_whole_are_is_listed() {
        let list = std::ffi::OsStr::new("/home/agent:/data/:relative:");
        assert!(is_listed(Path::new("/home/agent"), Some(list)));
        assert!(is_listed(Path::new("/data"), Some(list)));
        for other in ["/", "/home", "/home/agent/workspace", "/relative", "relative"] {
            assert!(!is_listed(Path::new(other), Some(list)), "{other}");
        }
        assert!(!is_listed(Path::new("/home/agent"), None));
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
