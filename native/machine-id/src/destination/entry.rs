//! What stands in a directory under a name, and which names callers may give it.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use nix::fcntl::{OFlag, readlinkat};
use nix::sys::stat::{FileStat, SFlag};

use super::DestinationError;
use super::names::is_own;

/// How a directory itself is opened, to be listed and synced; never a link to one.
pub(super) const LAST: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A checked relative name with at most one directory in front.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub folder: Option<String>,
    pub file: String,
}

impl Name {
    pub(super) fn parse(text: &str) -> Result<Self, DestinationError> {
        let fault = |reason| DestinationError::Name { name: text.to_owned(), reason };
        let (folder, file) = match text.split_once('/') {
            Some((folder, file)) => (Some(folder), file),
            None => (None, text),
        };
        if file.contains('/') {
            return Err(fault("at most one directory may stand in front"));
        }
        for part in folder.into_iter().chain([file]) {
            if part.is_empty() || part == "." || part == ".." {
                return Err(fault("each part must be an ordinary name"));
            }
            if part.len() > 200 || part.chars().any(char::is_control) {
                return Err(fault("it is too long or has control characters"));
            }
            if is_own(part) {
                return Err(fault("the name is reserved"));
            }
        }
        Ok(Self { folder: folder.map(str::to_owned), file: file.to_owned() })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.folder.as_ref().map_or(Ok(()), |folder| write!(f, "{folder}/"))?;
        f.write_str(&self.file)
    }
}

/// What kind of thing a stat is of.
pub(super) fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

/// The refusal of a link.
pub(super) fn link(folder: &File, name: &str, path: PathBuf) -> DestinationError {
    let target = readlinkat(folder, name).map(PathBuf::from).unwrap_or_default();
    DestinationError::SymbolicLink { path, target, allowed_by: None }
}

/// What a thing is, for a message.
pub(super) fn kind_of(stat: &FileStat) -> &'static str {
    match kind(stat) {
        SFlag::S_IFDIR => "a directory",
        SFlag::S_IFREG => "a regular file",
        SFlag::S_IFLNK => "a symbolic link",
        SFlag::S_IFIFO => "a named pipe",
        SFlag::S_IFSOCK => "a socket",
        SFlag::S_IFCHR | SFlag::S_IFBLK => "a device",
        _ => "something unknown",
    }
}
