//! From a set of files to the names that readers open.

use nix::errno::Errno;
use nix::fcntl::{AtFlags, renameat};
use nix::unistd::linkat;

use super::entry::Name;
use super::file::{Folder, discard, rename_new, replace_in, write_in_new, write_new, write_staged};
use super::names::{WRITTEN, temporary};
use super::stage::Stage;
use super::{DestinationError, Durability, guard, pair, remove};

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
    let placed = place(stage, artifacts, &mut files);
    for file in &files {
        for name in [file.temporary.as_ref(), file.previous.as_ref()].into_iter().flatten() {
            discard(file.folder.handle(), name, file.folder.path());
        }
    }
    placed?;
    if destination.durability == Durability::Synced {
        for placed in files.iter().filter(|placed| placed.name.folder.is_some()) {
            placed.folder.handle().sync_all().map_err(DestinationError::io("synced", placed.folder.path()))?;
        }
        top.sync_all().map_err(DestinationError::io("synced", path))?;
    }
    Ok(())
}

/// Everything that needs space happens before the first name at the top changes.
fn place(stage: &Stage<'_>, artifacts: &[(&str, &[u8])], files: &mut [Placed<'_>]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    for placed in files.iter().filter(|_| !stage.first) {
        let (folder, path) = (placed.folder.handle(), placed.folder.path());
        if placed.name.folder.is_some() {
            remove::leftovers(folder, path, &remove::entries(folder, path)?)?;
        }
    }
    for placed in &mut *files {
        write_second(stage, placed)?;
    }
    let top = Folder::open(&destination.handle, &destination.path, None)?;
    let write = if stage.first { write_in_new } else { replace_in };
    write(destination, &top, WRITTEN, stage.written.with(artifacts).text().as_bytes())?;
    if stage.paired {
        pair::put(destination, stage.first, artifacts)?;
    }
    rename_all(stage, files)
}

/// Writes a file beside its final name, and gives the one that stands there a second name.
fn write_second(stage: &Stage<'_>, placed: &mut Placed<'_>) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (folder, name) = (placed.folder.handle(), placed.name.file.as_str());
    let path = placed.folder.path().join(name);
    let second = temporary();
    let write = if stage.first { write_staged } else { write_new };
    write(folder, &second, &path, placed.contents, &destination.grants, destination.durability)?;
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
