//! A change of a destination that has begun.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::fcntl::openat;
use nix::sys::stat::{Mode, mkdirat};

use super::entry::LAST;
use super::lock::DirectoryLock;
use super::{Destination, DestinationError, generation, names, remove};

/// A generation in the making. Dropped without [`Stage::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Stage<'a> {
    pub(super) destination: &'a Destination,
    pub(super) handle: File,
    /// Name while it is filled.
    pub(super) staging: String,
    /// Name once it is complete.
    pub(super) complete: String,
    references: PathBuf,
    /// The generations before, oldest first.
    pub(super) earlier: Vec<(u64, String)>,
    /// All names that were there.
    pub(super) present: Vec<OsString>,
    /// Nothing was written here before, as far as is known.
    pub(super) first: bool,
    pub(super) finished: bool,
    _lock: DirectoryLock,
}

impl<'a> Stage<'a> {
    pub(super) fn begin(destination: &'a Destination, wait: Duration) -> Result<Self, DestinationError> {
        let lock = destination.lock(wait)?;
        let (top, path) = (&destination.handle, destination.path.as_path());
        let first = destination.untouched.swap(false, Ordering::Relaxed);
        let present = if first { Vec::new() } else { clean(top, path)? };
        let earlier = generation::all(&present);
        let number = earlier.last().map_or(0, |(number, _)| *number).saturating_add(1);
        let suffix = names::new_generation(number);
        let staging = format!("{}{suffix}", names::STAGING);
        let complete = format!("{}{suffix}", names::GENERATION);
        let at = path.join(&staging);
        mkdirat(top, staging.as_str(), Mode::S_IRWXU).map_err(DestinationError::io("made", &at))?;
        let handle = openat(top, staging.as_str(), LAST, Mode::empty())
            .map(File::from)
            .map_err(DestinationError::io("opened", &at))?;
        let references = path.join(&complete);
        let finished = false;
        let stage =
            Self { destination, handle, staging, complete, references, earlier, present, first, finished, _lock: lock };
        destination.grants.shape_directory(&stage.handle, &at)?;
        Ok(stage)
    }

    /// The directory in which this generation's files will be found for as long as a reader may need them. A file that
    /// names others which must match (`ssh_config`: key and certificate) names them here.
    #[must_use]
    pub fn references(&self) -> &Path {
        &self.references
    }
}

/// Deletes what killed writers left; gives what was there.
fn clean(top: &File, path: &Path) -> Result<Vec<OsString>, DestinationError> {
    let present = remove::entries(top, path)?;
    remove::leftovers(top, path, &present)?;
    Ok(present)
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        for name in [&self.staging, &self.complete] {
            let path = self.destination.path.join(name);
            if let Err(error) = remove::tree(&self.destination.handle, name, &path) {
                tracing::warn!(%error, "an unfinished generation could not be deleted");
            }
        }
    }
}
