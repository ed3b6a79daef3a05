pub(super) use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::{Destination, DestinationError, Writer};
use crate::config::{AclMode, DirectoryConfig, SymlinkMode};
use crate::error::{Code, Fault};

mod acls;
mod adopted;
mod disk;
mod folders;
mod matching;
mod races;

fn private(path: impl Into<PathBuf>) -> DirectoryConfig {
    DirectoryConfig::private(path.into())
}

pub(crate) fn scratch() -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    chmod(scratch.path(), 0o700);
    scratch
}

pub(super) fn open(path: &Path) -> Result<Destination, DestinationError> {
    Destination::create_or_open(&private(path))
}

pub(super) fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Names but for those that are there for ourselves.
fn visible(path: &Path) -> Vec<String> {
    names(path).into_iter().filter(|name| ![".lock", ".written"].contains(&name.as_str())).collect()
}

pub(super) fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(super) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "makes what the code under test must cope with")]
pub(crate) fn put(path: &Path, contents: &str) {
    fs::write(path, contents).unwrap();
    chmod(path, 0o600);
}

pub(super) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

pub(super) fn skipped(why: &str) {
    // Not by a macro: the test harness would hide it.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("SKIPPED: {why}\n").as_bytes());
}

#[test]
fn a_missing_directory_is_made_private_with_its_parents() {
    let scratch = scratch();
    let path = scratch.path().join("a/b");
    open(&path).unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
}

#[test]
fn a_commit_puts_private_files_under_their_names() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    destination.commit(&[("key", b"k"), ("cockroach/node.key", b"n")]).unwrap();
    for (name, contents) in [("key", b"k"), ("cockroach/node.key", b"n")] {
        let file = path.join(name);
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (contents.to_vec(), 0o600));
    }
    assert_eq!(mode(&path.join("cockroach")), 0o700);
    assert_eq!(visible(&path), ["cockroach", "key"]);
}

#[test]
fn a_first_set_meets_what_somebody_else_has_put_there_meanwhile() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    assert!(destination.is_untouched());
    let stage = destination.begin().unwrap();
    put(&path.join("key-cert.pub"), "another's");
    stage.commit(&[("key", b"k"), ("key-cert.pub", b"c"), ("tlscert", b"t")]).unwrap();
    assert_eq!(fs::read(path.join("key-cert.pub")).unwrap(), b"c");
    assert_eq!(visible(&path), ["key", "key-cert.pub", "tlscert"]);

    let other = open(&scratch.path().join("e")).unwrap();
    let stage = other.begin().unwrap();
    symlink(&path, other.path().join("tlscert")).unwrap();
    let error = stage.commit(&[("key", b"k"), ("tlscert", b"t")]).unwrap_err();
    assert!(matches!(error, DestinationError::SymbolicLink { .. }), "{error}");
    assert_eq!(names(other.path()), [".lock", ".written", "tlscert"]);
}

#[test]
fn a_new_name_is_taken_once() {
    let scratch = scratch();
    let destination = open(&scratch.path().join("d")).unwrap();
    assert!(destination.create("mark", b"one").unwrap());
    assert!(!destination.create("mark", b"two").unwrap());
    assert_eq!(fs::read(destination.path().join("mark")).unwrap(), b"one");
    assert_eq!(visible(destination.path()), ["mark"]);
}

#[test]
fn an_abandoned_stage_leaves_nothing_behind() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    drop(destination.begin().unwrap());
    assert_eq!(names(scratch.path()), [".lock"]);
}

#[test]
fn leftovers_of_a_killed_writer_are_swept_and_nothing_else() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    put(&scratch.path().join(".t-0123456789abcdef"), "half");
    let kept = [".t-mine", ".t-0123456789abcdeg", ".something", "notes"];
    kept.iter().for_each(|name| put(&scratch.path().join(name), "kept"));
    destination.commit(&[("key", b"k")]).unwrap();
    let mut expected: Vec<&str> = kept.to_vec();
    expected.push("key");
    expected.sort_unstable();
    assert_eq!(visible(scratch.path()), expected);
}

