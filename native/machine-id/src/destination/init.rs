//! Preparing a directory for a bot and its readers, as `tbot init` does (protocol G3).
//!
//! tbot creates empty files with their ACLs, since it writes into them later. We replace files, so the directory is
//! what counts: each new file gets its list from the directory's readers. Files that are already there are handed over.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fchmod, fstat};
use nix::unistd::{Gid, Uid, fchown, geteuid};

use super::directory::{self, Missing};
use super::entry::kind;
use super::{DestinationError, Durability, file, fitness, names, remove};
use crate::acl::{self, Acl, AclError, Entry, Grants, Permissions, Qualifier, Readers, group_name_of, name_of, quoted};
use crate::config::{AclMode, DirectoryConfig};

/// What `machine-id init` is asked for.
#[derive(Clone, Debug)]
pub struct InitRequest {
    /// The directory, its readers, and how strict to be.
    pub directory: DirectoryConfig,
    /// User and group that shall own it; none: the bot, or else whoever runs this.
    pub owner: Option<(u32, u32)>,
    /// User and primary group that the bot will run as.
    pub bot: Option<(u32, u32)>,
}

/// What will be done; made without changing anything.
#[derive(Clone, Debug)]
pub struct InitPlan {
    directory: DirectoryConfig,
    exists: bool,
    /// Owner and group of the directory.
    owner: (u32, u32),
    /// Owner and group of the files in it.
    writer: (u32, u32),
    directory_acl: Acl,
    file_acl: Acl,
    /// Of the directories in which `ssh` finds its keys.
    slot_acl: Acl,
    files: Vec<String>,
    slots: Vec<(&'static str, Vec<String>)>,
}

impl InitPlan {
    /// Works out what is to be done.
    ///
    /// # Errors
    /// When a user isn't known, the path is unsafe, or the owner could tamper with the bot's files.
    pub fn new(request: &InitRequest) -> Result<Self, DestinationError> {
        let us = (geteuid().as_raw(), nix::unistd::getegid().as_raw());
        let writer = request.bot.or(request.owner).unwrap_or(us);
        let owner = request.owner.unwrap_or(writer);
        let path = request.directory.path.as_path();
        // The owner of a directory can replace every file in it.
        if owner.0 != writer.0 && owner.0 != 0 {
            return Err(DestinationError::ForeignOwner { path: path.to_owned(), owner: owner.0, us: writer.0 });
        }
        let grants = Grants::resolve(&request.directory, owner.0)?;
        let mut readers = grants.readers().clone();
        readers.users.retain(|uid| *uid != writer.0);
        let mut directory = acl::for_directory(&readers).entries().to_vec();
        if owner.0 != writer.0 {
            let all = |who| Entry { who, permissions: Permissions::ALL };
            directory.retain(|entry| entry.who != Qualifier::Mask);
            directory.extend([all(Qualifier::User(writer.0)), all(Qualifier::Mask)]);
        }
        let (exists, files, slots) = match directory::open(&request.directory, Missing::Refuse, Durability::Synced) {
            Ok(opened) => (true, regular_files(&opened.handle, path)?, slots(&opened.handle, path)?),
            Err(DestinationError::Missing { .. }) => (false, Vec::new(), Vec::new()),
            Err(other) => return Err(other),
        };
        Ok(Self {
            directory: request.directory.clone(),
            exists,
            owner,
            writer,
            directory_acl: Acl::new(directory),
            file_acl: acl::for_file(&readers),
            slot_acl: acl::for_directory(&readers),
            files,
            slots,
        })
    }

    /// What the bot has to know if there are readers.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let readers = self.directory.acls != AclMode::Off && self.file_acl.get(Qualifier::Mask).is_some();
        readers.then(|| fitness::owner_without_ssh(self.writer.0))
    }

