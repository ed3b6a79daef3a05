//! One file: reading, writing a new one, replacing.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};
use rustix::fs::{RenameFlags, renameat_with};
use zeroize::Zeroizing;

use super::entry::{LAST, Name, kind, kind_of, link};
use super::names::temporary;
use super::unsynced::Syncing;
use super::{Destination, DestinationError, Durability, guard};
use crate::acl::Grants;

/// Opens the directory that a name is in: the destination's own, or one below it.
pub(super) enum Folder<'a> {
    Top(&'a File, PathBuf),
    Sub(File, PathBuf),
}

impl<'a> Folder<'a> {
    pub(super) fn open(top: &'a File, path: &Path, folder: Option<&str>) -> Result<Self, DestinationError> {
        let Some(folder) = folder else { return Ok(Self::Top(top, path.to_owned())) };
        let path = path.join(folder);
        match openat(top, folder, LAST, Mode::empty()) {
            Ok(handle) => Ok(Self::Sub(File::from(handle), path)),
            Err(Errno::ENOENT) => Err(DestinationError::Missing { path }),
            Err(Errno::ELOOP | Errno::ENOTDIR) => {
                let seen =
                    fstatat(top, folder, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(DestinationError::io("read", &path))?;
                if kind(&seen) == SFlag::S_IFLNK {
                    return Err(link(top, folder, path));
                }
                Err(DestinationError::NotADirectory { path, seen: kind_of(&seen) })
            }
            Err(errno) => Err(DestinationError::io("opened", &path)(errno)),
        }
    }

    /// As [`Self::open`], making the directory below if it isn't there.
    pub(super) fn create(
        top: &'a File,
        path: &Path,
        folder: Option<&str>,
        grants: &Grants,
    ) -> Result<Self, DestinationError> {
        if let Some(name) = folder {
            let sub = path.join(name);
            match mkdirat(top, name, Mode::S_IRWXU) {
                Ok(()) => {
                    let made = Self::open(top, path, folder)?;
                    grants.shape_directory(made.handle(), &sub)?;
                    return Ok(made);
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(DestinationError::io("made", &sub)(errno)),
            }
            let there = Self::open(top, path, folder)?;
            guard::check_folder(there.handle(), &sub, grants)?;
            return Ok(there);
        }
        Self::open(top, path, folder)
    }

    pub(super) fn handle(&self) -> &File {
        match self {
            Self::Top(handle, _) => handle,
            Self::Sub(handle, _) => handle,
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Top(_, path) | Self::Sub(_, path) => path,
        }
    }
}

/// Reads a file of at most `limit` bytes. `mend`: one that others could read is closed.
pub(super) fn read(
    top: &File,
    path: &Path,
    name: &Name,
    limit: u64,
    grants: &Grants,
    mend: bool,
) -> Result<Option<Zeroizing<Vec<u8>>>, DestinationError> {
    let folder = match Folder::open(top, path, name.folder.as_deref()) {
        Err(DestinationError::Missing { .. }) => return Ok(None),
        other => other?,
    };
    let path = folder.path().join(&name.file);
    // Not blocking: a FIFO in the file's place must not stop us.
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = match openat(folder.handle(), name.file.as_str(), flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::ENOENT) => return Ok(None),
        Err(Errno::ELOOP) => return Err(link(folder.handle(), &name.file, path)),
        Err(errno) => return Err(DestinationError::io("opened", &path)(errno)),
    };
    let stat = fstat(&file).map_err(DestinationError::io("read", &path))?;
    guard::check_file(&file, &stat, &path, grants, mend)?;
    let length = u64::try_from(stat.st_size).unwrap_or(0);
    let mut contents = Zeroizing::new(Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or(0) + 1));
    (&file).take(limit + 1).read_to_end(&mut contents).map_err(DestinationError::io("read", &path))?;
    let read = u64::try_from(contents.len()).unwrap_or(u64::MAX);
    if read > limit {
        return Err(DestinationError::TooLong { path, length: length.max(read), limit });
    }
    Ok(Some(contents))
}

