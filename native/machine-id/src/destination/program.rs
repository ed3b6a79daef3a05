//! The helper program: a lease must work where only its own directory is to be seen, and what it runs there is a copy
//! of its own. Nothing that a build can write to is ever the same file as something that others run.
//!
//! Copies come from one that has no name (`O_TMPFILE`), so that nobody can open it, and whose content was compared
//! with the packaged digest when it was made. Some are made ahead while nobody waits.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, fstat};

use super::content::{RUNNABLE, Seen, Verified, digest, fill, name_it, open_regular, unnamed};
use super::entry::Name;
use super::file::discard;
use super::names::temporary;
use super::parents::trusted;
use super::{Destination, DestinationError, directory};
use crate::config::{HelperConfig, HelperContent};

/// Copies that are made ahead.
const SPARES: usize = 2;
const THIS_PROCESS: &str = "/proc/self/exe";

/// The helper: where it is, what it has to be, and copies of it.
#[derive(Debug)]
pub(crate) struct Program {
    config: HelperConfig,
    /// The named file when its content was last compared.
    compared: Mutex<Option<Seen>>,
    stock: Mutex<Stock>,
}

#[derive(Debug, Default)]
struct Stock {
    /// What copies are made from.
    master: Option<Verified>,
    spares: Vec<Verified>,
    /// A directory of ours where leases lie: copies that lie on another mount couldn't be given a name there.
    nearby: Option<OwnedFd>,
}

impl Program {
    /// Nothing is read yet.
    #[must_use]
    pub(crate) const fn new(config: HelperConfig) -> Self {
        let stock = Stock { master: None, spares: Vec::new(), nearby: None };
        Self { config, compared: Mutex::new(None), stock: Mutex::new(stock) }
    }

