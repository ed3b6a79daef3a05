use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Destination, DestinationError, Durability};
use crate::config::{AclMode, DirectoryConfig, SymlinkMode, UserRef};

fn private(path: impl Into<PathBuf>) -> DirectoryConfig {
    DirectoryConfig::private(path.into())
}

/// A directory whose parents are all trusted, unlike the machine's temporary directory on some systems.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> Result<Destination, DestinationError> {
    Destination::create_or_open(&private(path))
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_missing_directory_is_made_private_with_its_parents() {
    let scratch = scratch();
    let path = scratch.path().join("a/b");
    open(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
}

#[test]
fn a_commit_puts_private_files_under_their_names_and_under_the_generation() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    let stage = destination.begin().unwrap();
    let references = stage.references().to_owned();
    stage.commit(&[("key", b"k"), ("cockroach/node.key", b"n")]).unwrap();
    for file in [path.join("key"), references.join("key")] {
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"k".to_vec(), 0o600));
    }
    assert_eq!(fs::read(path.join("cockroach/node.key")).unwrap(), b"n");
    assert_eq!(mode(&path.join("cockroach")), 0o700);
    assert_eq!(names(&path).len(), 4, "{:?}", names(&path));
}
