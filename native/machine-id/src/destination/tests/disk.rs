//! Full, read-only and unwritable file systems.

use std::path::Path;
use std::process::Command;

use super::{
    Code, Destination, DirectoryConfig, Fault, chmod, fs, is_root, names, open, private, scratch, skipped, visible,
};

/// A small file system of its own, unmounted on drop.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn tmpfs(at: &'a Path, options: &str) -> Option<Self> {
        let mounted = is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", options, "machine-id-test"])
                .arg(at)
                .status()
                .is_ok_and(|s| s.success());
        if !mounted {
            skipped("needs root and the right to mount a tmpfs");
        }
        mounted.then_some(Self(at))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_named_and_the_previous_set_stays() {
    let scratch = scratch();
    let Some(_mount) = Mount::tmpfs(scratch.path(), "size=64k,mode=0700") else { return };
    let destination = open(&scratch.path().join("d")).unwrap();
    let path = scratch.path().join("d");
    destination.commit(&[("key", b"old"), ("key-cert.pub", b"old")]).unwrap();
    let before = names(&path);
    let big = vec![b'x'; 100_000];
    let error = destination.commit(&[("key", b"new"), ("key-cert.pub", &big)]).unwrap_err();
    assert_eq!(error.code(), Code::DiskFull, "{error}");
    assert!(error.to_string().contains("key-cert.pub can't be written: No space left on device"), "{error}");
    assert!(error.hint().contains("df -h"), "{}", error.hint());
    assert_eq!(names(&path), before);
    assert_eq!(fs::read(path.join("key")).unwrap(), b"old");
    let error = destination.replace("key", &big).unwrap_err();
    assert_eq!(error.code(), Code::DiskFull);
    assert_eq!((names(&path), fs::read(path.join("key")).unwrap()), (before, b"old".to_vec()));
}

#[test]
fn every_count_of_free_inodes_leaves_the_old_set_or_the_new_one() {
    let scratch = scratch();
    let Some(mount) = Mount::tmpfs(scratch.path(), "size=4m,nr_inodes=64,mode=0700") else { return };
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    let set = |text: &'static [u8]| [("key", text), ("key-cert.pub", text), ("f/a", text)];
    destination.commit(&set(b"0")).unwrap();
    let (mut full, mut fine) = (0, 0);
    for spare in 0..16 {
        let counted = nix::sys::statvfs::statvfs(&path).unwrap();
        mount.remount(&format!("nr_inodes={}", counted.files() - counted.files_free() + spare));
        let before = names(&path);
        let old = fs::read(path.join("key")).unwrap();
        let new: &[u8] = if old == b"1" { b"2" } else { b"1" };
        match destination.commit(&[("key", new), ("key-cert.pub", new), ("f/a", new)]) {
            Ok(()) => fine += 1,
            Err(error) => {
                assert_eq!(error.code(), Code::DiskFull, "{error}");
                assert_eq!(names(&path), before);
                full += 1;
            }
        }
        let all = ["key", "key-cert.pub", "f/a"].map(|name| fs::read(path.join(name)).unwrap());
        assert!(all.iter().all(|seen| *seen == all[0]), "torn with {spare} inodes to spare");
        assert_eq!(visible(&path), ["f", "key", "key-cert.pub"]);
    }
    assert!(full > 3 && fine > 3, "{full} failed, {fine} went well: not a test");
}

#[test]
fn every_count_of_free_inodes_leaves_a_whole_first_set_or_none() {
    let scratch = scratch();
    let (mut full, mut fine) = (0, 0);
    for inodes in 1..24 {
        let Some(_mount) = Mount::tmpfs(scratch.path(), &format!("size=4m,nr_inodes={inodes},mode=0700")) else {
            return;
        };
        let path = scratch.path().join("d");
        let Ok(destination) = open(&path) else { continue };
        match destination.commit(&[("key", b"1"), ("key-cert.pub", b"1"), ("f/a", b"1"), ("tlscert", b"1")]) {
            Ok(()) => {
                assert_eq!(visible(&path), ["f", "key", "key-cert.pub", "tlscert"]);
                fine += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), Code::DiskFull, "{error}");
                assert!(visible(&path).iter().all(|name| name == "f"), "{:?}", names(&path));
                assert!(!path.join("f/a").exists());
                full += 1;
            }
        }
    }
    assert!(full > 3 && fine > 3, "{full} failed, {fine} went well: not a test");
}

