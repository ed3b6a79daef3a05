//! What can go wrong with a directory or a file in it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use super::names;
use super::writer::{TRUSTED_PARENTS, Writer};
use crate::acl::{AclError, code_of, name_of, quoted};
use crate::config::SymlinkMode;
use crate::error::{Code, Fault, Retry};

/// The mode of a file that nobody else reads.
pub(super) const PRIVATE_FILE: u32 = 0o600;

/// A failure around a destination.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// The path isn't absolute or has `..` in it.
    #[error("{} isn't a usable directory path: {reason}", .path.display())]
    Path {
        /// As configured.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The name of a file isn't one that we write.
    #[error("{name:?} isn't a usable file name: {reason}")]
    Name {
        /// As given.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A part of the path isn't there, and nothing may be made.
    #[error("{} doesn't exist", .path.display())]
    Missing {
        /// The first missing part.
        path: PathBuf,
    },
    /// A symbolic link where none may be.
    #[error("{} is a symbolic link to {}", .path.display(), .target.display())]
    SymbolicLink {
        /// The link.
        path: PathBuf,
        /// What it says.
        target: PathBuf,
        /// What of `symlinks` would accept it; none: nothing would, since it stands in a file's place.
        allowed_by: Option<SymlinkMode>,
    },
    /// Links lead in a circle.
    #[error("{} goes through more than {limit} symbolic links", .path.display())]
    LinkLoop {
        /// As configured.
        path: PathBuf,
        /// The most that are followed.
        limit: usize,
    },
    /// Something else than a directory.
    #[error("{} is {seen}, not a directory", .path.display())]
    NotADirectory {
        /// The path.
        path: PathBuf,
        /// What it is.
        seen: &'static str,
    },
    /// Something else than a regular file.
    #[error("{} is {seen}, not a regular file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        seen: &'static str,
    },
    /// Owned by somebody else than the user we run as.
    #[error("{} belongs to {}, but this process runs as {}", .path.display(), name_of(*.owner), name_of(*.us))]
    ForeignOwner {
        /// The directory or file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Our effective user.
        us: u32,
    },
    /// A directory on the way belongs to somebody who could swap what is below.
    #[error("{} on the way to {} belongs to {}, who could replace what is below it", .path.display(), .asked.display(), name_of(*.owner))]
    ForeignParent {
        /// The directory on the way.
        path: PathBuf,
        /// As configured.
        asked: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// A directory on the way may be written by others.
    #[error("{} on the way to {} has mode {mode:04o}: {} could replace what is below it", .path.display(), .asked.display(), .who)]
    OpenParent {
        /// The directory on the way.
        path: PathBuf,
        /// As configured.
        asked: PathBuf,
        /// Its mode bits.
        mode: u32,
        /// Who may.
        who: Writer,
    },
    /// The program that others run isn't what it was.
    #[error("{} isn't the program that was packaged: its content has changed", .path.display())]
    ProgramChanged {
        /// Where it is.
        path: PathBuf,
    },
    /// The directory or file is open to more users than asked for.
    #[error("{} has mode {mode:04o}, want {wanted:04o}{extra}", .path.display())]
    TooOpen {
        /// The directory or file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
        /// What they should be.
        wanted: u32,
        /// What its ACL adds, or nothing.
        extra: String,
    },
    /// A file is longer than it may be.
    #[error("{} has {length} bytes, more than the {limit} it may have", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its size.
        length: u64,
        /// The bound.
        limit: u64,
    },
    /// Another process is writing.
    #[error("another process has held the lock of {} for {waited:?}", .path.display())]
    Busy {
        /// The directory.
        path: PathBuf,
        /// How long we waited.
        waited: Duration,
    },
    /// A call of the operating system failed.
    #[error("{} can't be {action}: {source}", .path.display())]
    Io {
        /// What was tried, as a participle.
        action: &'static str,
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Around the ACL.
    #[error(transparent)]
    Acl(AclError),
}

impl From<AclError> for DestinationError {
    fn from(error: AclError) -> Self {
        Self::Acl(error.at(names::as_known))
    }
}

impl DestinationError {
    /// Makes a converter for the result of a call.
    pub(super) fn io<E: Into<io::Error>>(action: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: names::as_known(path), source: source.into() }
    }
}

