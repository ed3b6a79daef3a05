//! From a set of files to the names that readers open.

use std::collections::VecDeque;
use std::rc::Rc;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, renameat};
use nix::unistd::linkat;

use super::entry::Name;
use super::file::{Folder, discard, rename_new, replace_by, write_beside, write_in_new, write_new, write_staged};
use super::names::{WRITTEN, temporary};
use super::stage::Stage;
use super::unsynced::{Syncing, Unsynced};
use super::{DestinationError, guard, pair, remove};

/// A file on its way to its name.
struct Placed<'a> {
    name: Name,
    contents: &'a [u8],
    folder: Folder<'a>,
    /// Its name until then, if it has one.
    temporary: Option<String>,
    /// A second name of the file that stands there so far, to put it back; none where there is no such file.
    previous: Option<String>,
}

/// A file that readers need before those, on its way to its name.
struct Ahead<'a> {
    folder: Rc<Folder<'a>>,
    name: &'static str,
    temporary: String,
}

impl Stage<'_> {
    /// Puts the files in place, each at once, and deletes what earlier sets have put there and the artifacts have no
    /// more: keys would stay for ever. What somebody else has put there stays.
    ///
    /// # Errors
    /// When something can't be written; the set of before is then still in place. What can't be deleted is tried again
    /// with the next set.
    pub fn commit(self, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
        run(&self, artifacts)?;
        let (top, path) = (&self.destination.handle, self.destination.path.as_path());
        if let Err(error) = self.written.retire(top, path, artifacts) {
            tracing::warn!(%error, "a file that is no longer written could not be deleted");
        }
        if !self.paired
            && let Err(error) = pair::retire(self.destination)
        {
            tracing::warn!(%error, "a pair that is no longer written could not be deleted");
        }
        Ok(())
    }
}

fn run(stage: &Stage<'_>, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (top, path, grants) = (&destination.handle, destination.path.as_path(), &destination.grants);
    let names = artifacts.iter().map(|(name, contents)| Ok((Name::parse(name)?, *contents)));
    let names = names.collect::<Result<Vec<_>, DestinationError>>()?;
    let mut files = Vec::with_capacity(names.len());
    for (name, contents) in names {
        let folder = Folder::create(top, path, name.folder.as_deref(), grants)?;
        if !stage.first {
            guard::check_name(folder.handle(), &name.file, &folder.path().join(&name.file), grants)?;
        }
        files.push(Placed { name, contents, folder, temporary: None, previous: None });
    }
    let mut ahead = VecDeque::new();
    let placed = place(stage, artifacts, &mut ahead, &mut files);
    for Ahead { folder, temporary, .. } in &ahead {
        discard(folder.handle(), temporary, folder.path());
    }
    for file in &files {
        for name in [file.temporary.as_ref(), file.previous.as_ref()].into_iter().flatten() {
            discard(file.folder.handle(), name, file.folder.path());
        }
    }
    placed?;
    let unsynced = Unsynced::default();
    let syncing = unsynced.of(destination.durability);
    for placed in files.iter().filter(|placed| placed.name.folder.is_some()) {
        syncing.sync(placed.folder.handle(), placed.folder.path())?;
    }
    syncing.sync(top, path)?;
    unsynced.sync()
}

