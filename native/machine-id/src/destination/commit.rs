//! From a staged generation to the names that readers open.

use std::fs::File;
use std::path::Path;

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
}

pub(super) fn run(stage: &mut Stage<'_>, artifacts: &[(&str, &[u8])]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    let (top, path, grants) = (&destination.handle, destination.path.as_path(), &destination.grants);
    let synced = destination.durability == Durability::Synced;
    let marker = stage.complete.as_bytes().to_vec();

    let mut ordered = artifacts.iter().map(|(name, contents)| Ok((Name::parse(name)?, *contents)));
    let mut ordered = ordered.by_ref().collect::<Result<Vec<_>, DestinationError>>()?;
    ordered.sort_by_key(|(_, contents)| contains(contents, &marker));

    let mut folders = Vec::with_capacity(ordered.len());
    for (name, contents) in ordered {
        let folder = Folder::create(top, path, name.folder.as_deref(), grants)?;
        guard::check_name(folder.handle(), &name.file, &folder.path().join(&name.file), grants)?;
        folders.push(Placed { name, contents, folder, temporary: temporary() });
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

    let linked = link_all(stage, &folders);
    let renamed = linked.and_then(|()| {
        renameat(top, stage.staging.as_str(), top, stage.complete.as_str())
            .map_err(DestinationError::io("renamed", &staged))?;
        // From here on a reader may see the generation's name.
        rename_all(&folders)
    });
    if let Err(error) = renamed {
        for placed in &folders {
            discard(placed.folder.handle(), &placed.temporary, placed.folder.path());
        }
        return Err(error);
    }
    stage.finished = true;
    if synced {
        for placed in folders.iter().filter(|placed| placed.name.folder.is_some()) {
            placed.folder.handle().sync_all().map_err(DestinationError::io("synced", placed.folder.path()))?;
        }
        top.sync_all().map_err(DestinationError::io("synced", path))?;
    }
    // The set is in place; what is old can as well be swept next time.
    if let Err(error) = generation::sweep(top, path, &stage.complete) {
        tracing::warn!(%error, "old generations could not be deleted");
    }
    Ok(())
}

/// Gives each file a second name beside its final one. A hard link costs no space and no second write; where there
/// are none, a copy serves.
fn link_all(stage: &Stage<'_>, folders: &[Placed<'_>]) -> Result<(), DestinationError> {
    let destination = stage.destination;
    for placed in folders {
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
    }
    Ok(())
}

fn link(from: &File, name: &str, to: &File, temporary: &str) -> nix::Result<()> {
    linkat(from, name, to, temporary, AtFlags::empty())
}

fn rename_all(folders: &[Placed<'_>]) -> Result<(), DestinationError> {
    for placed in folders {
        let handle = placed.folder.handle();
        let path: &Path = placed.folder.path();
        renameat(handle, placed.temporary.as_str(), handle, placed.name.file.as_str())
            .map_err(|errno| DestinationError::io("replaced", &path.join(&placed.name.file))(errno))?;
    }
    Ok(())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