impl Fault for DestinationError {
    fn code(&self) -> Code {
        match self {
            Self::Path { .. } => Code::ConfigInvalid,
            Self::Name { .. } => Code::Internal,
            Self::Missing { .. } | Self::Busy { .. } => Code::DiskFailed,
            Self::SymbolicLink { .. }
            | Self::LinkLoop { .. }
            | Self::NotADirectory { .. }
            | Self::NotAFile { .. }
            | Self::ForeignOwner { .. }
            | Self::ForeignParent { .. }
            | Self::OpenParent { .. }
            | Self::ProgramChanged { .. }
            | Self::TooOpen { .. }
            | Self::TooLong { .. } => Code::DestinationUnsafe,
            Self::Io { source, .. } => code_of(source),
            Self::Acl(error) => error.code(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Path { .. } => "write the absolute path of a directory".to_owned(),
            Self::Name { .. } => "report this as a bug".to_owned(),
            Self::Missing { path } => format!("make it with `machine-id init` or `mkdir -m 0700 {}`", quoted(path)),
            Self::SymbolicLink { target, allowed_by: Some(mode), .. } => {
                format!(
                    "write the path without the link (through {}), or allow it with `symlinks: {mode}`",
                    target.display()
                )
            }
            Self::SymbolicLink { path, allowed_by: None, .. } => {
                format!(
                    "take it away with `rm {0}`; where something else has to find the file, let a link there point to {0}",
                    quoted(path)
                )
            }
            Self::LinkLoop { .. } => "write a path without links".to_owned(),
            Self::NotADirectory { .. } => "choose another path, or move that away".to_owned(),
            Self::NotAFile { path, .. } => format!("move it away: `mv {0} {0}.old`", quoted(path)),
            Self::ForeignOwner { path, owner: 0, us } => {
                format!(
                    "type `chown {} {1}` as root; if nobody else gets there, as on a container's own volume, start this process with {TRUSTED_PARENTS}={1}",
                    name_of(*us),
                    quoted(path)
                )
            }
            Self::ForeignOwner { path, us, .. } => {
                format!("type `chown {} {}` as root, or run as the owner", name_of(*us), quoted(path))
            }
            Self::ForeignParent { path, .. } => {
                format!(
                    "type `chown root {0}` as root, or choose a path below directories of root or of yours; if its owner is to be trusted, start this process with {TRUSTED_PARENTS}={0}",
                    quoted(path)
                )
            }
            Self::OpenParent { path, who, .. } => {
                let at = quoted(path);
                let cure = match who {
                    Writer::Everybody => format!("type `chmod o-w {at}` (or `chmod +t {at}`)"),
                    Writer::Group(_) => format!("type `chmod g-w {at}` (or `chmod +t {at}`)"),
                    Writer::Listed(_) | Writer::Unknown => format!("take write access out of its ACL: `getfacl {at}`"),
                };
                format!(
                    "{cure}, or choose another path; if nobody else gets there, as on a container's own volume, start this process with {TRUSTED_PARENTS}={at}"
                )
            }
            Self::ProgramChanged { .. } => {
                "find out who changed it; reconnecting the agent puts the packaged one back".to_owned()
            }
            Self::TooOpen { path, wanted, extra, .. } if extra.is_empty() && *wanted == PRIVATE_FILE => {
                format!(
                    "others could have changed it: look at it, then type `chmod {wanted:04o} {0}`, or remove it",
                    quoted(path)
                )
            }
            Self::TooOpen { path, wanted, extra, .. } if extra.is_empty() => {
                format!(
                    "if nobody else needs it, type `chmod {wanted:04o} {0}`; for users that shall read, name them as `readers`; if nobody else gets there, as on a container's own volume, start this process with {TRUSTED_PARENTS}={0}",
                    quoted(path)
                )
            }
            Self::TooOpen { path, wanted, .. } => {
                format!(
                    "type `setfacl -b {0} && chmod {wanted:04o} {0}`, and name users that shall read as `readers`",
                    quoted(path)
                )
            }
            Self::TooLong { path, .. } => format!("it isn't ours; move it away: `mv {0} {0}.old`", quoted(path)),
            Self::Busy { path, .. } => {
                format!("find out who with `fuser -v {}`", quoted(&path.join(super::names::LOCK)))
            }
            Self::Io { path, source, action } => match source.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOSPC) => format!("make space: see `df -h {0}` and `df -i {0}`", quoted(there(path))),
                Some(Errno::EDQUOT) => "make space or raise the quota: see `quota`".to_owned(),
                Some(Errno::EROFS) => {
                    "the file system is mounted read-only; choose another path or remount it".to_owned()
                }
                Some(Errno::EPERM) if *action == "given to its owner" => {
                    "only root may do that: run it as root".to_owned()
                }
                Some(Errno::EACCES | Errno::EPERM) => {
                    format!("see who may write there with `namei -l {}`", quoted(there(path)))
                }
                Some(Errno::EIO) => "the disk reports a fault: see `dmesg`".to_owned(),
                _ => String::new(),
            },
            Self::Acl(error) => error.hint(),
        }
    }

    fn retry(&self) -> Retry {
        match self.code() {
            Code::DiskFull => Retry::Later,
            _ if matches!(self, Self::Busy { .. }) => Retry::Later,
            _ => Retry::No,
        }
    }
}

/// The part of a path that is there, to be named in something to type.
fn there(path: &Path) -> &Path {
    path.ancestors().find(|part| part.exists()).unwrap_or(path)
}