/// Writes a file that isn't there yet, in a directory whose entries may inherit a list. On failure nothing of it is left.
pub(super) fn write_new(
    folder: &File,
    name: &str,
    path: &Path,
    contents: &[u8],
    grants: &Grants,
    syncing: Syncing<'_>,
) -> Result<(), DestinationError> {
    write(folder, name, path, contents, syncing, |file| Ok(grants.shape_file(file, path)?))
}

/// As [`write_new`], in a directory that we have taken the default list from.
pub(super) fn write_staged(
    folder: &File,
    name: &str,
    path: &Path,
    contents: &[u8],
    grants: &Grants,
    syncing: Syncing<'_>,
) -> Result<(), DestinationError> {
    write(folder, name, path, contents, syncing, |file| Ok(grants.shape_plain_file(file, path)?))
}

/// Writes a file that isn't there yet and gives it its mode and list by `shape`. On failure nothing of it is left.
pub(super) fn write(
    folder: &File,
    name: &str,
    path: &Path,
    contents: &[u8],
    syncing: Syncing<'_>,
    shape: impl FnOnce(&File) -> Result<(), DestinationError>,
) -> Result<(), DestinationError> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = openat(folder, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)
        .map(File::from)
        .map_err(DestinationError::io("written", path))?;
    let result = fill(&file, path, contents, syncing, shape);
    if result.is_err() {
        discard(folder, name, path);
    }
    result
}

fn fill(
    mut file: &File,
    path: &Path,
    contents: &[u8],
    syncing: Syncing<'_>,
    shape: impl FnOnce(&File) -> Result<(), DestinationError>,
) -> Result<(), DestinationError> {
    file.write_all(contents).map_err(DestinationError::io("written", path))?;
    shape(file)?;
    syncing.sync(file, path)
}

/// Puts new contents under a name, at once.
pub(super) fn replace(destination: &Destination, name: &Name, contents: &[u8]) -> Result<(), DestinationError> {
    let top = &destination.handle;
    let folder = Folder::create(top, &destination.path, name.folder.as_deref(), &destination.grants)?;
    replace_in(destination, &folder, &name.file, contents)?;
    if destination.durability == Durability::Synced {
        folder.handle().sync_all().map_err(DestinationError::io("synced", folder.path()))?;
    }
    Ok(())
}

/// As [`replace`], but without syncing the directory.
fn replace_in(
    destination: &Destination,
    folder: &Folder<'_>,
    name: &str,
    contents: &[u8],
) -> Result<(), DestinationError> {
    let temporary = write_beside(destination, folder, name, contents, destination.syncing())?;
    replace_by(folder, &temporary, name)
}

/// Writes what is to take a name, and gives the name that it has until then.
pub(super) fn write_beside(
    destination: &Destination,
    folder: &Folder<'_>,
    name: &str,
    contents: &[u8],
    syncing: Syncing<'_>,
) -> Result<String, DestinationError> {
    let path = folder.path().join(name);
    guard::check_name(folder.handle(), name, &path, &destination.grants)?;
    let temporary = temporary();
    write_new(folder.handle(), &temporary, &path, contents, &destination.grants, syncing)?;
    Ok(temporary)
}

/// Gives it the name, at once. On failure nothing of it is left.
pub(super) fn replace_by(folder: &Folder<'_>, temporary: &str, name: &str) -> Result<(), DestinationError> {
    renameat(folder.handle(), temporary, folder.handle(), name).map_err(|errno| {
        let path = folder.path().join(name);
        discard(folder.handle(), temporary, &path);
        DestinationError::io("replaced", &path)(errno)
    })
}

/// As [`replace_in`], in a directory that was made a moment ago and that nobody reads yet.
pub(super) fn write_in_new(
    destination: &Destination,
    folder: &Folder<'_>,
    name: &str,
    contents: &[u8],
    syncing: Syncing<'_>,
) -> Result<(), DestinationError> {
    let path = folder.path().join(name);
    write_staged(folder.handle(), name, &path, contents, &destination.grants, syncing)
        // Somebody has put something there.
        .or_else(|_| replace_in(destination, folder, name, contents))
}

