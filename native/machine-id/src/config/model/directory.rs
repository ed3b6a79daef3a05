//! Directories, and who may read them.

use std::path::PathBuf;

use crate::vocabulary::words;

/// A directory we write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryConfig {
    /// Absolute path.
    pub path: PathBuf,
    /// What to do about POSIX ACLs.
    pub acls: AclMode,
    /// What to do about symbolic links in the path.
    pub symlinks: SymlinkMode,
    /// Who may read, beside the owner.
    pub readers: Vec<Reader>,
}

impl DirectoryConfig {
    /// A private directory: no readers, no links.
    #[must_use]
    pub const fn private(path: PathBuf) -> Self {
        Self { path, acls: AclMode::Try, symlinks: SymlinkMode::Secure, readers: Vec::new() }
    }
}

words! {
    /// tbot's `acls:`.
    #[derive(Default)]
    pub enum AclMode {
        /// Never look at or set ACLs.
        Off = "off",
        /// Use them where readers are named; warn when what is there is not what was asked.
        #[default]
        Try = "try",
        /// Refuse to work when they can't be set or aren't as asked.
        Required = "required",
    }
}

words! {
    /// tbot's `symlinks:`. It is about links alone: a directory on the way that others can change is refused in each mode.
    #[derive(Default)]
    pub enum SymlinkMode {
        /// Refuse any symbolic link on the way to and in the directory.
        #[default]
        Secure = "secure",
        /// As secure; kept for tbot's name of the weaker fallback, which we never need.
        TrySecure = "try-secure",
        /// Links on the way to the directory are followed; never a link in place of the directory or a file.
        Insecure = "insecure",
    }
}

/// Who may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A user.
    User(UserRef),
    /// All members of a group.
    Group(GroupRef),
}

/// A local group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRef {
    /// By number.
    Id(u32),
    /// By name, looked up when used.
    Name(String),
}

/// A local user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// By number.
    Id(u32),
    /// By name, looked up when used.
    Name(String),
}
