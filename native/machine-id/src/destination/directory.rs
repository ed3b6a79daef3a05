//! Opening a directory without being led astray: one component at a time, relative to the handle of the one before.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{FchmodatFlags, Mode, SFlag, fchmod, fchmodat, fstat, fstatat, mkdirat};
use nix::unistd::{fsync, geteuid};

use super::entry::{LAST, kind, kind_of};
use super::parents::{self, trusted};
use super::{DestinationError, Durability};
use crate::config::{DirectoryConfig, SymlinkMode};

/// As many links as Linux itself follows.
const MAX_LINKS: usize = 40;

/// What to do about a missing directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Create,
    Refuse,
}

pub(super) struct Opened {
    pub handle: File,
    /// Whether we made it just now.
    pub created: bool,
    /// The directory that it is in, and its name there.
    pub parent: OwnedFd,
    pub name: OsString,
}

/// Opens the directory of `config`. Every directory on the way must belong to root or us, and nobody else may be able
/// to replace what is in it, whatever `symlinks` says: that is about links alone.
pub(super) fn open(
    config: &DirectoryConfig,
    missing: Missing,
    durability: Durability,
) -> Result<Opened, DestinationError> {
    walk(config, missing, durability, Parents::Guarded)
}

/// Opens a directory that is to be removed: what a build has opened up on the way must be cleaned all the same, and
/// whose it is the caller finds out by what is in it.
pub(super) fn open_to_remove(path: &Path) -> Result<Opened, DestinationError> {
    let config = DirectoryConfig { symlinks: SymlinkMode::Insecure, ..DirectoryConfig::private(path.to_owned()) };
    walk(&config, Missing::Refuse, Durability::Volatile, Parents::AsTheyAre)
}

/// Opens the directory that a file is in, following links of root's and ours, for reading what stands there.
pub(super) fn open_folder_of(file: &Path) -> Result<Opened, DestinationError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let config = DirectoryConfig { symlinks: SymlinkMode::Insecure, ..DirectoryConfig::private(folder.to_owned()) };
    let opened = open(&config, Missing::Refuse, Durability::Volatile)?;
    parents::check(&opened.handle, folder, file)?;
    Ok(opened)
}

/// Opens a directory to be emptied. A build may have taken the modes away that this needs; they are given back through
/// a handle of the directory itself, so that an exchanged name leads nowhere.
pub(super) fn open_whatever_its_mode(parent: &impl AsFd, name: &OsStr) -> nix::Result<File> {
    let way = openat(parent, name, LAST | OFlag::O_PATH, Mode::empty())?;
    let stat = fstat(&way)?;
    if stat.st_mode & 0o700 != 0o700 && stat.st_uid == geteuid().as_raw() {
        let itself = format!("/proc/self/fd/{}", way.as_raw_fd());
        // Where it fails, what follows says so.
        let _ = fchmodat(AT_FDCWD, itself.as_str(), Mode::S_IRWXU, FchmodatFlags::FollowSymlink);
    }
    openat(&way, ".", LAST, Mode::empty()).map(File::from)
}

/// Whether those that others could change are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parents {
    Guarded,
    AsTheyAre,
}

fn walk(
    config: &DirectoryConfig,
    missing: Missing,
    durability: Durability,
    guarded: Parents,
) -> Result<Opened, DestinationError> {
    let path = config.path.as_path();
    let fault = |reason| DestinationError::Path { path: path.to_owned(), reason };
    let mut pending = VecDeque::new();
    let mut components = path.components();
    if components.next() != Some(Component::RootDir) {
        return Err(fault("it isn't absolute"));
    }
    for component in components {
        match component {
            Component::Normal(name) => pending.push_back(name.to_owned()),
            _ => return Err(fault("it has `..` in it")),
        }
    }
    if pending.is_empty() {
        return Err(fault("it is the root directory"));
    }
    let root = nix::fcntl::open("/", WAY, Mode::empty()).map_err(DestinationError::io("opened", Path::new("/")))?;
    let parents = if config.readers.is_empty() { Mode::S_IRWXU } else { Mode::from_bits_truncate(0o711) };
    let stack = vec![(root, PathBuf::from("/"))];
    let mut walk = Walk { config, missing, durability, guarded, parents, stack, pending, links: 0 };
    walk.check_parent()?;
    loop {
        if let Some(opened) = walk.step()? {
            return Ok(opened);
        }
    }
}

/// Handles on the way need search permission only.
const WAY: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

struct Walk<'a> {
    config: &'a DirectoryConfig,
    missing: Missing,
    durability: Durability,
    guarded: Parents,
    /// The mode of those that are made.
    parents: Mode,
    /// The directories from the root to where we are; links with `..` need the way back.
    stack: Vec<(OwnedFd, PathBuf)>,
    pending: VecDeque<OsString>,
    links: usize,
}

