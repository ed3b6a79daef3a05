//! Directories below a destination that one set of files has and the next one may not.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, openat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::entry::{LAST, kind};
use super::names::is_leftover;
use super::{DestinationError, remove};

/// How directories are told that come and go with what is written.
#[derive(Clone, Copy, Debug)]
pub struct OwnFolders {
    /// Whether a directory's name is one that we give.
    pub is_named: fn(&str) -> bool,
    /// All the files that we put into one.
    pub files: &'static [&'static str],
}

/// Deletes those of `present` that are ours and have none of the artifacts; goes on after a failure and gives the
/// first. The caller holds the lock.
pub(super) fn retire(
    top: &File,
    path: &Path,
    present: &[OsString],
    artifacts: &[(&str, &[u8])],
    own: OwnFolders,
) -> Result<(), DestinationError> {
    let kept: HashSet<&str> = artifacts.iter().filter_map(|(name, _)| Some(name.split_once('/')?.0)).collect();
    let mut result = Ok(());
    for name in present.iter().filter_map(|name| name.to_str()) {
        if (own.is_named)(name) && !kept.contains(name) {
            result = result.and(retire_one(top, name, &path.join(name), own.files));
        }
    }
    result
}

fn retire_one(top: &File, name: &str, path: &Path, files: &[&str]) -> Result<(), DestinationError> {
    let handle = match openat(top, name, LAST, Mode::empty()) {
        Ok(handle) => File::from(handle),
        // Gone, or somebody's file or link.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => return Ok(()),
        Err(errno) => return Err(DestinationError::io("opened", path)(errno)),
    };
    let owner = fstat(&handle).map_err(DestinationError::io("read", path))?.st_uid;
    let names = remove::entries(&handle, path)?;
    // One with nothing in it has no key in it either, and may be anybody's.
    let ours =
        owner == geteuid().as_raw() && !names.is_empty() && names.iter().all(|file| is_ours(&handle, file, files));
    if !ours {
        tracing::debug!(path = %path.display(), "not a directory of ours, left as it is");
        return Ok(());
    }
    for file in names {
        remove::tree(&handle, &file, &path.join(&file))?;
    }
    match unlinkat(top, name, UnlinkatFlags::RemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(DestinationError::io("deleted", path)(errno)),
    }
}

/// A regular file of ours by a name that we give.
fn is_ours(folder: &File, file: &OsStr, files: &[&str]) -> bool {
    let named = file.to_str().is_some_and(|name| files.contains(&name) || is_leftover(name));
    let regular = |stat: nix::sys::stat::FileStat| kind(&stat) == SFlag::S_IFREG && stat.st_uid == geteuid().as_raw();
    named && fstatat(folder, file, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(regular)
}