#[test]
fn replacing_one_file_keeps_the_others_and_can_be_read_back() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    destination.replace("identity.json", b"one").unwrap();
    destination.replace("identity.json", b"two").unwrap();
    assert_eq!(destination.read("identity.json", 100).unwrap().unwrap().as_slice(), b"two");
    assert_eq!(mode(&scratch.path().join("identity.json")), 0o600);
    assert!(destination.read("nothing", 100).unwrap().is_none());
    assert!(destination.read("folder/nothing", 100).unwrap().is_none());
    assert_eq!(names(scratch.path()), ["identity.json"]);
    destination.delete("identity.json").unwrap();
    destination.delete("identity.json").unwrap();
    assert!(names(scratch.path()).is_empty());
}

#[test]
fn a_file_that_is_too_long_is_refused_by_name_and_size() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    destination.replace("identity.json", b"12345").unwrap();
    assert_eq!(destination.read("identity.json", 5).unwrap().unwrap().len(), 5);
    let error = destination.read("identity.json", 4).unwrap_err();
    assert!(error.to_string().ends_with("identity.json has 5 bytes, more than the 4 it may have"), "{error}");
}

#[test]
pub(super) fn names_that_lead_elsewhere_are_refused() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    for name in
        ["", "..", "a/..", "/etc/x", "a/b/c", ".lock", ".ssh-a", ".written", "a\nb", "./a", "a//b", &"x".repeat(300)]
    {
        let error = destination.commit(&[(name, b"k")]).unwrap_err();
        assert!(matches!(error, DestinationError::Name { .. }), "{name:?}: {error}");
        assert!(destination.replace(name, b"k").is_err() && destination.read(name, 9).is_err(), "{name:?}");
    }
    assert_eq!(names(scratch.path()), [".lock"]);
}

#[test]
fn a_link_on_the_way_is_refused_and_named_unless_links_are_allowed() {
    let scratch = scratch();
    fs::create_dir_all(scratch.path().join("real/deep")).unwrap();
    symlink("real/../real/./deep", scratch.path().join("link")).unwrap();
    symlink(scratch.path().join("link"), scratch.path().join("absolute")).unwrap();
    let path = scratch.path().join("absolute/d");
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("/absolute is a symbolic link to "), "{error}");
    assert!(error.hint().contains("symlinks: insecure"), "{}", error.hint());

    let config = DirectoryConfig { symlinks: SymlinkMode::Insecure, ..private(&path) };
    Destination::create_or_open(&config).unwrap().commit(&[("key", b"k")]).unwrap();
    assert_eq!(fs::read(scratch.path().join("real/deep/d/key")).unwrap(), b"k");
}

#[test]
fn links_in_a_circle_end() {
    let scratch = scratch();
    symlink("b", scratch.path().join("a")).unwrap();
    symlink("a", scratch.path().join("b")).unwrap();
    let config = DirectoryConfig { symlinks: SymlinkMode::Insecure, ..private(scratch.path().join("a/d")) };
    let error = Destination::create_or_open(&config).unwrap_err();
    assert!(matches!(error, DestinationError::LinkLoop { .. }), "{error}");
}

#[test]
fn paths_that_are_not_plain_are_refused() {
    for path in ["relative", "", "/", "/tmp/../etc/x"] {
        let error = open(Path::new(path)).unwrap_err();
        assert_eq!(error.code(), Code::ConfigInvalid, "{path}: {error}");
    }
}

#[test]
fn a_file_in_place_of_the_directory_or_on_the_way_is_refused() {
    let scratch = scratch();
    put(&scratch.path().join("file"), "");
    for path in [scratch.path().join("file"), scratch.path().join("file/d")] {
        let error = open(&path).unwrap_err();
        assert!(error.to_string().ends_with("/file is a regular file, not a directory"), "{error}");
    }
}

