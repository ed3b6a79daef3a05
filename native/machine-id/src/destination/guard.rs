//! Who may use a directory or a file: owner, mode bits, ACL.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::geteuid;

use super::adopt::{self, Bits};
use super::entry::{kind, kind_of, link};
use super::error::PRIVATE_FILE;
use super::writer::TRUSTED_PARENTS;
use super::{Destination, DestinationError, parents, remove};
use crate::acl::{self, Acl, AclError, AclVerdict, Difference, Grants, Object, Permissions};
use crate::config::AclMode;
use crate::once::first_time;

const PRIVATE_DIRECTORY: u32 = 0o700;

/// Checks an existing directory, takes away what its mode gives others if it is there for us, and gives readers that are
/// missing their access.
pub(super) fn check_directory(handle: &File, path: &Path, grants: &mut Grants) -> Result<(), DestinationError> {
    let mut found = look(handle, path, grants)?;
    if found.bits != Bits::Closed
        && found.mine
        && adopt::tighten(handle, path, found.mode, found.bits, found.list.as_ref())?
    {
        found = look(handle, path, grants)?;
    }
    accept(&found, path, grants)?;
    Ok(grants.complete_directory(handle, path, found.list.as_ref())?)
}

/// Checks an existing directory and changes nothing: that others list it is no fault, that they can change it is one.
pub(super) fn inspect_directory(handle: &File, path: &Path, grants: &mut Grants) -> Result<(), DestinationError> {
    let found = look(handle, path, grants)?;
    if found.bits == Bits::Listed && will_be_closed(&found, handle, path)? {
        return Ok(());
    }
    accept(&found, path, grants)
}

/// Whether [`check_directory`] would accept it. Changes nothing.
pub(super) fn would_serve(handle: &File, path: &Path, grants: &mut Grants) -> Result<(), DestinationError> {
    let found = look(handle, path, grants)?;
    if will_be_closed(&found, handle, path)? { Ok(()) } else { accept(&found, path, grants) }
}

fn will_be_closed(found: &Found, handle: &File, path: &Path) -> Result<bool, DestinationError> {
    Ok(found.mine && found.bits != Bits::Closed && adopt::would_tighten(handle, path, found.mode, found.bits)?)
}

/// A directory as it is.
struct Found {
    mode: u32,
    owner: u32,
    /// It belongs to us.
    mine: bool,
    list: Option<Acl>,
    bits: Bits,
    /// The owner and the readers aside.
    differences: Vec<Difference>,
}

fn look(handle: &File, path: &Path, grants: &mut Grants) -> Result<Found, DestinationError> {
    let stat = fstat(handle).map_err(DestinationError::io("read", path))?;
    let us = geteuid().as_raw();
    let list = list(handle, path, grants)?;
    if let Some(list) = &list {
        grants.adopt(list);
    }
    let shown = list.clone().unwrap_or_else(|| Acl::of_mode(stat.st_mode));
    let differences = acl::differences(Object::Directory, &shown, us, grants.readers());
    let bits = adopt::bits(&differences, stat.st_gid);
    Ok(Found { mode: stat.st_mode & 0o7777, owner: stat.st_uid, mine: stat.st_uid == us, list, bits, differences })
}

/// Refuses a directory in which somebody else could read or exchange our files.
fn accept(found: &Found, path: &Path, grants: &Grants) -> Result<(), DestinationError> {
    let Err(fault) = judge(found, path, grants) else { return Ok(()) };
    // Only what mode and owner say can be vouched for, as in a directory above.
    let by_list = found.differences.iter().any(|difference| !by_bits(difference) && difference.widens());
    if (found.mine || found.owner == 0) && !by_list && parents::vouched_for(path) {
        if first_time(path, "vouched") {
            tracing::warn!("{fault}; accepted, because {TRUSTED_PARENTS} names it");
        }
        return Ok(());
    }
    Err(fault)
}

fn judge(found: &Found, path: &Path, grants: &Grants) -> Result<(), DestinationError> {
    let us = geteuid().as_raw();
    // Root's directory serves where its list gives us all rights (`init --owner root --bot-user …`).
    let ours_by_list = found.owner == 0
        && found.list.iter().flat_map(Acl::users).any(|(uid, granted)| uid == us && granted == Permissions::ALL);
    if !ours_by_list {
        owned(found.owner, path)?;
    }
    let named: Vec<Difference> = found.differences.iter().filter(|difference| !by_bits(difference)).cloned().collect();
    refuse(path, found.mode, PRIVATE_DIRECTORY, &named, grants.mode())?;
    match found.bits {
        Bits::Closed => Ok(()),
        // With required lists nothing may be otherwise than asked.
        Bits::Listed if grants.mode() != AclMode::Required => {
            if first_time(path, "listed") {
                tracing::warn!(
                    path = %path.display(),
                    "others can list it (mode {:04o}), but not read our files; left so, since other files are in it",
                    found.mode
                );
            }
            Ok(())
        }
        _ => {
            let extra = String::new();
            Err(DestinationError::TooOpen { path: path.to_owned(), mode: found.mode, wanted: PRIVATE_DIRECTORY, extra })
        }
    }
}

