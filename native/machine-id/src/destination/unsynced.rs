//! Syncing a set of files. What is synced at the same time shares the commits of the file system's journal, each of which
//! takes as long as a sync alone.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use super::{DestinationError, Durability};

/// Most at a time.
const AT_ONCE: usize = 16;

/// When what was written is synced.
#[derive(Clone, Copy, Debug)]
pub(super) enum Syncing<'a> {
    Never,
    AtOnce,
    /// With the rest of a set.
    Together(&'a Unsynced),
}

impl Syncing<'static> {
    /// For something on its own.
    pub(super) const fn alone(durability: Durability) -> Self {
        match durability {
            Durability::Synced => Self::AtOnce,
            Durability::Volatile => Self::Never,
        }
    }
}

impl Syncing<'_> {
    /// Takes over the syncing of a file or directory.
    pub(super) fn sync(self, file: &File, path: &Path) -> Result<(), DestinationError> {
        match self {
            Self::Never => Ok(()),
            Self::AtOnce => file.sync_all().map_err(DestinationError::io("written", path)),
            Self::Together(others) => {
                let file = file.try_clone().map_err(DestinationError::io("written", path))?;
                others.0.borrow_mut().push((file, path.to_owned()));
                Ok(())
            }
        }
    }
}

/// What is still to be synced.
#[derive(Debug, Default)]
pub(super) struct Unsynced(RefCell<Vec<(File, PathBuf)>>);

impl Unsynced {
    /// How a destination's files get here.
    pub(super) const fn of(&self, durability: Durability) -> Syncing<'_> {
        match durability {
            Durability::Synced => Syncing::Together(self),
            Durability::Volatile => Syncing::Never,
        }
    }

    /// Syncs all of it, and knows nothing any more.
    pub(super) fn sync(&self) -> Result<(), DestinationError> {
        let files = self.0.take();
        files.chunks(AT_ONCE).try_for_each(|some| {
            thread::scope(|scope| {
                let syncing: Vec<_> = some
                    .iter()
                    .map(|(file, path)| (file, path, thread::Builder::new().spawn_scoped(scope, || file.sync_all())))
                    .collect();
                // All are waited for: what is left out of a set must not be written to later.
                let mut outcome = Ok(());
                for (file, path, thread) in syncing {
                    let synced = match thread {
                        Ok(thread) => thread.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())),
                        // No further thread: then one after the other.
                        Err(_) => file.sync_all(),
                    };
                    outcome = outcome.and(synced.map_err(DestinationError::io("written", path)));
                }
                outcome
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::destination::tests::scratch;

    #[test]
    fn all_are_synced_once_and_the_first_that_cant_be_is_named() {
        let scratch = scratch();
        let unsynced = Unsynced::default();
        let file = |name: &str| File::create_new(scratch.path().join(name)).unwrap();
        for number in 0..2 * AT_ONCE + 1 {
            unsynced.of(Durability::Synced).sync(&file(&number.to_string()), scratch.path()).unwrap();
        }
        unsynced.of(Durability::Volatile).sync(&file("volatile"), scratch.path()).unwrap();
        assert_eq!(unsynced.0.borrow().len(), 2 * AT_ONCE + 1);
        unsynced.sync().unwrap();
        assert!(unsynced.0.borrow().is_empty());
        // A pipe can't be synced.
        let (pipe, _end) = nix::unistd::pipe().unwrap();
        unsynced.of(Durability::Synced).sync(&file("before"), Path::new("before")).unwrap();
        unsynced.of(Durability::Synced).sync(&File::from(pipe), Path::new("the pipe")).unwrap();
        assert!(unsynced.sync().unwrap_err().to_string().contains("the pipe"));
    }
}
