//! Who may use a directory or a file: owner, mode bits, ACL.

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::geteuid;

use super::entry::{kind, kind_of, link};
use super::{Destination, DestinationError, remove};
use crate::acl::{self, Acl, AclError, AclVerdict, Difference, Grants, Object, Permissions};
use crate::config::AclMode;

const PRIVATE_DIRECTORY: u32 = 0o700;
const PRIVATE_FILE: u32 = 0o600;

/// Checks an existing directory and gives readers that are missing their access.
pub(super) fn check_directory(handle: &File, path: &Path, grants: &mut Grants) -> Result<(), DestinationError> {
    let found = inspect_directory(handle, path, grants)?;
    Ok(grants.complete_directory(handle, path, found.as_ref())?)
}

/// Checks an existing directory and changes nothing.
pub(super) fn inspect_directory(
    handle: &File,
    path: &Path,
    grants: &mut Grants,
) -> Result<Option<Acl>, DestinationError> {
    let stat = fstat(handle).map_err(DestinationError::io("read", path))?;
    let mode = stat.st_mode & 0o7777;
    let us = geteuid().as_raw();
    if stat.st_uid != us && stat.st_uid != 0 {
        owned(stat.st_uid, path)?;
    }
    let Some(acl) = list(handle, path, grants)? else {
        owned(stat.st_uid, path)?;
        return only_mode(path, mode, PRIVATE_DIRECTORY).map(|()| None);
    };
    // Root's directory serves where its list gives us all rights (`init --owner root --bot-user …`).
    if !acl.users().any(|(uid, granted)| uid == us && granted == Permissions::ALL) {
        owned(stat.st_uid, path)?;
    }
    grants.adopt(&acl);
    let all = acl::differences(Object::Directory, &acl, geteuid().as_raw(), grants.readers());
    refuse(path, mode, PRIVATE_DIRECTORY, &all, grants.mode())?;
    Ok(Some(acl))
}

/// The directory belongs to us.
pub(super) fn check_owner(handle: &File, path: &Path) -> Result<(), DestinationError> {
    let owner = fstat(handle).map_err(DestinationError::io("read", path))?.st_uid;
    owned(owner, path)
}

/// A regular file of ours, open to no more users than asked.
pub(super) fn check_file(file: &File, stat: &FileStat, path: &Path, grants: &Grants) -> Result<(), DestinationError> {
    if kind(stat) != SFlag::S_IFREG {
        return Err(DestinationError::NotAFile { path: path.to_owned(), seen: kind_of(stat) });
    }
    owned(stat.st_uid, path)?;
    let mode = stat.st_mode & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let Some(acl) = list(file, path, grants)? else { return only_mode(path, mode, PRIVATE_FILE) };
    let all = acl::differences(Object::File, &acl, geteuid().as_raw(), grants.readers());
    refuse(path, mode, PRIVATE_FILE, &all, grants.mode())
}

/// What stands under a name that is about to be replaced: nothing (false), or a file as we write them.
pub(super) fn check_name(folder: &File, name: &str, path: &Path, grants: &Grants) -> Result<bool, DestinationError> {
    let stat = match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::ENOENT) => return Ok(false),
        Err(errno) => return Err(DestinationError::io("read", path)(errno)),
    };
    match kind(&stat) {
        SFlag::S_IFLNK => return Err(link(folder, name, path.to_owned())),
        SFlag::S_IFREG if stat.st_mode & 0o077 == 0 => return owned(stat.st_uid, path).map(|()| true),
        SFlag::S_IFREG => owned(stat.st_uid, path)?,
        _ => return Err(DestinationError::NotAFile { path: path.to_owned(), seen: kind_of(&stat) }),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = openat(folder, name, flags, Mode::empty()).map_err(DestinationError::io("opened", path))?;
    check_file(&File::from(file), &stat, path, grants).map(|()| true)
}

