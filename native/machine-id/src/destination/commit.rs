//! From a staged generation to the names that readers open.

use std::fs::File;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, renameat};
use nix::unistd::linkat;

use super::entry::Name;
use super::file::{Folder, discard, has_no_links, write_new, write_staged};
use super::names::temporary;
use super::stage::Stage;
use super::{DestinationError, Durability, OwnFolders, folders, generation, guard};

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
    /// Puts the files in place: complete and synced under [`Self::references`] first, then each under its own name,
    /// those that name the generation last.
    ///
    /// # Errors
    /// When something can't be written; the previous set is then still in place.
    pub fn commit(mut self, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
        run(&mut self, artifacts)?;
        self.sweep();
        Ok(())
    }

    /// As [`Self::commit`], and deletes what earlier sets have put there and the artifacts have no more: their files, and
    /// the directories of `own`. Keys would stay for ever. A file that was replaced, and a directory in which anything
    /// else lies, are left as they are.
    ///
    /// # Errors
    /// As [`Self::commit`]; a directory that can't be deleted is tried again with the next set.
    pub fn commit_all(mut self, artifacts: &[(&str, &[u8])], own: OwnFolders) -> Result<(), DestinationError> {
        run(&mut self, artifacts)?;
        let (top, path) = (&self.destination.handle, self.destination.path.as_path());
        // By the generations, which are swept then.
        if let Err(error) = folders::retire_files(top, path, &self.present, &self.earlier, artifacts) {
            tracing::warn!(%error, "a file that is no longer written could not be deleted");
        }
        if let Err(error) = folders::retire(top, path, &self.present, artifacts, own) {
            tracing::warn!(%error, "a directory that is no longer written could not be deleted");
        }
        self.sweep();
        Ok(())
    }

    /// The set is in place; what is old can as well be swept next time.
    fn sweep(&self) {
        let (top, path) = (&self.destination.handle, self.destination.path.as_path());
        if let Err(error) = generation::sweep(top, path, &self.complete, &self.earlier) {
            tracing::warn!(%error, "old generations could not be deleted");
        }
    }
}

fn run(stage: &mut Stage<'_>, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (top, path, grants) = (&destination.handle, destination.path.as_path(), &destination.grants);
    let synced = destination.durability == Durability::Synced;
    let marker = stage.complete.clone();

    let mut ordered = artifacts.iter().map(|(name, contents)| Ok((Name::parse(name)?, *contents)));
    let mut ordered = ordered.by_ref().collect::<Result<Vec<_>, DestinationError>>()?;
    ordered.sort_by_cached_key(|(_, contents)| names(contents, &marker));

    let mut folders = Vec::with_capacity(ordered.len());
    let mut anew = true;
    for (name, contents) in ordered {
        let folder = Folder::create(top, path, name.folder.as_deref(), grants)?;
        if !stage.first {
            let is_there = guard::check_name(folder.handle(), &name.file, &folder.path().join(&name.file), grants)?;
            anew &= !is_there;
        }
        folders.push(Placed { name, contents, folder, temporary: None, previous: None });
    }

    let staged = path.join(&stage.staging);
    for placed in &folders {
        let below;
        let (at, at_path) = match placed.name.folder.as_deref() {
            None => (&stage.handle, staged.as_path()),
            folder => {
                below = Folder::create(&stage.handle, &staged, folder, grants)?;
                (below.handle(), below.path())
            }
        };
        let file = at_path.join(&placed.name.file);
        write_staged(at, &placed.name.file, &file, placed.contents, grants, destination.durability)?;
        if synced && placed.name.folder.is_some() {
            at.sync_all().map_err(DestinationError::io("synced", at_path))?;
        }
    }
    if synced {
        stage.handle.sync_all().map_err(DestinationError::io("synced", &staged))?;
    }

    let placed = place(stage, &mut folders, anew);
    for file in &folders {
        for name in [file.temporary.as_ref(), file.previous.as_ref()].into_iter().flatten() {
            discard(file.folder.handle(), name, file.folder.path());
        }
    }
    placed?;
    stage.finished = true;
    if synced {
        for placed in folders.iter().filter(|placed| placed.name.folder.is_some()) {
            placed.folder.handle().sync_all().map_err(DestinationError::io("synced", placed.folder.path()))?;
        }
        top.sync_all().map_err(DestinationError::io("synced", path))?;
    }
    Ok(())
}