#[test]
fn a_parent_that_others_may_write_is_refused_in_every_mode_unless_sticky() {
    let scratch = scratch();
    let parent = scratch.path().join("p");
    fs::create_dir(&parent).unwrap();
    chmod(&parent, 0o777);
    let error = open(&parent.join("d")).unwrap_err();
    assert!(error.to_string().contains("/p on the way to ") && error.to_string().contains("mode 0777"), "{error}");
    assert!(error.hint().contains("chmod o-w"), "{}", error.hint());
    // A pod's shared volume looks like this.
    assert!(error.hint().contains(&format!("MACHINE_ID_TRUSTED_PARENTS='{}'", parent.display())), "{}", error.hint());
    for symlinks in [SymlinkMode::Secure, SymlinkMode::TrySecure, SymlinkMode::Insecure] {
        let config = DirectoryConfig { symlinks, ..private(parent.join("d")) };
        let error = Destination::create_or_open(&config).unwrap_err();
        assert!(matches!(error, DestinationError::OpenParent { who: Writer::Everybody, .. }), "{error}");
    }
    chmod(&parent, 0o1777);
    open(&parent.join("d")).unwrap();
}

#[test]
fn a_parent_that_a_group_or_a_list_lets_others_write_to_is_refused_with_who_it_is() {
    use crate::acl::{Acl, Entry, Permissions, Qualifier};
    let scratch = scratch();
    let parent = scratch.path().join("p");
    fs::create_dir(&parent).unwrap();
    open(&parent.join("d")).unwrap();
    let refused = || open(&parent.join("d")).unwrap_err();
    if is_root() {
        std::os::unix::fs::chown(&parent, None, Some(65533)).unwrap();
        chmod(&parent, 0o2775);
        let error = refused();
        assert!(error.to_string().contains("mode 2775: group 65533 could replace"), "{error}");
        assert!(error.hint().contains("chmod g-w"), "{}", error.hint());
        std::os::unix::fs::chown(&parent, None, Some(0)).unwrap();
    } else {
        skipped("needs root to give a directory to another group");
    }
    chmod(&parent, 0o755);
    let handle = fs::File::open(&parent).unwrap();
    let list = |who, granted| {
        let entry = |who, permissions| Entry { who, permissions };
        let list = Acl::new(vec![
            entry(Qualifier::Owner, Permissions::ALL),
            entry(who, granted),
            entry(Qualifier::OwningGroup, Permissions::NONE),
            entry(Qualifier::Mask, Permissions::ALL),
            entry(Qualifier::Other, Permissions::NONE),
        ]);
        crate::acl::set(&handle, &parent, &list).unwrap();
    };
    for who in [Qualifier::User(61001), Qualifier::Group(61001)] {
        list(who, Permissions::ALL);
        let error = refused();
        assert!(error.to_string().contains("61001 by its ACL could replace"), "{error}");
        assert!(error.hint().contains("getfacl '"), "{}", error.hint());
        list(who, Permissions::READ_SEARCH);
        open(&parent.join("d")).unwrap();
    }
    list(Qualifier::User(0), Permissions::ALL);
    open(&parent.join("d")).unwrap();
}

