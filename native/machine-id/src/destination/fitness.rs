//! Whether a directory can be written to, found out before anything is sent that works only once.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::statvfs::fstatvfs;
use nix::unistd::{AccessFlags, faccessat, geteuid};

use super::directory::{self, Missing};
use super::entry::Name;
use super::file::Folder;
use super::{DestinationError, Durability, guard, names, pair};
use crate::acl::{self, AclError, Grants, name_of};
use crate::config::{AclMode, DirectoryConfig};

/// Two sets of files with some clusters in them; a whole one is smaller.
const SPACE: u64 = 64 << 10;

/// What there is to know about a directory that can be used.
#[derive(Debug)]
pub struct Fitness {
    readers: bool,
}

impl Fitness {
    /// Looks at the directory, or at where it would be made; makes and changes nothing.
    ///
    /// # Errors
    /// What [`super::Destination::create_or_open`] and writing would fail for, as far as it can be known.
    pub fn of(config: &DirectoryConfig) -> Result<Self, DestinationError> {
        Self::of_files(config, std::iter::empty::<&str>())
    }

    /// As [`Self::of`] for a directory into which files of these names are written: in the place of none of them stands
    /// a link, a directory or anything else that isn't replaced.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_files<N: AsRef<str>>(
        config: &DirectoryConfig,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, DestinationError> {
        let path = config.path.as_path();
        let mut grants = Grants::resolve(config, geteuid().as_raw())?;
        match directory::open(config, Missing::Refuse, Durability::Synced) {
            Ok(opened) => {
                guard::would_serve(&opened.handle, path, &mut grants)?;
                writable(&opened.handle, path, "written to")?;
                lists(&opened.handle, path, &grants)?;
                for name in names {
                    free(&opened.handle, path, name.as_ref())?;
                }
            }
            Err(DestinationError::Missing { path: missing }) => {
                let above = missing.parent().unwrap_or(Path::new("/"));
                let handle = File::open(above).map_err(DestinationError::io("opened", above))?;
                writable(&handle, &missing, "made")?;
                lists(&handle, above, &grants)?;
            }
            Err(other) => return Err(other),
        }
        Ok(Self { readers: grants.mode() != AclMode::Off && !grants.readers().is_empty() })
    }

    /// As [`Self::of_files`], for a set that is committed to the directory; `paired`: `ssh` reads a key of it.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_set(config: &DirectoryConfig, names: Vec<String>, paired: bool) -> Result<Self, DestinationError> {
        let own = [names::LOCK, names::WRITTEN].map(str::to_owned);
        Self::of_files(config, names.into_iter().chain(own).chain(pair::names().filter(|_| paired)))
    }

    /// As [`Self::of`], for a directory in which something of that name is to be made that isn't a file.
    ///
    /// # Errors
    /// As [`Self::of`]; and where the name is one of our own files'.
    pub fn of_name(config: &DirectoryConfig, name: &str) -> Result<Self, DestinationError> {
        Name::parse(name)?;
        Self::of(config)
    }

    /// Who can't use keys in the directory with ssh although they are his, if it has readers, and what to do.
    #[must_use]
    pub fn owner_without_ssh(&self) -> Option<String> {
        self.readers.then(|| owner_without_ssh(geteuid().as_raw()))
    }
}

/// What is said of the owner of files that others may read by a list.
pub(super) fn owner_without_ssh(owner: u32) -> String {
    format!(
        "{}, whose files these are, can't use the keys with ssh, which takes the readers' list for a mode that is too open; \
         the readers can; give {0} an output of its own if it needs one",
        name_of(owner)
    )
}

/// Whether a file can be written under a name, which may have a folder before it.
fn free(top: &File, path: &Path, name: &str) -> Result<(), DestinationError> {
    let (folder, file) = match name.split_once('/') {
        Some((folder, file)) => (Some(folder), file),
        None => (None, name),
    };
    match Folder::open(top, path, folder) {
        Ok(folder) => guard::file_in_place(folder.handle(), file, &folder.path().join(file)).map(drop),
        Err(DestinationError::Missing { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

fn writable(directory: &File, path: &Path, action: &'static str) -> Result<(), DestinationError> {
    let rights = AccessFlags::W_OK | AccessFlags::X_OK;
    faccessat(directory, ".", rights, AtFlags::AT_EACCESS).map_err(DestinationError::io(action, path))?;
    let room = fstatvfs(directory).map_err(DestinationError::io("read", path))?;
    // Where a file system counts no files it says zero of zero.
    let full = room.blocks() > 0 && room.blocks_available().saturating_mul(room.fragment_size()) < SPACE;
    if full || (room.files() > 0 && room.files_available() == 0) {
        return Err(DestinationError::io("written to", path)(Errno::ENOSPC));
    }
    Ok(())
}

fn lists(directory: &File, path: &Path, grants: &Grants) -> Result<(), DestinationError> {
    if grants.mode() != AclMode::Required || grants.readers().is_empty() {
        return Ok(());
    }
    match acl::read(directory, path, acl::Kind::Access) {
        Err(error @ AclError::Unsupported { .. }) => Err(error.into()),
        _ => Ok(()),
    }
}