impl Walk<'_> {
    /// Goes one component further; gives the directory when it was the last.
    fn step(&mut self) -> Result<Option<Opened>, DestinationError> {
        let Some(name) = self.pending.pop_front() else {
            return Err(self.fault("it leads back to the root directory"));
        };
        if name == ".." {
            if self.stack.len() > 1 {
                self.stack.pop();
            }
            return Ok(None);
        }
        let last = self.pending.is_empty();
        let (handle, at) = self.here()?;
        let path = at.join(&name);
        let flags = if last { LAST } else { WAY };
        let mut created = false;
        let opened = match openat(handle, name.as_os_str(), flags, Mode::empty()) {
            Err(Errno::ENOENT) if self.missing == Missing::Create => {
                created = self.create(&name, &path, last)?;
                openat(handle, name.as_os_str(), flags, Mode::empty())
            }
            Err(Errno::EACCES) if last && self.guarded == Parents::AsTheyAre => {
                open_whatever_its_mode(handle, &name).map(OwnedFd::from)
            }
            other => other,
        };
        match opened {
            Ok(child) if last => {
                let (parent, _) = self.stack.pop().ok_or_else(|| self.fault("it leads nowhere"))?;
                Ok(Some(Opened { handle: File::from(child), created, parent, name }))
            }
            Ok(child) => {
                self.stack.push((child, path));
                self.check_parent()?;
                Ok(None)
            }
            Err(Errno::ENOENT) => Err(DestinationError::Missing { path }),
            Err(Errno::ELOOP | Errno::ENOTDIR) => self.obstacle(&name, path, last),
            Err(errno) => Err(DestinationError::io("opened", &path)(errno)),
        }
    }

    /// A link or a file is in the way.
    fn obstacle(&mut self, name: &OsStr, path: PathBuf, last: bool) -> Result<Option<Opened>, DestinationError> {
        let (handle, _) = self.here()?;
        let seen = fstatat(handle, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(DestinationError::io("read", &path))?;
        if kind(&seen) != SFlag::S_IFLNK {
            return Err(DestinationError::NotADirectory { path, seen: kind_of(&seen) });
        }
        let target = PathBuf::from(readlinkat(handle, name).map_err(DestinationError::io("read", &path))?);
        // What is to be removed is the directory itself, never what a build has let its name point to.
        if last && self.guarded == Parents::AsTheyAre {
            return Err(DestinationError::SymbolicLink { path, target, allowed_by: None });
        }
        if self.config.symlinks != SymlinkMode::Insecure {
            return Err(DestinationError::SymbolicLink { path, target, allowed_by: Some(SymlinkMode::Insecure) });
        }
        // Even where links are allowed, only root's and our own: another user's may point anywhere tomorrow.
        if !trusted(seen.st_uid) {
            return Err(DestinationError::ForeignParent { path, asked: self.config.path.clone(), owner: seen.st_uid });
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(DestinationError::LinkLoop { path: self.config.path.clone(), limit: MAX_LINKS });
        }
        for component in target.components().rev() {
            match component {
                Component::Normal(part) => self.pending.push_front(part.to_owned()),
                Component::ParentDir => self.pending.push_front(OsString::from("..")),
                Component::RootDir => self.stack.truncate(1),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(None)
    }

    /// Makes a directory. Gives false if somebody else was faster.
    fn create(&self, name: &OsStr, path: &Path, last: bool) -> Result<bool, DestinationError> {
        let (handle, at) = self.here()?;
        match mkdirat(handle, name, Mode::S_IRWXU) {
            Ok(()) => {}
            Err(Errno::EEXIST) => return Ok(false),
            Err(errno) => return Err(DestinationError::io("made", path)(errno)),
        }
        if !last && self.parents != Mode::S_IRWXU {
            let made = openat(handle, name, LAST, Mode::empty()).map_err(DestinationError::io("opened", path))?;
            fchmod(&made, self.parents).map_err(DestinationError::io("made", path))?;
        }
        // Best effort: a parent that we may enter but not read can't be synced.
        if self.durability == Durability::Synced
            && let Ok(parent) = openat(handle, ".", LAST, Mode::empty())
            && let Err(errno) = fsync(&parent)
        {
            tracing::debug!(path = %at.display(), %errno, "parent directory not synced");
        }
        Ok(true)
    }

    /// Whether the directory we are in can be trusted to keep what is in it.
    fn check_parent(&self) -> Result<(), DestinationError> {
        let (handle, path) = self.here()?;
        match self.guarded {
            Parents::Guarded => parents::check(handle, path, &self.config.path),
            Parents::AsTheyAre => Ok(()),
        }
    }

    fn here(&self) -> Result<(&OwnedFd, &Path), DestinationError> {
        let (handle, path) = self.stack.last().ok_or_else(|| self.fault("it leads nowhere"))?;
        Ok((handle, path))
    }

    fn fault(&self, reason: &'static str) -> DestinationError {
        DestinationError::Path { path: self.config.path.clone(), reason }
    }
}