    /// Where the shared one is.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.config.path
    }

    /// Compares the shared program with what it has to be; its content only where the file isn't the one that was
    /// compared before.
    ///
    /// # Errors
    /// When it isn't there, can't be read, has changed, or others could exchange it.
    pub(crate) fn check(&self, now: SystemTime) -> Result<(), DestinationError> {
        self.open_shared(now).map(drop)
    }

    /// Gives a directory its own copy, and says where it is.
    ///
    /// # Errors
    /// As [`Self::check`], or when it can't be copied.
    pub(crate) fn place(
        &self,
        destination: &Destination,
        name: &str,
        now: SystemTime,
    ) -> Result<PathBuf, DestinationError> {
        let name = Name::parse(name)?;
        let target = destination.path.join(&name.file);
        let shared = self.open_shared(now)?;
        let nearby = nix::fcntl::openat(&destination.handle, "..", NEARBY, Mode::empty()).ok();
        let spare = {
            let mut stock = self.stock();
            stock.nearby = nearby;
            stock.spares.pop()
        };
        if let Some(spare) = spare
            && spare.is_as_it_was()
            && name_it(&spare, destination, &name.file, &target)?
        {
            return Ok(target);
        }
        let unnamed = self.copy_unnamed(&shared, &destination.handle)?;
        if let Some(copy) = unnamed
            && name_it(&copy, destination, &name.file, &target)?
        {
            return Ok(target);
        }
        self.copy_named(&shared, destination, &name.file, &target).map(|()| target)
    }

    /// Makes copies ahead where the last one was wanted. For a thread on which nobody waits.
    pub(crate) fn restock(&self) {
        loop {
            let (nearby, enough) = {
                let stock = self.stock();
                let nearby = stock.nearby.as_ref().and_then(|nearby| nearby.try_clone().ok());
                (nearby, stock.spares.len() >= SPARES || stock.master.is_none())
            };
            let Some(nearby) = nearby.filter(|_| !enough) else { return };
            let made = self.copy_of_master(&nearby);
            let Ok(Some(made)) = made.inspect_err(|error| tracing::debug!(%error, "no copy made ahead")) else {
                return;
            };
            let mut stock = self.stock();
            if stock.spares.len() < SPARES {
                stock.spares.push(made);
            }
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shared program, compared.
    fn open_shared(&self, now: SystemTime) -> Result<File, DestinationError> {
        let path = self.path();
        let changed = || DestinationError::ProgramChanged { path: path.to_owned() };
        let expected = match self.config.content {
            HelperContent::Sha256(expected) => expected,
            // What is installed under the path is an administrator's, who may replace it while we run.
            HelperContent::ThisProcess => {
                return File::open(THIS_PROCESS).map_err(DestinationError::io("opened", Path::new(THIS_PROCESS)));
            }
        };
        let folder = directory::open_folder_of(path)?;
        let file = open_regular(Some(&folder.handle), path)?;
        not_of_others(&file, path)?;
        let before = Seen::of(&file).map_err(DestinationError::io("read", path))?;
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if *compared == Some(before) {
            return Ok(file);
        }
        *compared = None;
        if digest(&file, path)? != expected {
            return Err(changed());
        }
        let after = Seen::of(&file).map_err(DestinationError::io("read", path))?;
        *compared = Some(after).filter(|after| *after == before && after.is_settled(now));
        Ok(file)
    }

    /// None: there are no files without a name here.
    fn copy_unnamed(&self, shared: &File, near: &impl AsFd) -> Result<Option<Verified>, DestinationError> {
        {
            let mut stock = self.stock();
            if stock.master.as_ref().is_none_or(|master| !master.is_as_it_was()) {
                stock.master = self.verified(shared, near)?;
            }
        }
        self.copy_of_master(near)
    }

    fn copy_of_master(&self, near: &impl AsFd) -> Result<Option<Verified>, DestinationError> {
        let io = |what| DestinationError::io(what, self.path());
        let master = {
            let stock = self.stock();
            let Some(master) = stock.master.as_ref().filter(|master| master.is_as_it_was()) else { return Ok(None) };
            Verified { file: master.file.try_clone().map_err(io("copied"))?, seen: master.seen }
        };
        let Some(copy) = unnamed(&master.file, near).map_err(io("copied"))? else { return Ok(None) };
        // Nobody wrote to it while it was read.
        if !master.is_as_it_was() {
            return Err(DestinationError::ProgramChanged { path: self.path().to_owned() });
        }
        Ok(Some(copy))
    }

    /// A copy whose own content was compared.
    fn verified(&self, shared: &File, near: &impl AsFd) -> Result<Option<Verified>, DestinationError> {
        let path = self.path();
        let copy = unnamed(shared, near).map_err(DestinationError::io("copied", path))?;
        if let Some(copy) = &copy {
            self.compare(&copy.file)?;
        }
        Ok(copy.filter(Verified::is_as_it_was))
    }

    fn compare(&self, copy: &File) -> Result<(), DestinationError> {
        let path = self.path();
        match self.config.content {
            HelperContent::Sha256(expected) if digest(copy, path)? != expected => {
                Err(DestinationError::ProgramChanged { path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Where the file system has no files without a name: under one that is about to go, compared before that.
    fn copy_named(
        &self,
        shared: &File,
        destination: &Destination,
        name: &str,
        target: &Path,
    ) -> Result<(), DestinationError> {
        let top = &destination.handle;
        let temporary = temporary();
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let to = openat(top, temporary.as_str(), flags, RUNNABLE).map(File::from);
        let to = to.map_err(DestinationError::io("made", target))?;
        fill(shared, &to)
            .map_err(DestinationError::io("written", target))
            .and_then(|()| self.compare(&to))
            .and_then(|()| {
                renameat(top, temporary.as_str(), top, name).map_err(DestinationError::io("renamed", target))
            })
            .inspect_err(|_| discard(top, &temporary, &destination.path))
    }
}

/// Nobody but root and us may write to it: the bits of the group are also those of a list's mask.
fn not_of_others(file: &File, path: &Path) -> Result<(), DestinationError> {
    let stat = fstat(file).map_err(DestinationError::io("read", path))?;
    let (path, mode) = (path.to_owned(), stat.st_mode & 0o7777);
    if !trusted(stat.st_uid) {
        let us = nix::unistd::geteuid().as_raw();
        return Err(DestinationError::ForeignOwner { path, owner: stat.st_uid, us });
    }
    if mode & 0o022 != 0 {
        return Err(DestinationError::TooOpen { path, mode, wanted: 0o755, extra: String::new() });
    }
    Ok(())
}

const NEARBY: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

#[cfg(test)]
#[path = "tests/program.rs"]
mod tests;