#[test]
fn a_link_or_a_folder_under_a_files_name_is_refused_and_the_set_stays() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    destination.commit(&[("key", b"old"), ("key-cert.pub", b"old")]).unwrap();
    let victim = scratch.path().join("victim");
    put(&victim, "precious");

    let tlscert = scratch.path().join("tlscert");
    let refused = |what: &str| {
        let error = destination.commit(&[("key", b"new"), ("key-cert.pub", b"new"), ("tlscert", b"new")]).unwrap_err();
        assert_eq!(error.code(), Code::DestinationUnsafe);
        assert!(error.to_string().contains(what), "{error}");
        assert!(destination.replace("tlscert", b"new").is_err() && destination.read("tlscert", 99).is_err());
        assert_eq!(fs::read(scratch.path().join("key")).unwrap(), b"old");
        assert_eq!(visible(scratch.path()).len(), 4);
        assert_eq!(names(scratch.path()).len(), 6, "{:?}", names(scratch.path()));
    };
    symlink("victim", &tlscert).unwrap();
    refused("tlscert is a symbolic link to victim");
    fs::remove_file(&tlscert).unwrap();
    fs::create_dir(&tlscert).unwrap();
    refused("tlscert is a directory, not a regular file");
    fs::remove_dir(&tlscert).unwrap();
    nix::unistd::mkfifo(&tlscert, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused("tlscert is a named pipe, not a regular file");
    fs::remove_file(&tlscert).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn a_link_in_place_of_a_folder_or_of_the_lock_is_refused() {
    let scratch = scratch();
    let outside = scratch.path().join("outside");
    let path = scratch.path().join("d");
    fs::create_dir(&outside).unwrap();
    let destination = open(&path).unwrap();
    symlink(&outside, path.join("cockroach")).unwrap();
    let error = destination.commit(&[("cockroach/node.key", b"k")]).unwrap_err();
    assert!(matches!(error, DestinationError::SymbolicLink { .. }), "{error}");
    fs::remove_file(path.join(".lock")).unwrap();
    symlink(outside.join("made"), path.join(".lock")).unwrap();
    let error = destination.commit(&[("key", b"k")]).unwrap_err();
    assert!(matches!(error, DestinationError::SymbolicLink { .. }), "{error}");
    assert!(names(&outside).is_empty());
}

#[test]
fn removing_deletes_what_is_inside_and_follows_no_link() {
    let scratch = scratch();
    let outside = scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    put(&outside.join("precious"), "kept");
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    destination.commit(&[("key", b"k"), ("cockroach/node.key", b"n")]).unwrap();
    fs::create_dir_all(path.join("build/left/this")).unwrap();
    symlink(&outside, path.join("build/link")).unwrap();
    symlink(outside.join("precious"), path.join("link")).unwrap();
    destination.remove().unwrap();
    assert!(!path.exists());
    assert_eq!(fs::read(outside.join("precious")).unwrap(), b"kept");
}

#[test]
fn removing_what_has_vanished_or_was_replaced_is_fine_and_leaves_the_replacement() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    fs::remove_dir_all(&path).unwrap();
    destination.remove().unwrap();

    let destination = open(&path).unwrap();
    fs::rename(&path, scratch.path().join("moved")).unwrap();
    fs::create_dir(&path).unwrap();
    destination.remove().unwrap();
    assert!(path.exists(), "it isn't the directory that was opened");
}

#[test]
fn a_second_writer_waits_and_then_says_who_it_waited_for() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    let held = destination.lock(std::time::Duration::ZERO).unwrap();
    let error = destination.lock(std::time::Duration::from_millis(2)).unwrap_err();
    assert!(matches!(error, DestinationError::Busy { .. }), "{error}");
    assert_eq!(error.retry(), crate::error::Retry::Later);
    drop(held);
    destination.lock(std::time::Duration::ZERO).unwrap();
}

#[test]
fn opening_what_must_exist_makes_nothing() {
    let scratch = scratch();
    let path = scratch.path().join("d");
    assert!(Destination::open_existing(&private(&path)).unwrap().is_none());
    assert!(!path.exists());
    open(&path).unwrap();
    assert!(Destination::open_existing(&private(&path)).unwrap().is_some());
}

#[test]
fn a_foreign_owner_of_the_directory_a_file_that_is_read_or_a_parent_is_refused_and_named() {
    if !is_root() {
        return skipped("needs root to give files away");
    }
    let scratch = scratch();
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    destination.commit(&[("key", b"k")]).unwrap();
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(65534), None).unwrap();
    give(&path.join("key"));
    // What is read has to be ours; what is written goes in its place.
    let error = destination.read("key", 9).unwrap_err();
    assert!(error.to_string().contains("key belongs to nobody, but this process runs as root"), "{error}");
    assert!(error.hint().contains("chown root '"), "{}", error.hint());
    destination.commit(&[("key", b"k")]).unwrap();
    assert_eq!(destination.read("key", 9).unwrap().as_deref(), Some(&b"k".to_vec()));
    give(&path);
    let error = open(&path).unwrap_err();
    assert!(matches!(error, DestinationError::ForeignOwner { owner: 65534, us: 0, .. }), "{error}");
    let error = open(&path.join("below")).unwrap_err();
    assert!(matches!(error, DestinationError::ForeignParent { owner: 65534, .. }), "{error}");
}