/// What stands in a regular file of at most `limit` bytes; none where there is no such file or it can't be read.
pub(super) fn peek(folder: &File, name: &str, limit: u64) -> Option<Zeroizing<Vec<u8>>> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = File::from(openat(folder, name, flags, Mode::empty()).ok()?);
    let stat = fstat(&file).ok()?;
    let length = u64::try_from(stat.st_size).ok().filter(|length| *length <= limit)?;
    let mut contents = Zeroizing::new(Vec::with_capacity(usize::try_from(length).ok()? + 1));
    (kind(&stat) == SFlag::S_IFREG).then_some(())?;
    file.take(limit).read_to_end(&mut contents).ok()?;
    Some(contents)
}

/// Puts a new file under a name that nothing has. Complete or not there, like [`replace`].
pub(super) fn create(destination: &Destination, name: &Name, contents: &[u8]) -> Result<bool, DestinationError> {
    let top = &destination.handle;
    let folder = Folder::create(top, &destination.path, name.folder.as_deref(), &destination.grants)?;
    let path = folder.path().join(&name.file);
    let temporary = temporary();
    let write = if destination.is_untouched() { write_staged } else { write_new };
    write(folder.handle(), &temporary, &path, contents, &destination.grants, destination.syncing())?;
    let named = rename_new(folder.handle(), &temporary, &name.file);
    if named != Ok(()) {
        discard(folder.handle(), &temporary, &path);
    }
    match named {
        Ok(()) => {}
        Err(Errno::EEXIST) => return Ok(false),
        Err(errno) => return Err(DestinationError::io("written", &path)(errno)),
    }
    if destination.durability == Durability::Synced {
        folder.handle().sync_all().map_err(DestinationError::io("synced", folder.path()))?;
    }
    Ok(true)
}

/// Renames, but over nothing; where the file system can't promise that (NFS), by a hard link; where it has none either,
/// after a look: what writers of ours do at once, locks keep apart.
pub(super) fn rename_new(folder: &File, from: &str, to: &str) -> nix::Result<()> {
    match renameat_with(folder, from, folder, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
            match linkat(folder, from, folder, to, AtFlags::empty()) {
                Ok(()) => unlinkat(folder, from, UnlinkatFlags::NoRemoveDir),
                Err(errno) if has_no_links(errno) => rename_after_look(folder, from, to),
                Err(errno) => Err(errno),
            }
        }
        Err(errno) => Err(Errno::from_raw(errno.raw_os_error())),
    }
}

fn rename_after_look(folder: &File, from: &str, to: &str) -> nix::Result<()> {
    match fstatat(folder, to, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EEXIST),
        Err(Errno::ENOENT) => renameat(folder, from, folder, to),
        Err(errno) => Err(errno),
    }
}

/// Whether a hard link was refused because the file system has none, or not here.
pub(super) const fn has_no_links(errno: Errno) -> bool {
    matches!(errno, Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EMLINK | Errno::EXDEV)
}

/// Deletes a file that may not be there.
pub(super) fn delete(destination: &Destination, name: &Name) -> Result<(), DestinationError> {
    let folder = match Folder::open(&destination.handle, &destination.path, name.folder.as_deref()) {
        Err(DestinationError::Missing { .. }) => return Ok(()),
        other => other?,
    };
    match unlinkat(folder.handle(), name.file.as_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(DestinationError::io("deleted", &folder.path().join(&name.file))(errno)),
    }
}

/// Takes a file of ours back after a failure.
pub(super) fn discard(folder: &File, name: &str, path: &Path) {
    if let Err(errno) = unlinkat(folder, name, UnlinkatFlags::NoRemoveDir)
        && errno != Errno::ENOENT
    {
        tracing::warn!(path = %path.display(), %errno, "a temporary file could not be deleted");
    }
}

#[cfg(test)]
mod unlinked {
    use super::*;

    #[test]
    fn without_links_a_new_name_is_still_not_taken_from_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let handle = File::open(folder.path()).unwrap();
        crate::destination::tests::put(&at("ours"), "ours");
        rename_after_look(&handle, "ours", "name").unwrap();
        crate::destination::tests::put(&at("other"), "other");
        assert_eq!(rename_after_look(&handle, "other", "name"), Err(Errno::EEXIST));
        assert_eq!(std::fs::read_to_string(at("name")).unwrap(), "ours");
    }
}
