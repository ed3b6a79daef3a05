//! Short ways to a lease's directory. A socket's address has room for a path of 107 bytes, which clients hand over as they
//! are told it, and workspaces have longer ones.

use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::readlinkat;
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};

use super::DestinationError;
use super::directory::{open_folder_of, open_to_remove};
use crate::vocabulary::limits::SOCKET_PATH_BYTES;

/// Where every user of the machine has room, and nobody can take another's away.
const TEMPORARY: &str = "/tmp";
/// How much of a lease's id names its links.
const BESIDE_DIGITS: usize = 8;
const BELOW_DIGITS: usize = 32;

/// By which path clients find what is called `longest` bytes at most in the directory of `lease`: the directory itself; or a
/// link beside it, which is to be seen wherever the folder is, as in a container; or one below `/tmp`. Who knows both
/// can derive it.
#[must_use]
pub(crate) fn way(directory: &Path, lease: &str, longest: usize) -> PathBuf {
    let [beside, below] = links(directory, lease);
    // libpq takes a comma for the end of one host and the beginning of another.
    let fits = |way: &PathBuf| {
        let bytes = way.as_os_str().as_encoded_bytes();
        bytes.len() + 1 + longest <= SOCKET_PATH_BYTES && !bytes.contains(&b',')
    };
    [directory.to_owned(), beside].into_iter().find(fits).unwrap_or(below)
}

fn links(directory: &Path, lease: &str) -> [PathBuf; 2] {
    let digits = |count: usize| lease.get(..count).unwrap_or(lease);
    let beside = directory.with_file_name(format!(".m-{}", digits(BESIDE_DIGITS)));
    let below = Path::new(TEMPORARY).join(format!("machine-id-{}", digits(BELOW_DIGITS))).join("s");
    [beside, below]
}

