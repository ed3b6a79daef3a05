//! Files that are told apart by what they hold: compared by digest, remembered by what changes with the content.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::linkat;
use sha2::{Digest, Sha256};

use super::entry::{kind, kind_of};
use super::file::discard;
use super::names::temporary;
use super::{Destination, DestinationError};

/// Everybody may run it: it holds no secret, and the directory around it is guarded. Nobody writes to it by accident.
pub(super) const RUNNABLE: Mode = Mode::from_bits_truncate(0o555);
/// A time of change is believed when it is this old: whoever writes in the same tick of the clock doesn't change it.
const SETTLED: Duration = Duration::from_secs(2);

/// A file without a name whose content was compared, open for reading only.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) file: File,
    pub(super) seen: Seen,
}

/// What changes with the content: the time of change can't be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) device: u64,
    pub(super) inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    pub(super) fn of(file: &File) -> nix::Result<Self> {
        let stat = fstat(file)?;
        Ok(Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: stat.st_size,
            modified: (stat.st_mtime, stat.st_mtime_nsec),
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        })
    }

    /// Apart from the time of change, which a new name changes.
    fn is_of_the_content_of(&self, other: &Self) -> bool {
        Self { changed: other.changed, ..*self } == *other
    }

    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let changed =
            u64::try_from(self.changed.0).map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        changed.is_ok_and(|changed| now.duration_since(changed).is_ok_and(|age| age >= SETTLED))
    }
}

impl Verified {
    pub(super) fn is_as_it_was(&self) -> bool {
        Seen::of(&self.file) == Ok(self.seen)
    }
}

pub(super) fn open_regular(folder: Option<&File>, path: &Path) -> Result<File, DestinationError> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let opened = match (folder, path.file_name()) {
        (Some(folder), Some(name)) => openat(folder, name, flags, Mode::empty()),
        _ => openat(AT_FDCWD, path, flags, Mode::empty()),
    };
    let file = match opened {
        Ok(file) => File::from(file),
        Err(Errno::ENOENT) => return Err(DestinationError::Missing { path: path.to_owned() }),
        Err(errno) => return Err(DestinationError::io("opened", path)(errno)),
    };
    let stat = fstat(&file).map_err(DestinationError::io("read", path))?;
    if kind(&stat) != SFlag::S_IFREG {
        return Err(DestinationError::NotAFile { path: path.to_owned(), seen: kind_of(&stat) });
    }
    Ok(file)
}

/// The SHA-256 of a program, as [`HelperContent::Sha256`] has it.
///
/// # Errors
/// When it can't be read.
pub fn digest_of(path: &Path) -> Result<[u8; 32], DestinationError> {
    digest(&open_regular(None, path)?, path)
}

/// From the beginning, wherever its handle stands.
pub(super) fn digest(file: &File, path: &Path) -> Result<[u8; 32], DestinationError> {
    struct FromStart<'a>(&'a File, u64);
    impl Read for FromStart<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read_at(buffer, self.1)?;
            self.1 += u64::try_from(count).unwrap_or(0);
            Ok(count)
        }
    }
    let mut hash = Sha256::new();
    let mut reader = io::BufReader::with_capacity(1 << 17, FromStart(file, 0));
    io::copy(&mut reader, &mut hash).map_err(DestinationError::io("read", path))?;
    Ok(hash.finalize().into())
}

/// A copy without a name near a directory, open for reading only; none where there are no such files.
pub(super) fn unnamed(from: &File, near: &impl AsFd) -> io::Result<Option<Verified>> {
    let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
    let to = match openat(near, ".", flags, RUNNABLE) {
        Ok(to) => File::from(to),
        Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::ENOENT | Errno::EINVAL | Errno::EACCES | Errno::EROFS) => {
            return Ok(None);
        }
        Err(errno) => return Err(errno.into()),
    };
    fill(from, &to)?;
    // What is open for writing can't be run.
    let file = match OpenOptions::new().read(true).open(by_number(&to)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    drop(to);
    let seen = Seen::of(&file)?;
    Ok(Some(Verified { file, seen }))
}

/// Copies the content, which file systems that can do so share until one side is written to.
pub(super) fn fill(from: &File, to: &File) -> io::Result<()> {
    let (mut read, mut written) = (0, 0);
    loop {
        match rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut written), 1 << 30) {
            Ok(0) if read > 0 || from.metadata()?.len() == 0 => break,
            Ok(count) if count > 0 => {}
            // Not between these two, or not at all here.
            _ => {
                copy_by_hand(from, to)?;
                break;
            }
        }
    }
    // After the umask.
    nix::sys::stat::fchmod(to, RUNNABLE).map_err(io::Error::from)
}

fn copy_by_hand(from: &File, to: &File) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 17];
    let mut at = 0;
    loop {
        let count = from.read_at(&mut buffer, at)?;
        let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { return Ok(()) };
        to.write_all_at(part, at)?;
        at += u64::try_from(count).unwrap_or(0);
    }
}

fn by_number(file: &File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Gives a copy its name. False: not from where it is.
pub(super) fn name_it(
    copy: &Verified,
    destination: &Destination,
    name: &str,
    target: &Path,
) -> Result<bool, DestinationError> {
    let top = &destination.handle;
    let link = |name: &str| linkat(AT_FDCWD, &by_number(&copy.file), top, name, AtFlags::AT_SYMLINK_FOLLOW);
    match link(name) {
        Ok(()) => {}
        Err(Errno::EEXIST) => {
            let temporary = temporary();
            link(&temporary)
                .and_then(|()| renameat(top, temporary.as_str(), top, name))
                .inspect_err(|_| discard(top, &temporary, &destination.path))
                .map_err(DestinationError::io("renamed", target))?;
        }
        Err(Errno::EXDEV | Errno::ENOENT | Errno::EPERM | Errno::EOPNOTSUPP | Errno::EACCES) => return Ok(false),
        Err(errno) => return Err(DestinationError::io("linked", target)(errno)),
    }
    let now = Seen::of(&copy.file).map_err(DestinationError::io("read", target))?;
    if now.is_of_the_content_of(&copy.seen) {
        return Ok(true);
    }
    discard(top, name, &destination.path);
    Err(DestinationError::ProgramChanged { path: target.to_owned() })
}
