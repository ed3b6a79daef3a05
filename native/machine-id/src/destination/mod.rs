//! Writing into a guarded directory: no links, right owner and modes, atomic.
//!
//! A directory is opened once, component by component without following links, and everything else happens relative
//! to that handle. Two ways to write: [`Destination::replace`] swaps one file (the identity store), and
//! [`Destination::begin`] / [`Stage::commit`] swap a set of files whose key and certificate must match at every
//! instant (`docs/adr/0001-matching-pair.md`).

mod adopt;
mod commit;
mod content;
mod directory;
mod entry;
mod error;
mod file;
mod fitness;
mod guard;
mod init;
mod lock;
mod names;
mod pair;
mod parents;
mod program;
mod reach;
mod remove;
mod short;
mod socket;
mod stage;
mod unsynced;
mod writer;
mod written;

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::unistd::geteuid;
use zeroize::Zeroizing;

use unsynced::Syncing;

use crate::acl::{AclVerdict, Difference, Grants};
use crate::config::{AclMode, DirectoryConfig};

pub use content::digest_of;
pub(crate) use error::DestinationError;
pub use fitness::Fitness;
pub use init::{InitPlan, InitRequest};
pub(crate) use lock::{DirectoryLock, HeldPart, PartLock};
pub use names::is_known as is_known_name;

#[cfg(test)]
pub(crate) use names::known as known_names;
pub use pair::PairPaths;
pub(crate) use program::Program;
pub(crate) use remove::{Removal, remove_marked};
pub(crate) use short::{lead, way, withdraw};
pub(crate) use socket::SocketName;
pub use stage::Stage;
#[cfg(test)]
pub(crate) use writer::Writer;

/// Whether files must survive a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// Each file and the directory are synced: stores and standing destinations.
    #[default]
    Synced,
    /// Not synced: a lease's directory is worth nothing after a crash.
    Volatile,
}

impl Durability {
    /// How long a commit waits for another writer. A block's own directory has none, but the block can hold its lock, and
    /// so a thread that other leases need.
    const fn commit_wait(self) -> Duration {
        match self {
            Self::Synced => Duration::from_secs(10),
            Self::Volatile => Duration::from_secs(1),
        }
    }
}

/// An open directory of ours that others can't tamper with.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    handle: File,
    grants: Grants,
    durability: Durability,
    /// Made by this process just now, and not yet written to: there is nothing in it to look for.
    untouched: AtomicBool,
    /// Nothing in it is changed.
    looking: bool,
}

impl Destination {
    /// Opens the directory, makes what is missing of its path (mode 0700; parents 0711 where there are readers), and
    /// checks owner, mode and ACL.
    ///
    /// # Errors
    /// When the path is unsafe (symbolic link, foreign owner, too open), or can't be made, opened or granted.
    pub fn create_or_open(config: &DirectoryConfig) -> Result<Self, DestinationError> {
        Self::create_or_open_as(config, Durability::Synced)
    }

    /// [`Self::create_or_open`] with a durability, which also goes for the directories that are made.
    ///
    /// # Errors
    /// As [`Self::create_or_open`].
    pub fn create_or_open_as(config: &DirectoryConfig, durability: Durability) -> Result<Self, DestinationError> {
        let mut grants = Grants::resolve(config, geteuid().as_raw())?;
        let opened = directory::open(config, directory::Missing::Create, durability)?;
        if opened.created {
            grants.shape_directory(&opened.handle, &config.path)?;
        } else {
            guard::check_directory(&opened.handle, &config.path, &mut grants)?;
        }
        let untouched = AtomicBool::new(opened.created);
        Ok(Self { path: config.path.clone(), handle: opened.handle, grants, durability, untouched, looking: false })
    }

    /// Opens the directory only if it is there; makes and changes nothing.
    ///
    /// # Errors
    /// As [`Self::create_or_open`].
    pub fn open_existing(config: &DirectoryConfig) -> Result<Option<Self>, DestinationError> {
        let mut grants = Grants::resolve(config, geteuid().as_raw())?;
        let opened = match directory::open(config, directory::Missing::Refuse, Durability::Synced) {
            Ok(opened) => opened,
            Err(DestinationError::Missing { .. }) => return Ok(None),
            Err(other) => return Err(other),
        };
        guard::inspect_directory(&opened.handle, &config.path, &mut grants)?;
        let (path, untouched) = (config.path.clone(), AtomicBool::new(false));
        let durability = Durability::Synced;
        Ok(Some(Self { path, handle: opened.handle, grants, durability, untouched, looking: true }))
    }

