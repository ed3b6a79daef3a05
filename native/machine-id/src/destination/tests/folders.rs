//! Files and directories that a set of files has no more.

use std::fs;
use std::path::Path;

use super::{open, put, scratch, symlink, visible};

fn commit(path: &Path, names: &[&str]) {
    let artifacts: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, b"x".as_slice())).collect();
    open(path).unwrap().commit(&artifacts).unwrap();
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
    commit(&path, &["key", "own-b/tls.key", "other/tls.key"]);
    assert_eq!(visible(&path), ["key", "other", "own-b"]);
    commit(&path, &["key"]);
    assert_eq!(visible(&path), ["key"]);
}

#[test]
fn nothing_that_somebody_else_has_made_is_deleted() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "mixed/tls.key", "replaced/tls.key", "linking/tls.key", "moved/tls.key"]);
    put(&path.join("mixed/notes"), "mine");
    put(&path.join("replaced/tls.key"), "mine");
    fs::remove_file(path.join("linking/tls.key")).unwrap();
    symlink("../key", path.join("linking/tls.key")).unwrap();
    fs::rename(path.join("moved"), scratch.path().join("away")).unwrap();
    symlink("../away", path.join("moved")).unwrap();
    make(&path.join("empty"), &[]);
    make(&path.join("kube-prod"), &["tls.key"]);
    commit(&path, &["key"]);
    assert_eq!(visible(&path), ["empty", "key", "kube-prod", "linking", "mixed", "moved", "replaced"]);
    for file in ["mixed/notes", "replaced/tls.key", "linking/tls.key", "moved/tls.key", "kube-prod/tls.key"] {
        assert!(path.join(file).exists(), "{file}");
    }
    assert!(!path.join("mixed/tls.key").exists(), "our key stays beside the notes of another");
}

#[test]
fn a_set_that_is_not_committed_deletes_nothing() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    commit(&path, &["key", "own-a/tls.key"]);
    let destination = open(&path).unwrap();
    drop(destination.begin().unwrap());
    destination.commit(&[("../x", b"")]).unwrap_err();
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
    for name in ["replaced", "same"] {
        put(&path.join("new"), if name == "same" { "x" } else { "mine" });
        fs::rename(path.join("new"), path.join(name)).unwrap();
    }
    put(&path.join("notes"), "mine");
    symlink("notes", path.join("older")).unwrap();
    commit(&path, &["key"]);
    // What stands in it tells whose it is.
    assert_eq!(visible(&path), ["key", "notes", "older", "replaced"]);
    assert_eq!(fs::read_to_string(path.join("replaced")).unwrap(), "mine");
}

#[test]
fn a_set_that_was_interrupted_is_known_to_the_next() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    destination.commit(&[("key", b"1"), ("mongo.crt", b"1")]).unwrap();
    // Killed before the names changed.
    let files = ["key", "mongo.crt"].map(|name| fs::read(path.join(name)).unwrap());
    destination.commit(&[("key", b"2"), ("mongo.crt", b"2")]).unwrap();
    for (name, contents) in ["key", "mongo.crt"].iter().zip(files) {
        put(&path.join(name), &String::from_utf8(contents).unwrap());
    }
    destination.commit(&[("key", b"3")]).unwrap();
    assert_eq!(visible(&path), ["key"]);
}
