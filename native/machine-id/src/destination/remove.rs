//! Deleting: only what lies inside, by handles, following no link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fchmod, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};
use rustix::fs::RawDir;

use super::directory::{Opened, open_to_remove, open_whatever_its_mode};
use super::entry::LAST;
use super::names::{self, is_leftover};
use super::{Destination, DestinationError};

/// Deeper trees aren't ours.
const MAX_DEPTH: usize = 16;
/// How often a directory is emptied into which somebody goes on putting things.
const ROUNDS: usize = 5;

/// The names in a directory, without `.` and `..`.
pub(super) fn entries(directory: &File, path: &Path) -> Result<Vec<OsString>, DestinationError> {
    // A second handle: reading moves a position that clones of a handle share.
    let again = openat(directory, ".", LAST, Mode::empty()).map_err(DestinationError::io("listed", path))?;
    entries_of_new(&again, path)
}

/// As [`entries`], by a handle that was just opened and that nobody else reads.
fn entries_of_new(directory: &impl AsFd, path: &Path) -> Result<Vec<OsString>, DestinationError> {
    /// Some fifty names of ours.
    const ROOM: usize = 2048;
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let mut listing = RawDir::new(directory, &mut room);
    let mut names = Vec::new();
    while let Some(entry) = listing.next() {
        let entry = match entry {
            Ok(entry) => entry,
            // Somebody has deleted the directory itself.
            Err(rustix::io::Errno::NOENT) => break,
            Err(errno) => return Err(DestinationError::io("listed", path)(errno)),
        };
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Deletes what writers that were killed left behind. The caller holds the lock.
pub(super) fn leftovers(directory: &File, path: &Path, names: &[OsString]) -> Result<(), DestinationError> {
    for name in names {
        if let Some(name) = name.to_str()
            && is_leftover(name)
        {
            tracing::debug!(path = %path.join(name).display(), "deleting what a killed writer left");
            tree(directory, name, &path.join(name))?;
        }
    }
    Ok(())
}

/// Deletes an entry, and what is in it if it is a directory. None there is fine.
pub(super) fn tree(parent: &File, name: impl AsRef<OsStr>, path: &Path) -> Result<(), DestinationError> {
    delete(parent, name.as_ref(), path, 0)
}

fn delete(parent: &File, name: &OsStr, path: &Path, depth: usize) -> Result<(), DestinationError> {
    match unlinkat(parent, name, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => return Ok(()),
        // Linux says EISDIR for a directory, POSIX EPERM.
        Err(Errno::EISDIR | Errno::EPERM) => {}
        Err(errno) => return Err(DestinationError::io("deleted", path)(errno)),
    }
    let handle = match open_whatever_its_mode(parent, name) {
        Ok(handle) => handle,
        Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(DestinationError::io("deleted", path)(errno)),
    };
    if depth >= MAX_DEPTH {
        return Err(DestinationError::io("deleted", path)(Errno::ENAMETOOLONG));
    }
    let below = entries_of_new(&handle, path).and_then(|names| contents(&handle, path, names, depth + 1));
    match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => below.and(Err(DestinationError::io("deleted", path)(errno))),
    }
}

/// Deletes all that is in a directory; goes on after a failure and gives the first.
fn contents(directory: &File, path: &Path, names: Vec<OsString>, depth: usize) -> Result<(), DestinationError> {
    let mut result = Ok(());
    for name in names {
        let deleted = delete(directory, &name, &path.join(&name), depth);
        result = result.and(deleted);
    }
    result
}

/// Deletes a whole destination.
pub(super) fn directory(destination: &Destination) -> Result<(), DestinationError> {
    let names = entries(&destination.handle, &destination.path)?;
    contents(&destination.handle, &destination.path, names, 0)?;
    remove_empty(&destination.handle, &destination.path)
}

/// What [`remove_marked`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It was ours and is gone.
    Removed,
    /// There is nothing at that path.
    Absent,
    /// Something is there without our mark, and is left alone.
    NotOurs,
}