/// Compares everything in a destination with what was asked.
pub(super) fn verify(destination: &Destination) -> Result<AclVerdict, DestinationError> {
    let grants = &destination.grants;
    if grants.mode() == AclMode::Off {
        return Ok(AclVerdict::Off);
    }
    let mut found: Vec<(PathBuf, Difference)> = Vec::new();
    let mut unsupported = false;
    let mut look = |file: &File, path: &Path, object: Object| -> Result<(), DestinationError> {
        let mode = fstat(file).map_err(DestinationError::io("read", path))?.st_mode;
        let list = match acl::read(file, path, acl::Kind::Access) {
            Err(AclError::Unsupported { .. }) => {
                unsupported = true;
                None
            }
            other => other?,
        };
        let list = list.unwrap_or_else(|| from_mode(mode));
        let all = acl::differences(object, &list, geteuid().as_raw(), grants.readers());
        found.extend(all.into_iter().map(|difference| (path.to_owned(), difference)));
        Ok(())
    };
    look(&destination.handle, &destination.path, Object::Directory)?;
    for name in remove::entries(&destination.handle, &destination.path)? {
        let path = destination.path.join(&name);
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let file = match openat(&destination.handle, name.as_os_str(), flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // Links, sockets and what vanishes meanwhile.
            Err(Errno::ELOOP | Errno::ENXIO | Errno::ENOENT) => continue,
            Err(errno) => return Err(DestinationError::io("opened", &path)(errno)),
        };
        let stat = fstat(&file).map_err(DestinationError::io("read", &path))?;
        if kind(&stat) == SFlag::S_IFREG && name != super::names::LOCK {
            look(&file, &path, Object::File)?;
        }
    }
    if !found.is_empty() {
        return Ok(AclVerdict::Differs(found));
    }
    Ok(if unsupported { AclVerdict::Unsupported } else { AclVerdict::AsAsked })
}

fn owned(owner: u32, path: &Path) -> Result<(), DestinationError> {
    let us = geteuid().as_raw();
    if owner == us { Ok(()) } else { Err(DestinationError::ForeignOwner { path: path.to_owned(), owner, us }) }
}

fn list(file: &File, path: &Path, grants: &Grants) -> Result<Option<Acl>, DestinationError> {
    if grants.mode() == AclMode::Off {
        return Ok(None);
    }
    match acl::read(file, path, acl::Kind::Access) {
        Err(AclError::Unsupported { .. }) if grants.mode() == AclMode::Try => Ok(None),
        other => Ok(other?),
    }
}

fn only_mode(path: &Path, mode: u32, wanted: u32) -> Result<(), DestinationError> {
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(DestinationError::TooOpen { path: path.to_owned(), mode, wanted, extra: String::new() })
}

/// Groups and everybody are never accepted; users that nobody asked for only where ACLs aren't required.
fn refuse(path: &Path, mode: u32, wanted: u32, all: &[Difference], strict: AclMode) -> Result<(), DestinationError> {
    for difference in all.iter().filter(|difference| difference.widens()) {
        if matches!(difference, Difference::UnexpectedUser(..)) && strict != AclMode::Required {
            tracing::warn!(path = %path.display(), %difference, "the ACL isn't as asked");
            continue;
        }
        return Err(DestinationError::TooOpen {
            path: path.to_owned(),
            mode,
            wanted,
            extra: format!(" ({difference} by its ACL)"),
        });
    }
    Ok(())
}

/// The list that mode bits stand for.
fn from_mode(mode: u32) -> Acl {
    use acl::{Entry, Qualifier};
    let part = |shift: u32| {
        u16::try_from((mode >> shift) & 7).ok().and_then(Permissions::from_bits).unwrap_or(Permissions::NONE)
    };
    Acl::new(vec![
        Entry { who: Qualifier::Owner, permissions: part(6) },
        Entry { who: Qualifier::OwningGroup, permissions: part(3) },
        Entry { who: Qualifier::Other, permissions: part(0) },
    ])
}
