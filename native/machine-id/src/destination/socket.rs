//! A Unix socket in a directory.

use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::fcntl::renameat;

use super::file::discard;
use super::names::{Name, temporary};
use super::{Destination, DestinationError};

/// A socket's address has room for a path of 107 bytes, and workspaces have longer ones: the directory is named by our
/// handle of it.
fn at(destination: &Destination, name: &str) -> PathBuf {
    Path::new("/proc/self/fd").join(destination.handle.as_raw_fd().to_string()).join(name)
}

/// Binds under another name first, so that whoever connects meets the finished socket or none.
pub(super) fn listen(destination: &Destination, name: &Name) -> Result<UnixListener, DestinationError> {
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
    renameat(&destination.handle, temporary.as_str(), &destination.handle, name.file.as_str()).map_err(|errno| {
        undo();
        DestinationError::io("renamed", &shown)(errno)
    })?;
    Ok(listener)
}
