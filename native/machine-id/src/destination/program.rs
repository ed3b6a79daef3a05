//! Putting a program into a directory: a lease must work where only its own directory is to be seen.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::linkat;

use super::file::discard;
use super::names::{Name, temporary};
use super::{Destination, DestinationError};

/// Everybody may run it: it holds no secret, and the directory around it is guarded.
const RUNNABLE: Mode = Mode::from_bits_truncate(0o755);

/// Links the program, or copies it where a link isn't possible (another file system, another owner).
pub(super) fn place(destination: &Destination, source: &Path, name: &Name) -> Result<PathBuf, DestinationError> {
    let top = &destination.handle;
    let target = destination.path.join(&name.file);
    if linkat(AT_FDCWD, source, top, name.file.as_str(), AtFlags::empty()).is_ok() {
        return Ok(target);
    }
    let temporary = temporary();
    match linkat(AT_FDCWD, source, top, temporary.as_str(), AtFlags::empty()) {
        Ok(()) => {}
        Err(Errno::ENOENT) => return Err(DestinationError::Missing { path: source.to_owned() }),
        Err(Errno::EXDEV | Errno::EPERM | Errno::EACCES | Errno::EMLINK | Errno::EOPNOTSUPP) => {
            copy(top, source, &temporary, &target).inspect_err(|_| discard(top, &temporary, &destination.path))?;
        }
        Err(errno) => return Err(DestinationError::io("linked", &target)(errno)),
    }
    renameat(top, temporary.as_str(), top, name.file.as_str()).map_err(|errno| {
        discard(top, &temporary, &destination.path);
        DestinationError::io("renamed", &target)(errno)
    })?;
    // Renaming one link onto another of the same file does nothing, and leaves both.
    discard(top, &temporary, &destination.path);
    Ok(target)
}

fn copy(top: &File, source: &Path, name: &str, target: &Path) -> Result<(), DestinationError> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut from = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(source)
        .map_err(DestinationError::io("read", source))?;
    let mut to = File::from(openat(top, name, flags, RUNNABLE).map_err(DestinationError::io("made", target))?);
    io::copy(&mut from, &mut to).map_err(DestinationError::io("written", target))?;
    nix::sys::stat::fchmod(&to, RUNNABLE).map_err(DestinationError::io("made runnable", target))
}