    /// The same in commands of the shell, for `--dry-run`.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let path = self.directory.path.as_path();
        let mut commands = Vec::new();
        if !self.exists {
            commands.push(format!("mkdir -p -m 0700 {}", quoted(path)));
        }
        commands.extend(self.commands_for(path, self.owner, &self.directory_acl, "0700"));
        for file in &self.files {
            commands.extend(self.commands_for(&path.join(file), self.writer, &self.file_acl, "0600"));
        }
        for (slot, files) in &self.slots {
            let slot = path.join(slot);
            commands.extend(self.commands_for(&slot, self.writer, &self.slot_acl, "0700"));
            for file in files {
                commands.extend(self.commands_for(&slot.join(file), self.writer, &self.file_acl, "0600"));
            }
        }
        commands
    }

    fn commands_for(&self, path: &Path, owner: (u32, u32), acl: &Acl, mode: &str) -> [String; 2] {
        let list = if self.directory.acls == AclMode::Off || acl.get(Qualifier::Mask).is_none() {
            format!("chmod {mode} {}", quoted(path))
        } else {
            acl::to_setfacl(acl, path)
        };
        [format!("chown {}:{} {}", name_of(owner.0), group_name_of(owner.1), quoted(path)), list]
    }

    /// Does it. Doing it again changes nothing.
    ///
    /// # Errors
    /// When the directory belongs to a third user, or something can't be made, given away or granted.
    pub fn apply(&self) -> Result<(), DestinationError> {
        let path = self.directory.path.as_path();
        let handle = directory::open(&self.directory, Missing::Create, Durability::Synced)?.handle;
        let seen = fstat(&handle).map_err(DestinationError::io("read", path))?.st_uid;
        let us = geteuid().as_raw();
        if ![us, self.owner.0, 0].contains(&seen) {
            return Err(DestinationError::ForeignOwner { path: path.to_owned(), owner: seen, us: self.owner.0 });
        }
        acl::clear_default(&handle, path)?;
        self.shape(&handle, path, &self.directory_acl, Mode::S_IRWXU)?;
        for name in regular_files(&handle, path)? {
            self.hand_over(&handle, &name, &path.join(&name))?;
        }
        for (slot, files) in &self.slots {
            let folder = file::Folder::open(&handle, path, Some(slot))?;
            acl::clear_default(folder.handle(), folder.path())?;
            self.shape(folder.handle(), folder.path(), &self.slot_acl, Mode::S_IRWXU)?;
            for name in files {
                self.hand_over(folder.handle(), name, &folder.path().join(name))?;
            }
            give(folder.handle(), folder.path(), self.writer)?;
        }
        give(&handle, path, self.owner)
    }

    fn hand_over(&self, directory: &File, name: &str, path: &Path) -> Result<(), DestinationError> {
        let file = openat(directory, name, LOOK, Mode::empty())
            .map(File::from)
            .map_err(DestinationError::io("opened", path))?;
        let seen = fstat(&file).map_err(DestinationError::io("read", path))?;
        if seen.st_nlink != 1 {
            tracing::warn!(path = %path.display(), "left as it is: the file has other names");
            return Ok(());
        }
        let private = acl::for_file(&Readers::default());
        let acl = if name == names::LOCK { &private } else { &self.file_acl };
        self.shape(&file, path, acl, Mode::S_IRUSR | Mode::S_IWUSR)?;
        give(&file, path, self.writer)
    }

    fn shape(&self, file: &File, path: &Path, acl: &Acl, mode: Mode) -> Result<(), DestinationError> {
        fchmod(file, mode).map_err(DestinationError::io("changed", path))?;
        if self.directory.acls == AclMode::Off {
            return Ok(());
        }
        match acl::set(file, path, acl) {
            Err(AclError::Unsupported { .. }) if self.directory.acls == AclMode::Try => {
                if acl.get(Qualifier::Mask).is_some() {
                    tracing::warn!(path = %path.display(), "no POSIX ACLs here: the readers can't be granted access");
                }
                Ok(())
            }
            other => Ok(other?),
        }
    }
}

const LOOK: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY);

fn give(file: &File, path: &Path, (user, group): (u32, u32)) -> Result<(), DestinationError> {
    let seen = fstat(file).map_err(DestinationError::io("read", path))?;
    if (seen.st_uid, seen.st_gid) == (user, group) {
        return Ok(());
    }
    fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
        .map_err(DestinationError::io("given to its owner", path))
}

/// The directories in which `ssh` finds its keys, and what lies there.
fn slots(directory: &File, path: &Path) -> Result<Vec<(&'static str, Vec<String>)>, DestinationError> {
    let mut slots = Vec::new();
    for slot in names::SLOTS {
        match file::Folder::open(directory, path, Some(slot)) {
            Ok(folder) => slots.push((slot, regular_files(folder.handle(), folder.path())?)),
            Err(DestinationError::Missing { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(slots)
}

fn regular_files(directory: &File, path: &Path) -> Result<Vec<String>, DestinationError> {
    let mut files = Vec::new();
    for name in remove::entries(directory, path)? {
        let flags = nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW;
        let regular =
            nix::sys::stat::fstatat(directory, name.as_os_str(), flags).is_ok_and(|s| kind(&s) == SFlag::S_IFREG);
        if regular && let Ok(name) = name.into_string() {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}