/// Makes the generation complete and gives its files their names.
fn place(stage: &Stage<'_>, files: &mut [Placed<'_>], anew: bool) -> Result<(), DestinationError> {
    if anew {
        // Nothing is replaced, so there is nothing to put back: each file goes straight to its name.
        complete(stage)?;
        if link_in_place(stage, files)? {
            return Ok(());
        }
        for placed in files.iter().filter(|_| stage.first) {
            let path = placed.folder.path().join(&placed.name.file);
            guard::check_name(placed.folder.handle(), &placed.name.file, &path, &stage.destination.grants)?;
        }
    }
    link_all(stage, files)?;
    if !anew {
        complete(stage)?;
    }
    rename_all(files)
}

fn complete(stage: &Stage<'_>) -> Result<(), DestinationError> {
    let top = &stage.destination.handle;
    renameat(top, stage.staging.as_str(), top, stage.complete.as_str())
        .map_err(DestinationError::io("renamed", &stage.destination.path.join(&stage.staging)))
}

/// Gives each file its name, where that is free. False: not all of them were, or there are no hard links here; then
/// nothing is changed.
fn link_in_place(stage: &Stage<'_>, files: &[Placed<'_>]) -> Result<bool, DestinationError> {
    for (position, placed) in files.iter().enumerate() {
        let source = Folder::open(&stage.handle, &stage.destination.path, placed.name.folder.as_deref())?;
        let name = placed.name.file.as_str();
        let Err(errno) = link(source.handle(), name, placed.folder.handle(), name) else { continue };
        for undone in files.iter().take(position) {
            discard(undone.folder.handle(), &undone.name.file, undone.folder.path());
        }
        if errno == Errno::EEXIST || has_no_links(errno) {
            return Ok(false);
        }
        return Err(DestinationError::io("written", &placed.folder.path().join(name))(errno));
    }
    Ok(true)
}

/// Gives each file a second name beside its final one. A hard link costs no space and no second write; where there
/// are none, a copy serves.
fn link_all(stage: &Stage<'_>, files: &mut [Placed<'_>]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    for placed in files {
        let source = Folder::open(&stage.handle, &destination.path, placed.name.folder.as_deref())?;
        let path = placed.folder.path().join(&placed.name.file);
        let second = temporary();
        match link(source.handle(), &placed.name.file, placed.folder.handle(), &second) {
            Ok(()) => {}
            Err(errno) if has_no_links(errno) => write_new(
                placed.folder.handle(),
                &second,
                &path,
                placed.contents,
                &destination.grants,
                destination.durability,
            )?,
            Err(errno) => return Err(DestinationError::io("written", &path)(errno)),
        }
        placed.temporary = Some(second);
        let previous = temporary();
        match link(placed.folder.handle(), &placed.name.file, placed.folder.handle(), &previous) {
            Ok(()) => placed.previous = Some(previous),
            Err(Errno::ENOSPC | Errno::EDQUOT) => return Err(DestinationError::io("written", &path)(Errno::ENOSPC)),
            // Nothing there, or no hard links here: then there is no way back, and renaming hardly ever fails.
            Err(_) => {}
        }
    }
    Ok(())
}

fn link(from: &File, name: &str, to: &File, second: &str) -> nix::Result<()> {
    linkat(from, name, to, second, AtFlags::empty())
}

/// Gives the files their names, those that name the generation last. Should one fail, all get back what they had.
fn rename_all(files: &mut [Placed<'_>]) -> Result<(), DestinationError> {
    for position in 0..files.len() {
        let Some(placed) = files.get_mut(position) else { break };
        let (handle, name) = (placed.folder.handle(), placed.name.file.as_str());
        let Some(temporary) = placed.temporary.as_deref() else { continue };
        if let Err(errno) = renameat(handle, temporary, handle, name) {
            let error = DestinationError::io("replaced", &placed.folder.path().join(name))(errno);
            files.iter().take(position).for_each(put_back);
            return Err(error);
        }
        placed.temporary = None;
    }
    Ok(())
}

fn put_back(placed: &Placed<'_>) {
    let (handle, name) = (placed.folder.handle(), placed.name.file.as_str());
    match &placed.previous {
        Some(previous) => {
            if let Err(errno) = renameat(handle, previous.as_str(), handle, name) {
                tracing::error!(path = %placed.folder.path().join(name).display(), %errno, "the previous file is lost");
            }
        }
        None => discard(handle, name, placed.folder.path()),
    }
}

/// What names a path is text. A generation's name begins with a dot, which certificates and keys hardly have: looking
/// for that is many times faster than looking for the whole name.
fn names(text: &[u8], generation: &str) -> bool {
    let begins = |text: &str, at| text.get(at..).is_some_and(|rest| rest.starts_with(generation));
    std::str::from_utf8(text).is_ok_and(|text| text.match_indices('.').any(|(at, _)| begins(text, at)))
}