#[test]
fn a_read_only_file_system_is_named() {
    let scratch = scratch();
    let Some(mount) = Mount::tmpfs(scratch.path(), "size=64k,mode=0700") else { return };
    let path = scratch.path().join("d");
    let destination = open(&path).unwrap();
    destination.commit(&[("key", b"old")]).unwrap();
    mount.remount("ro");
    for error in [
        destination.commit(&[("key", b"new")]).unwrap_err(),
        destination.replace("key", b"new").unwrap_err(),
        open(&scratch.path().join("other")).unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::DiskFailed, "{error}");
        assert!(error.hint().contains("read-only"), "{error}: {}", error.hint());
    }
    assert_eq!(destination.read("key", 9).unwrap().unwrap().as_slice(), b"old");
}

#[test]
fn another_user_is_denied_and_told_so() {
    if !is_root() {
        return skipped("needs root to become another user");
    }
    let scratch = scratch();
    chmod(scratch.path(), 0o755);
    let Some(text) = as_nobody("destination::tests::disk::as_another_user", scratch.path()) else { return };
    assert!(text.contains("1 passed"), "{text}");
}

/// Runs one ignored test in a child of its own, since permissions are a process's; gives what it printed.
pub(super) fn as_nobody(test: &str, directory: &Path) -> Option<String> {
    // Where the test program lies may be closed to others.
    let program = std::env::temp_dir().join(format!("machine-id-test-{}-{}", std::process::id(), test.len()));
    // By a process of its own: one that another test starts meanwhile would hold the copy open for writing, and busy.
    let copied = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status();
    assert!(copied.unwrap().success(), "{}", program.display());
    chmod(&program, 0o755);
    let child = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"])
        .arg(&program)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("MACHINE_ID_TEST_DIRECTORY", directory)
        .current_dir("/")
        .output();
    fs::remove_file(&program).unwrap();
    let Ok(child) = child else {
        skipped("needs setpriv");
        return None;
    };
    Some(String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr))
}

#[test]
#[ignore = "run by another_user_is_denied_and_told_so"]
fn as_another_user() {
    let Ok(directory) = std::env::var("MACHINE_ID_TEST_DIRECTORY") else { return };
    let directory = Path::new(&directory);
    assert!(!is_root());
    let error = open(&directory.join("d")).unwrap_err();
    assert_eq!(error.code(), Code::DestinationDenied, "{error}");
    assert!(error.to_string().ends_with("/d can't be made: Permission denied (os error 13)"), "{error}");
    assert!(error.hint().contains("namei -l"), "{}", error.hint());
    let error = open(directory).unwrap_err();
    assert_eq!(error.code(), Code::DestinationUnsafe, "{error}");
    assert!(error.to_string().ends_with("belongs to root, but this process runs as nobody"), "{error}");
    // Its own directory below a sticky one works like root's.
    let own = std::env::temp_dir().join(format!("machine-id-nobody-{}", std::process::id()));
    let config =
        DirectoryConfig { readers: vec![crate::config::Reader::User(crate::config::UserRef::Id(1))], ..private(&own) };
    let destination = Destination::create_or_open(&config).unwrap();
    destination.commit(&[("key", b"k")]).unwrap();
    destination.commit(&[("key", b"l")]).unwrap();
    assert_eq!(destination.verify().unwrap(), crate::acl::AclVerdict::AsAsked);
    destination.remove().unwrap();
    assert!(!own.exists());
}