fn by_bits(difference: &Difference) -> bool {
    matches!(difference, Difference::GroupAccess(None, _) | Difference::OtherAccess(_))
}

/// A directory in a destination: it belongs to us, and only we can change it.
pub(super) fn check_folder(handle: &File, path: &Path, grants: &Grants) -> Result<(), DestinationError> {
    let found = look(handle, path, &mut grants.clone())?;
    owned(found.owner, path)?;
    if found.bits == Bits::Changed {
        adopt::close_folder(handle, path, found.mode, found.list.as_ref())
    } else {
        Ok(())
    }
}

/// A regular file of ours, which nobody else can have changed. Where others could only read it, `mend` closes it.
pub(super) fn check_file(
    file: &File,
    stat: &FileStat,
    path: &Path,
    grants: &Grants,
    mend: bool,
) -> Result<(), DestinationError> {
    if kind(stat) != SFlag::S_IFREG {
        return Err(DestinationError::NotAFile { path: path.to_owned(), seen: kind_of(stat) });
    }
    owned(stat.st_uid, path)?;
    let mode = stat.st_mode & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let list = list(file, path, grants)?;
    let shown = list.clone().unwrap_or_else(|| Acl::of_mode(mode));
    let all = acl::differences(Object::File, &shown, geteuid().as_raw(), grants.readers());
    let (bits, named): (Vec<_>, Vec<_>) = all.into_iter().partition(by_bits);
    refuse(path, mode, PRIVATE_FILE, &named, grants.mode())?;
    match adopt::bits(&bits, stat.st_gid) {
        Bits::Changed => {
            Err(DestinationError::TooOpen { path: path.to_owned(), mode, wanted: PRIVATE_FILE, extra: String::new() })
        }
        Bits::Listed if mend => adopt::close_file(file, path, mode, list.as_ref()),
        Bits::Listed | Bits::Closed => Ok(()),
    }
}

/// The file under a name; none where there is none. Changes nothing.
pub(super) fn file_in_place(folder: &File, name: &str, path: &Path) -> Result<Option<FileStat>, DestinationError> {
    let stat = match fstatat(folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(Errno::ENOENT) => return Ok(None),
        Err(errno) => return Err(DestinationError::io("read", path)(errno)),
    };
    match kind(&stat) {
        SFlag::S_IFLNK => Err(link(folder, name, path.to_owned())),
        SFlag::S_IFREG => Ok(Some(stat)),
        _ => Err(DestinationError::NotAFile { path: path.to_owned(), seen: kind_of(&stat) }),
    }
}

/// What stands under a name that is about to be replaced: nothing (false), or a file as we write them.
pub(super) fn check_name(folder: &File, name: &str, path: &Path, grants: &Grants) -> Result<bool, DestinationError> {
    let Some(stat) = file_in_place(folder, name, path)? else { return Ok(false) };
    // It goes, whatever it is: nobody but root and us can have put or changed it here. What a script has done to it since is
    // said, since it will not last.
    let changed = stat.st_uid != geteuid().as_raw() || (stat.st_mode & 0o077 != 0 && grants.readers().is_empty());
    if changed && first_time(path, "changed") {
        tracing::warn!(
            path = %path.display(),
            "belongs to {} with mode {:04o}; each refresh makes it ours alone again: name who shall read as `readers`",
            acl::name_of(stat.st_uid),
            stat.st_mode & 0o7777
        );
    }
    Ok(true)
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
        let list = list.unwrap_or_else(|| Acl::of_mode(mode));
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
            // Another's, as a volume's lost+found.
            Err(Errno::EACCES) if !is_ours(&destination.handle, &name) => continue,
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

fn is_ours(directory: &File, name: &OsStr) -> bool {
    let seen = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW);
    seen.is_ok_and(|seen| seen.st_uid == geteuid().as_raw())
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

/// Groups and everybody are never accepted; users that nobody asked for only where ACLs aren't required.
fn refuse(path: &Path, mode: u32, wanted: u32, all: &[Difference], strict: AclMode) -> Result<(), DestinationError> {
    for difference in all.iter().filter(|difference| difference.widens()) {
        if matches!(difference, Difference::UnexpectedUser(..)) && strict != AclMode::Required {
            if first_time(path, "list") {
                tracing::warn!(path = %path.display(), %difference, "the ACL isn't as asked");
            }
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
