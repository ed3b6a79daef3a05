//! Deleting: only what lies inside, by handles, following no link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::openat;
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::LAST;
use super::names::is_leftover;
use super::{Destination, DestinationError};

/// Deeper trees aren't ours.
const MAX_DEPTH: usize = 16;

/// The names in a directory, without `.` and `..`.
pub(super) fn entries(directory: &File, path: &Path) -> Result<Vec<OsString>, DestinationError> {
    // A second handle: reading moves a position that clones of a handle share.
    let again = openat(directory, ".", LAST, Mode::empty()).map_err(DestinationError::io("listed", path))?;
    let mut listing = Dir::from_fd(again).map_err(DestinationError::io("listed", path))?;
    let mut names = Vec::new();
    for entry in listing.iter() {
        let entry = entry.map_err(DestinationError::io("listed", path))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Deletes what writers that were killed left behind. The caller holds the lock.
pub(super) fn leftovers(directory: &File, path: &Path) -> Result<(), DestinationError> {
    for name in entries(directory, path)? {
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
    let handle = match openat(parent, name, LAST, Mode::empty()) {
        Ok(handle) => File::from(handle),
        Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(DestinationError::io("deleted", path)(errno)),
    };
    if depth >= MAX_DEPTH {
        return Err(DestinationError::io("deleted", path)(Errno::ENAMETOOLONG));
    }
    let below = contents(&handle, path, depth + 1);
    match unlinkat(parent, name, UnlinkatFlags::RemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => below.and(Err(DestinationError::io("deleted", path)(errno))),
    }
}

/// Deletes all that is in a directory; goes on after a failure and gives the first.
fn contents(directory: &File, path: &Path, depth: usize) -> Result<(), DestinationError> {
    let mut result = Ok(());
    for name in entries(directory, path)? {
        let deleted = delete(directory, &name, &path.join(&name), depth);
        result = result.and(deleted);
    }
    result
}

/// Deletes a whole destination.
pub(super) fn directory(destination: &Destination) -> Result<(), DestinationError> {
    contents(&destination.handle, &destination.path, 0)?;
    super::directory::remove_empty(destination)
}
