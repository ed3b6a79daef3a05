//! Files and directories that a set of files has no more.

use std::fs;
use std::path::Path;

use super::super::OwnFolders;
use super::{open, put, scratch, symlink, visible};

const OWN: OwnFolders = OwnFolders { is_named: |name| name.starts_with("own-"), files: &["tls.key", "tls.crt"] };

fn commit(path: &Path, names: &[&str]) {
    let artifacts: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"x".as_slice())).collect();
    open(path).unwrap().begin().unwrap().commit_all(&artifacts, OWN).unwrap();
}

fn make(path: &Path, files: &[&str]) {
    fs::create_dir(path).unwrap();
    files.iter().for_each(|file| put(&path.join(file), "mine"));
}

#[test]
fn a_directory_of_ours_goes_with_the_first_set_that_has_none_of_its_files() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "own-a/tls.key", "own-a/tls.crt", "own-b/tls.key", "other/tls.key"]);
    // As a writer leaves it that was killed.
    put(&path.join("own-a/.t-0123456789abcdef"), "x");
    commit(&path, &["key", "own-b/tls.key"]);
    assert_eq!(visible(&path), ["key", "other", "own-b"]);
    commit(&path, &["key"]);
    assert_eq!(visible(&path), ["key", "other"]);
}

#[test]
fn nothing_that_somebody_else_may_have_made_is_deleted() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "own-mixed/tls.key"]);
    put(&path.join("own-mixed/notes"), "mine");
    make(&path.join("own-empty"), &[]);
    make(&path.join("own-notes"), &["notes"]);
    make(&path.join("own-deep"), &["tls.crt"]);
    make(&path.join("own-deep/tls.key"), &["notes"]);
    make(&path.join("own-linking"), &[]);
    symlink("../key", path.join("own-linking/tls.key")).unwrap();
    put(&path.join("own-file"), "mine");
    make(&scratch.path().join("away"), &["tls.key"]);
    symlink("../away", path.join("own-link")).unwrap();
    let before = visible(&path);
    commit(&path, &["key"]);
    assert_eq!(visible(&path), before);
    for file in
        ["own-mixed/tls.key", "own-notes/notes", "own-deep/tls.key/notes", "own-linking/tls.key", "own-link/tls.key"]
    {
        assert!(path.join(file).exists(), "{file}");
    }
}

#[test]
fn a_set_that_is_not_committed_deletes_nothing() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "own-a/tls.key"]);
    let destination = open(&path).unwrap();
    drop(destination.begin().unwrap());
    destination.begin().unwrap().commit_all(&[("../x", b"")], OWN).unwrap_err();
    assert_eq!(visible(&path), ["key", "own-a"]);
}

#[test]
fn a_directory_that_cannot_be_deleted_does_not_fail_the_set_and_goes_with_the_next() {
    use super::{chmod, is_root, skipped};
    if is_root() {
        return skipped("root deletes from any directory");
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "own-a/tls.key"]);
    chmod(&path.join("own-a"), 0o500);
    commit(&path, &["key"]);
    assert!(path.join("own-a/tls.key").exists());
    chmod(&path.join("own-a"), 0o700);
    commit(&path, &["key"]);
    assert_eq!(visible(&path), ["key"]);
}

#[test]
fn a_file_of_an_earlier_set_goes_unless_somebody_has_replaced_it() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "old", "older", "replaced", "same", "own-a/tls.key"]);
    commit(&path, &["key", "old", "replaced", "same", "own-a/tls.key"]);
    assert_eq!(visible(&path), ["key", "old", "own-a", "replaced", "same"]);
    // By renaming, as editors do; what stands in it doesn't matter.
    for (name, text) in [("replaced", "mine"), ("same", "x")] {
        put(&path.join("new"), text);
        fs::rename(path.join("new"), path.join(name)).unwrap();
    }
    put(&path.join("notes"), "mine");
    symlink("notes", path.join("older")).unwrap();
    commit(&path, &["key"]);
    assert_eq!(visible(&path), ["key", "notes", "older", "replaced", "same"]);
    assert_eq!(fs::read_to_string(path.join("replaced")).unwrap(), "mine");
}
