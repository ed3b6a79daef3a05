//! Taking over a directory as people make it: `mkdir -p`, a volume's root, a mode that a set-up script has changed.

use std::fs::File;
use std::path::Path;

use nix::fcntl::AtFlags;
use nix::sys::stat::{Mode, fchmod, fstatat};

use super::parents::{is_our_own_group, trusted};
use super::{DestinationError, names, remove};
use crate::acl::{self, Acl, Difference, Entry, Permissions, Qualifier};
use crate::once::first_time;

/// What mode bits give others in a directory of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    /// Nothing that counts.
    Closed,
    /// They may list and enter it: the files in it have modes of their own.
    Listed,
    /// They may change it.
    Changed,
}

/// Looks at the mode bits alone; `group` is the owning group. Whom a list names is another matter.
pub(super) fn bits(differences: &[Difference], group: u32) -> Bits {
    let by_bits = differences.iter().filter_map(|difference| match difference {
        Difference::GroupAccess(None, granted) => Some(granted.writes() && !is_our_own_group(group)),
        Difference::OtherAccess(granted) => Some(granted.writes()),
        _ => None,
    });
    by_bits.fold(Bits::Closed, |all, writes| match (all, writes) {
        (Bits::Changed, _) | (_, true) => Bits::Changed,
        (_, false) => Bits::Listed,
    })
}

/// Takes the bits of group and others away where nothing but ours is in the directory. False: there is more in it, which
/// others may need.
pub(super) fn tighten(
    handle: &File,
    path: &Path,
    mode: u32,
    bits: Bits,
    list: Option<&Acl>,
) -> Result<bool, DestinationError> {
    if !would_tighten(handle, path, mode, bits)? {
        return Ok(false);
    }
    close_folder(handle, path, mode, list)?;
    Ok(true)
}

/// Takes the bits of group and others away from a directory of ours.
pub(super) fn close_folder(handle: &File, path: &Path, mode: u32, list: Option<&Acl>) -> Result<(), DestinationError> {
    close(handle, path, Mode::S_IRWXU, list)?;
    if first_time(path, "mode") {
        tracing::warn!(
            path = %path.display(),
            "had mode {mode:04o}; nobody else gets in now: name users and groups that shall read as `readers`"
        );
    }
    Ok(())
}

fn close(file: &File, path: &Path, mode: Mode, list: Option<&Acl>) -> Result<(), DestinationError> {
    match list.filter(|list| list.get(Qualifier::Mask).is_some()) {
        None => fchmod(file, mode).map_err(DestinationError::io("changed", path)),
        Some(list) => Ok(acl::set(file, path, &closed(list))?),
    }
}

/// Takes the bits of group and others away from a file of ours that is read: a set-up script has changed its mode.
pub(super) fn close_file(file: &File, path: &Path, mode: u32, list: Option<&Acl>) -> Result<(), DestinationError> {
    close(file, path, Mode::S_IRUSR | Mode::S_IWUSR, list)?;
    if first_time(path, "mode") {
        tracing::warn!(
            path = %path.display(),
            "had mode {mode:04o}: others could read it; now it is ours alone again"
        );
    }
    Ok(())
}

/// Whether [`tighten`] would.
pub(super) fn would_tighten(handle: &File, path: &Path, mode: u32, bits: Bits) -> Result<bool, DestinationError> {
    // A sticky one is shared on purpose, as /tmp.
    Ok(mode & 0o1000 == 0 && is_ours(handle, path, bits)?)
}

/// The same list without the bits of group and others; a script's `chmod` has changed the mask by them.
fn closed(list: &Acl) -> Acl {
    let named = list.entries().iter().filter(|entry| matches!(entry.who, Qualifier::User(_) | Qualifier::Group(_)));
    let mask = named.fold(Permissions::NONE, |all, entry| all.or(entry.permissions));
    let entries = list.entries().iter().map(|entry| match entry.who {
        Qualifier::OwningGroup | Qualifier::Other => Entry { permissions: Permissions::NONE, ..*entry },
        Qualifier::Mask => Entry { permissions: entry.permissions.and(mask), ..*entry },
        _ => *entry,
    });
    Acl::new(entries.collect())
}

/// Whether the directory is there for us: nothing is in it but what we write, or tbot. Where others could change it, nothing
/// in it may be a third user's, who may have put it there.
fn is_ours(handle: &File, path: &Path, bits: Bits) -> Result<bool, DestinationError> {
    let all = remove::entries(handle, path)?;
    let ours = |name: &str| names::is_own(name) || names::is_known(name);
    if !all.iter().all(|name| name.to_str().is_some_and(ours)) {
        return Ok(false);
    }
    for name in all.into_iter().filter(|_| bits == Bits::Changed) {
        match fstatat(handle, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(seen) if !trusted(seen.st_uid) => return Ok(false),
            Ok(_) | Err(nix::errno::Errno::ENOENT) => {}
            Err(errno) => return Err(DestinationError::io("read", &path.join(name))(errno)),
        }
    }
    Ok(true)
}