    /// How something on its own is synced here.
    const fn syncing(&self) -> Syncing<'static> {
        Syncing::alone(self.durability)
    }

    /// The same directory with another durability.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Whether it was made when it was opened, and [`Self::begin`] wasn't called since.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.untouched.load(Ordering::Relaxed)
    }

    /// The path as configured.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The users beside the owner that are given read access, by number: by name, or as members of a group.
    #[must_use]
    pub fn readers(&self) -> Vec<u32> {
        self.grants.readers().members()
    }

    /// Takes the directory's lock (`.lock` in it), which all writers of all processes take.
    ///
    /// # Errors
    /// [`DestinationError::Busy`] when another holds it for longer than `wait`.
    pub fn lock(&self, wait: Duration) -> Result<DirectoryLock, DestinationError> {
        lock::take(&self.handle, &self.path, names::LOCK, wait)
    }

    /// Takes another program's lock, a file of its own name.
    ///
    /// # Errors
    /// [`DestinationError::Busy`] when another holds it for longer than `wait`.
    pub fn lock_file(&self, name: &str, wait: Duration) -> Result<DirectoryLock, DestinationError> {
        let name = entry::Name::parse(name)?;
        lock::take(&self.handle, &self.path, &name.file, wait)
    }

    /// Takes the lock of a part of what is in the directory. Who changes the rest takes [`Self::lock`] only.
    ///
    /// # Errors
    /// [`DestinationError::Busy`] when another holds it for longer than `wait`.
    pub fn lock_part<'a>(&self, part: &'a PartLock, wait: Duration) -> Result<HeldPart<'a>, DestinationError> {
        part.take(&self.handle, &self.path, wait)
    }

    /// Reads a file in the directory, following no link; none when there is no such file.
    ///
    /// # Errors
    /// When it is a link, not a regular file, foreign, too open, longer than `limit` bytes, or can't be read.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, DestinationError> {
        let name = entry::Name::parse(name)?;
        file::read(&self.handle, &self.path, &name, limit, &self.grants, !self.looking)
    }

    /// The names of what is in the directory, in no order, without those that aren't UTF-8.
    ///
    /// # Errors
    /// When it can't be listed.
    pub fn names(&self) -> Result<Vec<String>, DestinationError> {
        let names = remove::entries(&self.handle, &self.path)?;
        Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
    }

    /// Whether nothing is in the directory but what a writer leaves that is killed.
    ///
    /// # Errors
    /// When it can't be listed.
    pub fn is_as_good_as_empty(&self) -> Result<bool, DestinationError> {
        let names = remove::entries(&self.handle, &self.path)?;
        Ok(names.iter().all(|name| name.to_str().is_some_and(names::is_leftover)))
    }

    /// Replaces one file atomically. The caller holds the lock where several writers are possible.
    ///
    /// # Errors
    /// When it can't be written; the previous file is then still there.
    pub fn replace(&self, name: &str, contents: &[u8]) -> Result<(), DestinationError> {
        let name = entry::Name::parse(name)?;
        file::replace(self, &name, contents)
    }

    /// Clears what killed writers left. Only for who holds the lock: all writers write under it.
    ///
    /// # Errors
    /// When the directory can't be listed, or a leftover can't be deleted.
    pub fn clear_leftovers(&self, _lock: &DirectoryLock) -> Result<(), DestinationError> {
        remove::leftovers(&self.handle, &self.path, &remove::entries(&self.handle, &self.path)?)
    }

    /// Writes a file that isn't there yet. False: something of that name is, and stays.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn create(&self, name: &str, contents: &[u8]) -> Result<bool, DestinationError> {
        let name = entry::Name::parse(name)?;
        file::create(self, &name, contents)
    }

    /// Listens on a Unix socket in the directory. The owner and the readers may connect. The name outlives the socket.
    ///
    /// # Errors
    /// When it can't be made or granted.
    pub fn listen(&self, name: &str) -> Result<(UnixListener, SocketName), DestinationError> {
        let name = entry::Name::parse(name)?;
        socket::listen(self, &name)
    }

    /// Deletes one file; none there is fine.
    ///
    /// # Errors
    /// When it can't be deleted.
    pub fn delete(&self, name: &str) -> Result<(), DestinationError> {
        let name = entry::Name::parse(name)?;
        file::delete(self, &name)
    }

    /// Starts a change of the whole set: takes the lock, clears what killed writers left.
    ///
    /// # Errors
    /// When another writer doesn't let go, or the directory can't be written to.
    pub fn begin(&self) -> Result<Stage<'_>, DestinationError> {
        Stage::begin(self, self.durability.commit_wait())
    }

    /// [`Self::begin`] and [`Stage::commit`] in one, for sets of which `ssh` reads no pair.
    ///
    /// # Errors
    /// As these.
    pub fn commit(&self, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
        self.begin()?.commit(artifacts)
    }

    /// Compares owner, modes and ACLs of the directory and the files in it with what was asked. Changes nothing.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn verify(&self) -> Result<AclVerdict, DestinationError> {
        guard::verify(self)
    }

    /// The directories above that stop a reader, and whom. Changes nothing.
    #[must_use]
    pub fn stops(&self) -> Vec<(PathBuf, Difference)> {
        if self.grants.mode() == AclMode::Off { Vec::new() } else { reach::stopped(&self.path, self.grants.readers()) }
    }

    /// Deletes the directory and everything in it, following no link; what vanishes meanwhile is fine.
    ///
    /// # Errors
    /// When something can't be deleted; the rest is deleted all the same.
    pub fn remove(self) -> Result<(), DestinationError> {
        remove::directory(&self)
    }
}

#[cfg(test)]
pub(super) mod tests;
