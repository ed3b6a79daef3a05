//! Who may read a destination, and giving it to them.

use std::fs::File;
use std::path::{Path, PathBuf};

use nix::sys::stat::{Mode, fchmod, fstat};

use super::Readers;
use super::apply::{Kind, clear_default, read, set, set_at};
use super::entry::{Acl, Entry, Permissions, Qualifier};
use super::error::AclError;
use super::plan::{for_directory, for_file, for_socket};
use super::verify::{Object, differences};
use crate::config::{AclMode, DirectoryConfig};
use crate::once::first_time;

/// The readers of one destination, by number, and how strict to be about them.
#[derive(Clone, Debug)]
pub struct Grants {
    /// As configured, for messages.
    directory: PathBuf,
    mode: AclMode,
    readers: Readers,
    owner: u32,
}

impl Grants {
    /// Looks the readers of `config` up. The owner needs no entry and is left out.
    ///
    /// # Errors
    /// When a user or a group isn't known.
    pub fn resolve(config: &DirectoryConfig, owner: u32) -> Result<Self, AclError> {
        Ok(Self {
            directory: config.path.clone(),
            mode: config.acls,
            readers: Readers::resolve(&config.readers, owner)?,
            owner,
        })
    }

    /// How strict.
    #[must_use]
    pub const fn mode(&self) -> AclMode {
        self.mode
    }

    /// The readers.
    #[must_use]
    pub const fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Takes the readers from a directory's list where none are configured: `tbot init --reader-user` leaves them
    /// only there.
    pub fn adopt(&mut self, found: &Acl) {
        if self.readers.is_empty() && self.mode != AclMode::Off {
            let readable = found.users().filter(|(_, granted)| granted.includes(Permissions::READ_SEARCH));
            self.readers.users = readable.map(|(uid, _)| uid).filter(|uid| *uid != self.owner).collect();
        }
    }

    /// Gives a directory of ours the wanted list, and takes away what its entries would inherit.
    ///
    /// # Errors
    /// When the list can't be set; a file system without lists is an error only in mode `required`.
    pub fn shape_directory(&self, directory: &File, path: &Path) -> Result<(), AclError> {
        self.bare(directory, path, Mode::S_IRWXU)?;
        if self.mode != AclMode::Off {
            clear_default(directory, path)?;
        }
        self.grant(directory, path, &for_directory(&self.readers))
    }

    /// Gives a new file of ours the wanted list.
    ///
    /// # Errors
    /// As [`Self::shape_directory`].
    pub fn shape_file(&self, file: &File, path: &Path) -> Result<(), AclError> {
        self.bare(file, path, Mode::S_IRUSR | Mode::S_IWUSR)?;
        self.grant(file, path, &for_file(&self.readers))
    }

    /// As [`Self::shape_file`], where nothing can have been inherited: in a directory that was shaped by
    /// [`Self::shape_directory`] and that nobody else knows of yet.
    ///
    /// # Errors
    /// As [`Self::shape_directory`].
    pub fn shape_plain_file(&self, file: &File, path: &Path) -> Result<(), AclError> {
        set_mode(file, path, Mode::S_IRUSR | Mode::S_IWUSR)?;
        self.grant(file, path, &for_file(&self.readers))
    }

    /// Lets the readers connect to a new socket of ours, which stands at `at` and is called `path` in messages.
    ///
    /// # Errors
    /// As [`Self::shape_directory`].
    pub fn shape_socket(&self, at: &Path, path: &Path) -> Result<(), AclError> {
        self.grant_by(|acl| set_at(at, path, acl), &for_socket(&self.readers))
    }

    /// Adds missing readers to the list of an existing directory, leaving other users in it.
    ///
    /// # Errors
    /// As [`Self::shape_directory`].
    pub fn complete_directory(&self, directory: &File, path: &Path, found: Option<&Acl>) -> Result<(), AclError> {
        let missing = match found {
            Some(acl) => differences(Object::Directory, acl, self.owner, &self.readers).iter().any(|d| !d.widens()),
            None => !self.readers.is_empty(),
        };
        if !missing {
            return Ok(());
        }
        let mut entries = for_directory(&self.readers).entries().to_vec();
        let others = found.into_iter().flat_map(Acl::users);
        entries.extend(others.map(|(uid, permissions)| Entry { who: Qualifier::User(uid), permissions }));
        self.grant(directory, path, &Acl::new(entries))
    }

    /// The mode bits alone; whatever list was inherited is gone or without effect afterwards.
    fn bare(&self, file: &File, path: &Path, mode: Mode) -> Result<(), AclError> {
        set_mode(file, path, mode)?;
        if self.mode == AclMode::Off || !self.readers.is_empty() {
            return Ok(());
        }
        match read(file, path, Kind::Access) {
            Ok(Some(_)) => {
                let object = if mode.contains(Mode::S_IXUSR) {
                    for_directory(&Readers::default())
                } else {
                    for_file(&Readers::default())
                };
                set(file, path, &object)
            }
            Ok(None) => Ok(()),
            Err(AclError::Unsupported { .. }) if self.mode == AclMode::Try => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn grant(&self, file: &File, path: &Path, acl: &Acl) -> Result<(), AclError> {
        self.grant_by(|acl| set(file, path, acl), acl)
    }

    fn grant_by(&self, set: impl Fn(&Acl) -> Result<(), AclError>, acl: &Acl) -> Result<(), AclError> {
        match self.mode {
            AclMode::Off => Ok(()),
            _ if self.readers.is_empty() => Ok(()),
            AclMode::Required => set(acl),
            AclMode::Try => match set(acl) {
                Err(AclError::Unsupported { .. }) => {
                    if first_time(&self.directory, "no lists") {
                        tracing::warn!(
                            path = %self.directory.display(),
                            "no POSIX ACLs on this file system: no reader gets access; take a directory on ext4, xfs, btrfs \
                             or tmpfs, or leave `readers` out"
                        );
                    }
                    Ok(())
                }
                other => other,
            },
        }
    }
}

fn set_mode(file: &File, path: &Path, mode: Mode) -> Result<(), AclError> {
    let io = |errno| AclError::Io { action: "set", path: path.to_owned(), source: std::io::Error::from(errno) };
    let seen = fstat(file).map_err(io)?.st_mode & 0o7777;
    if seen != mode.bits() {
        fchmod(file, mode).map_err(io)?;
    }
    Ok(())
}
