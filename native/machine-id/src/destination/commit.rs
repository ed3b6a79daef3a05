//! From a staged generation to the names that readers open.

use std::fs::File;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, renameat};
use nix::unistd::linkat;

use super::file::{Folder, discard, write_new};
use super::names::{Name, temporary};
use super::{DestinationError, Durability, Stage, generation, guard};

/// A file on its way to its name.
struct Placed<'a> {
    name: Name,
    contents: &'a [u8],
    folder: Folder<'a>,
    temporary: String,
    /// A second name of the file that stands there so far, to put it back; none where there is no such file.
    previous: Option<String>,
}

pub(super) fn run(stage: &mut Stage<'_>, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (top, path, grants) = (&destination.handle, destination.path.as_path(), &destination.grants);
    let synced = destination.durability == Durability::Synced;
    let marker = stage.complete.clone();

    let mut ordered = artifacts.iter().map(|(name, contents)| Ok((Name::parse(name)?, *contents)));
    let mut ordered = ordered.by_ref().collect::<Result<Vec<_>, DestinationError>>()?;
    ordered.sort_by_cached_key(|(_, contents)| contains(contents, &marker));

    let mut folders = Vec::with_capacity(ordered.len());
    for (name, contents) in ordered {
        let folder = Folder::create(top, path, name.folder.as_deref(), grants)?;
        guard::check_name(folder.handle(), &name.file, &folder.path().join(&name.file), grants)?;
        folders.push(Placed { name, contents, folder, temporary: temporary(), previous: None });
    }

    let staged = path.join(&stage.staging);
    for placed in &folders {
        let at = Folder::create(&stage.handle, &staged, placed.name.folder.as_deref(), grants)?;
        let file = at.path().join(&placed.name.file);
        write_new(at.handle(), &placed.name.file, &file, placed.contents, grants, destination.durability)?;
        if synced && placed.name.folder.is_some() {
            at.handle().sync_all().map_err(DestinationError::io("synced", at.path()))?;
        }
    }
    if synced {
        stage.handle.sync_all().map_err(DestinationError::io("synced", &staged))?;
    }

    let placed = link_all(stage, &mut folders).and_then(|()| {
        renameat(top, stage.staging.as_str(), top, stage.complete.as_str())
            .map_err(DestinationError::io("renamed", &staged))?;
        rename_all(&folders)
    });
    for file in &folders {
        for name in [Some(&file.temporary), file.previous.as_ref()].into_iter().flatten() {
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
    // The set is in place; what is old can as well be swept next time.
    if let Err(error) = generation::sweep(top, path, &stage.complete, &stage.earlier) {
        tracing::warn!(%error, "old generations could not be deleted");
    }
    Ok(())
}

/// Gives each file a second name beside its final one. A hard link costs no space and no second write; where there
/// are none, a copy serves.
fn link_all(stage: &Stage<'_>, files: &mut [Placed<'_>]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    for placed in files {
        let source = Folder::open(&stage.handle, &destination.path, placed.name.folder.as_deref())?;
        let path = placed.folder.path().join(&placed.name.file);
        match link(source.handle(), &placed.name.file, placed.folder.handle(), &placed.temporary) {
            Ok(()) => {}
            Err(Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EMLINK | Errno::EXDEV) => write_new(
                placed.folder.handle(),
                &placed.temporary,
                &path,
                placed.contents,
                &destination.grants,
                destination.durability,
            )?,
            Err(errno) => return Err(DestinationError::io("written", &path)(errno)),
        }
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

fn link(from: &File, name: &str, to: &File, temporary: &str) -> nix::Result<()> {
    linkat(from, name, to, temporary, AtFlags::empty())
}

/// Gives the files their names, those that name the generation last. Should one fail, all get back what they had.
fn rename_all(files: &[Placed<'_>]) -> Result<(), DestinationError> {
    for (position, placed) in files.iter().enumerate() {
        let (handle, name) = (placed.folder.handle(), placed.name.file.as_str());
        if let Err(errno) = renameat(handle, placed.temporary.as_str(), handle, name) {
            files.iter().take(position).for_each(put_back);
            return Err(DestinationError::io("replaced", &placed.folder.path().join(name))(errno));
        }
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

/// What names a path is text.
fn contains(text: &[u8], part: &str) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.contains(part))
}