/// Deletes a directory only if it belongs to us and the file `marker` in it says `text`, or nothing is in it yet. Modes don't matter: what a
/// build has opened up must be cleaned all the same.
///
/// # Errors
/// When the path is unsafe, or something can't be deleted.
pub(crate) fn remove_marked(path: &Path, marker: &str, text: &str) -> Result<Removal, DestinationError> {
    // The way was guarded when the directory was made; here the mark decides.
    let Opened { handle, parent, name, .. } = match open_to_remove(path) {
        Ok(opened) => opened,
        Err(DestinationError::Missing { .. }) => return Ok(Removal::Absent),
        Err(DestinationError::NotADirectory { .. } | DestinationError::SymbolicLink { .. }) => {
            return Ok(Removal::NotOurs);
        }
        Err(other) => return Err(other),
    };
    let stat = fstat(&handle).map_err(DestinationError::io("read", path))?;
    let all = entries_of_new(&handle, path)?;
    // Between making the directory and putting the mark in a writer can be killed: then nothing else is there.
    let unborn = all.iter().all(|name| name.to_str().is_some_and(|name| is_leftover(name) || name == names::LOCK));
    if stat.st_uid != geteuid().as_raw() || !(unborn || marked(&handle, marker, text)) {
        return Ok(Removal::NotOurs);
    }
    if stat.st_mode & 0o700 != 0o700 {
        fchmod(&handle, Mode::S_IRWXU).map_err(DestinationError::io("changed", path))?;
    }
    // The mark goes last, and comes back when something has come in meanwhile: what is interrupted can be taken up again.
    let mut left = Ok(());
    let mut all = all;
    for _ in 0..ROUNDS {
        let mut result = Ok(());
        for entry in all.into_iter().filter(|entry| entry != marker) {
            result = result.and(delete(&handle, &entry, &path.join(&entry), 0));
        }
        result?;
        delete(&handle, OsStr::new(marker), &path.join(marker), 0)?;
        left = remove_empty_from(&parent, &name, &handle, path);
        if left.is_ok() {
            return Ok(Removal::Removed);
        }
        let mark = |file: OwnedFd| File::from(file).write_all(text.as_bytes());
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let marked =
            openat(&handle, marker, flags, Mode::S_IRUSR | Mode::S_IWUSR).map_err(io::Error::from).and_then(mark);
        marked.map_err(DestinationError::io("written", &path.join(marker)))?;
        all = entries(&handle, path)?;
    }
    left.map(|()| Removal::Removed)
}

fn marked(directory: &File, marker: &str, text: &str) -> bool {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let Ok(file) = openat(directory, marker, flags, Mode::empty()) else { return false };
    let mut seen = Vec::new();
    let limit = u64::try_from(text.len()).unwrap_or(0).saturating_add(1);
    File::from(file).take(limit).read_to_end(&mut seen).is_ok() && seen == text.as_bytes()
}

/// Takes the emptied directory out of its parent, if what stands under its name is still it.
pub(super) fn remove_empty(handle: &File, path: &Path) -> Result<(), DestinationError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    match nix::fcntl::open(parent, flags, Mode::empty()) {
        Ok(parent) => remove_empty_from(&parent, name, handle, path),
        Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(DestinationError::io("deleted", path)(errno)),
    }
}

/// As [`remove_empty`], from the directory that it was found in.
pub(super) fn remove_empty_from(
    parent: &OwnedFd,
    name: &OsStr,
    handle: &File,
    path: &Path,
) -> Result<(), DestinationError> {
    let ours = fstat(handle).map_err(DestinationError::io("read", path))?;
    match fstatat(parent, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(seen) if seen.st_dev == ours.st_dev && seen.st_ino == ours.st_ino => {}
        Ok(_) | Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(DestinationError::io("deleted", path)(errno)),
    }
    // Only an empty directory can go this way, so a swap in between costs nobody anything.
    match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(DestinationError::io("deleted", path)(errno)),
    }
}