/// Makes `way` lead to `directory`, if it isn't that itself. Nobody else can have it lead elsewhere.
///
/// # Errors
/// When something else stands there, others could exchange it, or it can't be made.
pub(crate) fn lead(way: &Path, directory: &Path) -> Result<(), DestinationError> {
    if way == directory {
        return Ok(());
    }
    let failed = |errno: Errno| DestinationError::io("made", way)(errno);
    if let Some(own) = way.parent().filter(|parent| directory.parent() != Some(parent)) {
        let above = open_folder_of(own)?;
        match mkdirat(&above.handle, name_of(own), Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(failed(errno)),
        }
        // Readers get through it; what it leads to is guarded by itself.
        let folder = open_folder_of(way)?;
        fchmod(&folder.handle, Mode::S_IRWXU | Mode::S_IXGRP | Mode::S_IXOTH).map_err(failed)?;
    }
    let folder = open_folder_of(way)?;
    let target = target(way, directory);
    match symlinkat(target.as_os_str(), &folder.handle, name_of(way)) {
        Ok(()) => Ok(()),
        Err(Errno::EEXIST) if leads(&folder.handle, way, &target) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

/// Takes away what [`lead`] has made for a lease, if there is anything, and nothing else.
pub(crate) fn withdraw(directory: &Path, lease: &str) {
    for way in links(directory, lease) {
        let Some(parent) = way.parent() else { continue };
        let Ok(folder) = open_to_remove(parent) else { continue };
        if !leads(&folder.handle, &way, &target(&way, directory)) {
            continue;
        }
        let mut gone = unlinkat(&folder.handle, name_of(&way), UnlinkatFlags::NoRemoveDir);
        if directory.parent() != Some(parent) {
            gone = gone.and_then(|()| unlinkat(&folder.parent, folder.name.as_os_str(), UnlinkatFlags::RemoveDir));
        }
        if let Err(errno) = gone {
            tracing::debug!(way = %way.display(), %errno, "a short way to a lease's directory stays");
        }
    }
}

/// Beside the directory its name is enough, and is right wherever the folder is mounted.
fn target(way: &Path, directory: &Path) -> OsString {
    let beside = way.parent() == directory.parent();
    directory.file_name().filter(|_| beside).unwrap_or(directory.as_os_str()).to_owned()
}

fn leads(folder: &impl AsFd, way: &Path, target: &OsStr) -> bool {
    readlinkat(folder, name_of(way)).is_ok_and(|seen| seen == target)
}

fn name_of(path: &Path) -> &OsStr {
    path.file_name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::config::DirectoryConfig;
    use crate::destination::Destination;
    use crate::destination::tests::scratch;

    const LONGEST: usize = 13;

    /// A lease's directory whose path has so many bytes.
    fn directory(root: &Path, lease: &str, length: usize) -> PathBuf {
        let name = format!("machine-id-{lease}");
        let fill = length - root.as_os_str().len() - name.len() - 2;
        let parent = root.join("p".repeat(fill));
        let directory = parent.join(name);
        assert_eq!(directory.as_os_str().len(), length);
        std::fs::create_dir_all(&parent).unwrap();
        std::fs::set_permissions(&parent, std::fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    #[test]
    fn the_way_is_the_shortest_of_those_that_lead_farthest() {
        let lease = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";
        for (length, begins) in [(93, "/p"), (94, "/p"), (130, "/tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8/s")] {
            let name = format!("machine-id-{lease}");
            let directory = PathBuf::from(format!("/{}", "p".repeat(length - name.len() - 2))).join(name);
            let way = way(&directory, lease, LONGEST);
            assert!(way.as_os_str().len() + 1 + LONGEST <= SOCKET_PATH_BYTES, "{}", way.display());
            assert!(way.to_str().unwrap().starts_with(begins), "{}", way.display());
            assert_eq!(way == directory, length == 93, "{}", way.display());
            assert_eq!(way.ends_with(".m-9f0c5a1e"), length == 94, "{}", way.display());
        }
    }

    #[test]
    fn each_way_reaches_a_socket_and_is_gone_with_its_lease() {
        let scratch = scratch();
        let root = scratch.path().canonicalize().unwrap();
        for length in [93, 94, 107, 140, 240] {
            let lease = format!("{:032x}", fastrand::u128(..));
            let directory = directory(&root, &lease, length);
            let way = way(&directory, &lease, LONGEST);
            let destination = Destination::create_or_open(&DirectoryConfig::private(directory.clone())).unwrap();
            let (_listener, _name) = destination.listen(".s.PGSQL.5432").unwrap();
            for _ in 0..2 {
                lead(&way, &directory).unwrap();
            }
            UnixStream::connect(way.join(".s.PGSQL.5432")).unwrap();
            withdraw(&directory, &lease);
            assert_eq!(std::fs::symlink_metadata(&way).is_ok(), way == directory);
            assert!(way.starts_with(&root) || !way.parent().unwrap().exists(), "{}", way.display());
            assert!(directory.join(".s.PGSQL.5432").exists());
        }
    }

    #[test]
    fn what_somebody_else_has_put_there_is_neither_followed_nor_removed() {
        let scratch = scratch();
        let root = scratch.path().canonicalize().unwrap();
        for length in [100, 200] {
            let lease = format!("{:032x}", fastrand::u128(..));
            let directory = directory(&root, &lease, length);
            std::fs::create_dir(&directory).unwrap();
            let way = way(&directory, &lease, LONGEST);
            let folder = way.parent().unwrap();
            std::fs::create_dir_all(folder).unwrap();
            std::os::unix::fs::symlink("elsewhere", &way).unwrap();
            lead(&way, &directory).unwrap_err();
            withdraw(&directory, &lease);
            assert_eq!(std::fs::read_link(&way).unwrap(), Path::new("elsewhere"));
            std::fs::remove_file(&way).unwrap();
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
            let error = lead(&way, &directory).unwrap_err();
            assert!(error.to_string().contains("0777"), "{error}");
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}
