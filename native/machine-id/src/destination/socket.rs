//! A Unix socket in a directory.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::fcntl::{AtFlags, OFlag, open, renameat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::entry::Name;
use super::file::discard;
use super::names::temporary;
use super::{Destination, DestinationError};

/// A socket's address has room for a path of 107 bytes, and workspaces have longer ones: the directory is named by our
/// handle of it.
fn at(destination: &Destination, name: &str) -> PathBuf {
    Path::new("/proc/self/fd").join(destination.handle.as_raw_fd().to_string()).join(name)
}

/// The name of a socket in a directory. It holds nothing open, and knows both again when they were exchanged.
#[derive(Debug)]
pub struct SocketName {
    directory: PathBuf,
    name: String,
    /// Device and number of the directory, and of the socket.
    inodes: [(u64, u64); 2],
}

impl SocketName {
    /// Whether the name still means this socket: somebody may have emptied the directory.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.find().is_some()
    }

    /// Takes the name away, if it still means this socket.
    pub fn remove(&self) {
        if let Some(directory) = self.find()
            && let Err(errno) = unlinkat(&directory, self.name.as_str(), UnlinkatFlags::NoRemoveDir)
        {
            tracing::debug!(directory = %self.directory.display(), %errno, "the name of a socket stays");
        }
    }

    /// The directory, if it and the socket are the same as before.
    fn find(&self) -> Option<OwnedFd> {
        let directory =
            open(&self.directory, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).ok()?;
        let socket = fstatat(&directory, self.name.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
        (self.inodes == [inode(&fstat(&directory).ok()?), inode(&socket)]).then_some(directory)
    }
}

fn inode(facts: &FileStat) -> (u64, u64) {
    (facts.st_dev, facts.st_ino)
}

/// Binds under another name first, so that whoever connects meets the finished socket or none.
pub(super) fn listen(destination: &Destination, name: &Name) -> Result<(UnixListener, SocketName), DestinationError> {
    let shown = destination.path.join(&name.file);
    let temporary = temporary();
    let path = at(destination, &temporary);
    let listener = UnixListener::bind(&path).map_err(DestinationError::io("made", &shown))?;
    let undo = || discard(&destination.handle, &temporary, &destination.path);
    // Nobody else gets into the directory, so what the path names is what was made.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .map_err(DestinationError::io("changed", &shown))
        .and_then(|()| Ok(destination.grants.shape_socket(&path, &shown)?))
        .inspect_err(|_| undo())?;
    let inodes = fstat(&destination.handle)
        .and_then(|directory| {
            let socket = fstatat(&destination.handle, temporary.as_str(), AtFlags::AT_SYMLINK_NOFOLLOW)?;
            Ok([inode(&directory), inode(&socket)])
        })
        .inspect_err(|_| undo())
        .map_err(DestinationError::io("read", &shown))?;
    renameat(&destination.handle, temporary.as_str(), &destination.handle, name.file.as_str()).map_err(|errno| {
        undo();
        DestinationError::io("renamed", &shown)(errno)
    })?;
    let (directory, name) = (destination.path.clone(), name.file.clone());
    Ok((listener, SocketName { directory, name, inodes }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DirectoryConfig;

    #[test]
    fn the_name_is_taken_away_only_where_it_is_this_socket() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().canonicalize().unwrap().join("out");
        let config = DirectoryConfig::private(path.clone());
        let destination = Destination::create_or_open(&config).unwrap();
        let (_first, old) = destination.listen("ssh.sock").unwrap();
        assert!(old.is_there());
        let (_second, new) = destination.listen("ssh.sock").unwrap();
        assert!(!old.is_there());
        old.remove();
        assert!(new.is_there(), "another's socket");
        std::fs::rename(&path, root.path().join("moved")).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::hard_link(root.path().join("moved/ssh.sock"), path.join("ssh.sock")).unwrap();
        new.remove();
        assert!(path.join("ssh.sock").exists(), "another directory");
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::rename(root.path().join("moved"), &path).unwrap();
        new.remove();
        assert!(!path.join("ssh.sock").exists());
    }
}
