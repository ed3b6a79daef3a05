//! Files and directories that one set of files has and the next one may not.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, linkat, unlinkat};
use zeroize::Zeroizing;

use super::entry::{LAST, kind};
use super::file::{discard, has_no_links};
use super::names::{is_leftover, is_own, temporary};
use super::{DestinationError, remove};

/// Longer files are none of ours.
const LONGEST: i64 = 1 << 20;

/// How directories are told that come and go with what is written.
#[derive(Clone, Copy, Debug)]
pub struct OwnFolders {
    /// Whether a directory's name is one that we give.
    pub is_named: fn(&str) -> bool,
    /// All the files that we put into one.
    pub files: &'static [&'static str],
}

/// Deletes those of `present` beside the directories that an earlier generation (`earlier`: oldest first) has put there
/// and that are not among the artifacts. A file that somebody has put there in their place stays. The caller holds the
/// lock.
pub(super) fn retire_files(
    top: &File,
    path: &Path,
    present: &[OsString],
    earlier: &[(u64, String)],
    artifacts: &[(&str, &[u8])],
) -> Result<(), DestinationError> {
    let kept: HashSet<&str> = artifacts.iter().map(|(name, _)| *name).collect();
    let mut left: Vec<&str> = present.iter().filter_map(|name| name.to_str()).collect();
    left.retain(|name| !kept.contains(name) && !is_own(name));
    for (_, generation) in earlier.iter().rev() {
        if left.is_empty() {
            break;
        }
        let handle = match openat(top, generation.as_str(), LAST, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => continue,
            Err(errno) => return Err(DestinationError::io("opened", &path.join(generation))(errno)),
        };
        let (old, others): (Vec<&str>, Vec<&str>) = left.iter().partition(|name| is_from(&handle, top, name, path));
        for name in old {
            remove::tree(top, name, &path.join(name))?;
        }
        left = others;
    }
    Ok(())
}

/// Whether a file has its name from a generation: both are one file then, and where there are no hard links copies.
fn is_from(generation: &File, top: &File, name: &str, path: &Path) -> bool {
    let stat = |at: &File| fstatat(at, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok().filter(|it| kind(it) == SFlag::S_IFREG);
    let (Some(old), Some(seen)) = (stat(generation), stat(top)) else { return false };
    if (old.st_dev, old.st_ino) == (seen.st_dev, seen.st_ino) {
        return true;
    }
    let alike = old.st_size == seen.st_size && seen.st_size <= LONGEST && seen.st_uid == geteuid().as_raw();
    alike && !has_links(generation, top, name, path) && are_copies(generation, top, name)
}

fn has_links(generation: &File, top: &File, name: &str, path: &Path) -> bool {
    let second = temporary();
    match linkat(generation, name, top, second.as_str(), AtFlags::empty()) {
        Ok(()) => {
            discard(top, &second, path);
            true
        }
        Err(errno) => !has_no_links(errno),
    }
}

fn are_copies(generation: &File, top: &File, name: &str) -> bool {
    let read = |at: &File| {
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let mut contents = Zeroizing::new(Vec::new());
        let file = File::from(openat(at, name, flags, Mode::empty())?);
        file.take(LONGEST.unsigned_abs()).read_to_end(&mut contents)?;
        io::Result::Ok(contents)
    };
    read(generation).ok().zip(read(top).ok()).is_some_and(|(old, seen)| old == seen)
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

#[cfg(test)]
mod unlinked {
    use super::*;
    use crate::destination::tests::{put, scratch};

    #[test]
    fn without_links_a_copy_is_told_by_what_stands_in_it() {
        let scratch = scratch();
        let (generation, top) = (scratch.path().join("generation"), scratch.path().join("top"));
        for (folder, text) in [(&generation, "ours"), (&top, "ours")] {
            std::fs::create_dir(folder).unwrap();
            put(&folder.join("same"), text);
            put(&folder.join("other"), &format!("{text} {}", folder.display()));
        }
        let (generation, top) = (File::open(generation).unwrap(), File::open(top).unwrap());
        assert!(are_copies(&generation, &top, "same"));
        assert!(!are_copies(&generation, &top, "other") && !are_copies(&generation, &top, "nosuch"));
    }
}