/// Everything that needs space happens before the first name at the top changes, and is synced at once.
fn place<'a>(
    stage: &'a Stage<'_>,
    artifacts: &[(&str, &[u8])],
    ahead: &mut VecDeque<Ahead<'a>>,
    files: &mut [Placed<'_>],
) -> Result<(), DestinationError> {
    let destination = stage.destination;
    for placed in files.iter().filter(|_| !stage.first) {
        let (folder, path) = (placed.folder.handle(), placed.folder.path());
        if placed.name.folder.is_some() {
            remove::leftovers(folder, path, &remove::entries(folder, path)?)?;
        }
    }
    let unsynced = Unsynced::default();
    let syncing = unsynced.of(destination.durability);
    for placed in &mut *files {
        write_second(stage, placed, syncing)?;
    }
    let top = Rc::new(Folder::open(&destination.handle, &destination.path, None)?);
    let written = stage.written.with(artifacts).text();
    let mut ahead_of = |folder: &Rc<Folder<'a>>, name: &'static str, contents: &[u8]| {
        if stage.first {
            return write_in_new(destination, folder, name, contents, syncing);
        }
        let temporary = write_beside(destination, folder, name, contents, syncing)?;
        ahead.push_back(Ahead { folder: Rc::clone(folder), name, temporary });
        Ok(())
    };
    ahead_of(&top, WRITTEN, written.as_bytes())?;
    let slots =
        if stage.paired { pair::put(destination, stage.first, artifacts, &top, &mut ahead_of)? } else { Vec::new() };
    if stage.first {
        slots.iter().try_for_each(|slot| syncing.sync(slot.handle(), slot.path()))?;
    }
    unsynced.sync()?;
    while let Some(Ahead { folder, name, temporary }) = ahead.pop_front() {
        replace_by(&folder, &temporary, name)?;
    }
    if !stage.first {
        slots.iter().try_for_each(|slot| destination.syncing().sync(slot.handle(), slot.path()))?;
    }
    rename_all(stage, files)
}

/// Writes a file beside its final name, and gives the one that stands there a second name.
fn write_second(stage: &Stage<'_>, placed: &mut Placed<'_>, syncing: Syncing<'_>) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (folder, name) = (placed.folder.handle(), placed.name.file.as_str());
    let path = placed.folder.path().join(name);
    let second = temporary();
    let write = if stage.first { write_staged } else { write_new };
    write(folder, &second, &path, placed.contents, &destination.grants, syncing)?;
    placed.temporary = Some(second);
    if stage.first {
        return Ok(());
    }
    let previous = temporary();
    match linkat(folder, name, folder, previous.as_str(), AtFlags::empty()) {
        Ok(()) => placed.previous = Some(previous),
        Err(Errno::ENOSPC | Errno::EDQUOT) => return Err(DestinationError::io("written", &path)(Errno::ENOSPC)),
        // Nothing there, or no hard links here: then there is no way back, and renaming hardly ever fails.
        Err(_) => {}
    }
    Ok(())
}

/// Gives the files their names. Should one fail, all get back what they had.
fn rename_all(stage: &Stage<'_>, files: &mut [Placed<'_>]) -> Result<(), DestinationError> {
    for position in 0..files.len() {
        let Some(placed) = files.get_mut(position) else { break };
        let Some(temporary) = placed.temporary.as_deref() else { continue };
        if let Err(error) = rename(stage, placed, temporary) {
            files.iter_mut().take(position).for_each(put_back);
            return Err(error);
        }
        placed.temporary = None;
    }
    Ok(())
}

fn rename(stage: &Stage<'_>, placed: &Placed<'_>, temporary: &str) -> Result<(), DestinationError> {
    let (handle, name) = (placed.folder.handle(), placed.name.file.as_str());
    let path = placed.folder.path().join(name);
    if stage.first {
        match rename_new(handle, temporary, name) {
            Ok(()) => return Ok(()),
            // Somebody has put something there meanwhile.
            Err(Errno::EEXIST) => guard::check_name(handle, name, &path, &stage.destination.grants).map(drop)?,
            Err(errno) => return Err(DestinationError::io("written", &path)(errno)),
        }
    }
    renameat(handle, temporary, handle, name).map_err(DestinationError::io("replaced", &path))
}

fn put_back(placed: &mut Placed<'_>) {
    let (handle, name) = (placed.folder.handle(), placed.name.file.as_str());
    match placed.previous.take() {
        Some(previous) => {
            if let Err(errno) = renameat(handle, previous.as_str(), handle, name) {
                tracing::error!(path = %placed.folder.path().join(name).display(), %errno, "the previous file is lost");
            }
        }
        None => discard(handle, name, placed.folder.path()),
    }
}
