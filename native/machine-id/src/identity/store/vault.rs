//! The directory of a store: every path below it is opened relative to its handle, and no link is followed.

use std::fs::{DirBuilder, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, fsync, geteuid, unlinkat};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::format::MAX_FILE;
use super::{IDENTITY_FILE, LOCK_FILE};
use crate::config::DirectoryConfig;

/// The directory, open.
#[derive(Debug)]
pub(super) struct Vault {
    path: PathBuf,
    handle: OwnedFd,
}

impl Vault {
    pub(super) fn open(directory: &DirectoryConfig) -> Result<Self, StoreError> {
        let path = directory.path.clone();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|e| StoreError::disk("create directory", &path, e))?;
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let handle = nix::fcntl::open(&path, flags, Mode::empty()).map_err(|e| refused("open directory", &path, e))?;
        let vault = Self { path, handle };
        let metadata = File::from(vault.duplicate()?).metadata();
        guard(&metadata.map_err(|e| StoreError::disk("look at", &vault.path, e))?, &vault.path)?;
        Ok(vault)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The identity file; none: it doesn't exist.
    pub(super) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let path = self.path_of(IDENTITY_FILE);
        // Not blocking: a named pipe in its place must not hang us.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let file = match openat(self.handle.as_fd(), IDENTITY_FILE, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(refused("open", &path, errno)),
        };
        let metadata = file.metadata().map_err(|e| StoreError::disk("look at", &path, e))?;
        if !metadata.is_file() {
            return Err(StoreError::Unsafe { path, reason: "it is no regular file".to_owned() });
        }
        guard(&metadata, &path)?;
        let limit = u64::try_from(MAX_FILE).unwrap_or(u64::MAX);
        if metadata.len() > limit {
            let reason = format!("it has {} bytes, an identity has at most {MAX_FILE}", metadata.len());
            return Err(StoreError::Corrupt { path, reason });
        }
        // Room for the whole file from the start, so that no growing buffer leaves parts of a key behind.
        let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
        file.take(limit).read_to_end(&mut text).map_err(|e| StoreError::disk("read", &path, e))?;
        Ok(Some(text))
    }

    /// Replaces the identity file as a whole.
    pub(super) fn write(&self, text: &[u8]) -> Result<(), StoreError> {
        const TEMPORARY: &str = ".identity.json.new";
        let path = self.path_of(IDENTITY_FILE);
        let failed = |action, errno: Errno| StoreError::disk(action, &path, errno.into());
        match unlinkat(self.handle.as_fd(), TEMPORARY, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(failed("replace", errno)),
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(self.handle.as_fd(), TEMPORARY, flags, Mode::S_IRUSR | Mode::S_IWUSR);
        let mut file = File::from(file.map_err(|errno| failed("create", errno))?);
        let written = file.write_all(text).and_then(|()| file.sync_all());
        if let Err(error) = written {
            let _ = unlinkat(self.handle.as_fd(), TEMPORARY, UnlinkatFlags::NoRemoveDir);
            return Err(StoreError::disk("write", &path, error));
        }
        renameat(self.handle.as_fd(), TEMPORARY, self.handle.as_fd(), IDENTITY_FILE)
            .map_err(|errno| failed("replace", errno))?;
        fsync(self.handle.as_fd()).map_err(|errno| failed("sync directory of", errno))
    }

    /// The lock file, made where it doesn't exist.
    pub(super) fn lock_file(&self) -> Result<File, StoreError> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        openat(self.handle.as_fd(), LOCK_FILE, flags, Mode::S_IRUSR | Mode::S_IWUSR)
            .map(File::from)
            .map_err(|errno| refused("open", &self.path_of(LOCK_FILE), errno))
    }

    /// Renames the identity file; the new name says when.
    pub(super) fn set_aside(&self, now: u64) -> Result<PathBuf, StoreError> {
        let name = format!("{IDENTITY_FILE}.set-aside-{now}");
        renameat(self.handle.as_fd(), IDENTITY_FILE, self.handle.as_fd(), name.as_str())
            .map_err(|errno| StoreError::disk("rename", &self.path_of(IDENTITY_FILE), errno.into()))?;
        Ok(self.path_of(&name))
    }

    fn duplicate(&self) -> Result<OwnedFd, StoreError> {
        self.handle.try_clone().map_err(|e| StoreError::disk("open directory", &self.path, e))
    }
}

/// Only our own user may read or write it.
fn guard(metadata: &std::fs::Metadata, path: &Path) -> Result<(), StoreError> {
    let us = geteuid().as_raw();
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let reason = if owner != us {
        format!("it belongs to user {owner}, this process runs as user {us}")
    } else if mode & 0o077 != 0 {
        format!("it has mode {mode:04o}, others than its owner have access")
    } else {
        return Ok(());
    };
    Err(StoreError::Unsafe { path: path.to_owned(), reason })
}

fn refused(action: &'static str, path: &Path, errno: Errno) -> StoreError {
    if errno == Errno::ELOOP {
        return StoreError::Unsafe { path: path.to_owned(), reason: "it is a symbolic link".to_owned() };
    }
    StoreError::disk(action, path, errno.into())
}
