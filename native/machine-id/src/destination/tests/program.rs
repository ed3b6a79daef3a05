use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::super::tests::{chmod, fs, mode, names, open, put, scratch};
use super::*;
use crate::error::{Code, Fault};

const TEXT: &str = "#!/bin/sh\necho the packaged one\n";

struct Shared {
    scratch: tempfile::TempDir,
    program: Program,
}

impl Shared {
    fn new() -> Self {
        let scratch = scratch();
        fs::create_dir(scratch.path().join("lib")).unwrap();
        let path = scratch.path().join("lib/machine-id");
        put(&path, TEXT);
        chmod(&path, 0o755);
        let content = HelperContent::Sha256(super::super::digest_of(&path).unwrap());
        Self { scratch, program: Program::new(HelperConfig { path, content }) }
    }

    fn place(&self, lease: &str) -> Result<PathBuf, DestinationError> {
        let destination = open(&self.scratch.path().join(lease)).unwrap();
        self.program.place(&destination, "machine-id", later())
    }
}

/// So late that every time of change is believed.
fn later() -> SystemTime {
    #[expect(clippy::disallowed_methods, reason = "compared with times of change that the kernel sets")]
    let now = SystemTime::now();
    now + std::time::Duration::from_secs(60)
}

fn inode(path: &Path) -> (u64, u64) {
    let seen = fs::metadata(path).unwrap();
    (seen.ino(), seen.nlink())
}

#[test]
fn each_lease_gets_a_file_of_its_own_that_can_be_run() {
    let shared = Shared::new();
    let mut all = vec![inode(shared.program.path())];
    for lease in ["a", "b", "c", "d"] {
        let placed = shared.place(lease).unwrap();
        shared.program.restock();
        assert_eq!((fs::read_to_string(&placed).unwrap().as_str(), mode(&placed)), (TEXT, 0o555));
        let output = std::process::Command::new(&placed).output().unwrap();
        assert_eq!(output.stdout, b"the packaged one\n");
        assert_eq!(names(placed.parent().unwrap()), ["machine-id"]);
        all.push(inode(&placed));
    }
    assert!(all.iter().all(|(_, links)| *links == 1), "{all:?}");
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5);
    // Taken again.
    shared.place("a").unwrap();
    assert_eq!(names(&shared.scratch.path().join("a")), ["machine-id"]);
}

#[test]
fn a_changed_copy_changes_no_other_and_is_replaced_when_the_lease_is_taken_again() {
    let shared = Shared::new();
    let placed = shared.place("a").unwrap();
    shared.program.restock();
    chmod(&placed, 0o755);
    put(&placed, "#!/bin/sh\necho evil\n");
    for lease in ["a", "b", "c", "d"] {
        assert_eq!(fs::read_to_string(shared.place(lease).unwrap()).unwrap(), TEXT);
    }
    assert_eq!(fs::read_to_string(shared.program.path()).unwrap(), TEXT);
}

#[test]
fn a_changed_shared_program_is_refused_also_with_its_old_times_and_size() {
    let shared = Shared::new();
    shared.place("a").unwrap();
    shared.program.restock();
    let path = shared.program.path();
    let seen = fs::metadata(path).unwrap();
    let evil = TEXT.replace("packaged", "attacker");
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, evil.as_bytes()).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(seen.modified().unwrap())).unwrap();
    drop(file);
    let after = fs::metadata(path).unwrap();
    assert_eq!((after.ino(), after.len(), after.mtime_nsec()), (seen.ino(), seen.len(), seen.mtime_nsec()));
    for refused in [shared.place("b").map(drop), shared.program.check(later())] {
        let error = refused.unwrap_err();
        assert!(matches!(error, DestinationError::ProgramChanged { .. }), "{error}");
        assert_eq!(error.code(), Code::DestinationUnsafe);
    }
}

#[test]
fn a_program_that_others_could_change_is_refused() {
    let shared = Shared::new();
    chmod(shared.program.path(), 0o775);
    assert!(matches!(shared.program.check(later()).unwrap_err(), DestinationError::TooOpen { .. }));
    chmod(shared.program.path(), 0o755);
    chmod(&shared.scratch.path().join("lib"), 0o777);
    assert!(matches!(shared.program.check(later()).unwrap_err(), DestinationError::OpenParent { .. }));
    chmod(&shared.scratch.path().join("lib"), 0o700);
    shared.program.check(later()).unwrap();
    fs::remove_file(shared.program.path()).unwrap();
    assert!(matches!(shared.program.check(later()).unwrap_err(), DestinationError::Missing { .. }));
    std::os::unix::fs::symlink("/usr/bin/true", shared.program.path()).unwrap();
    shared.program.check(later()).unwrap_err();
}

#[test]
fn a_spare_that_was_written_to_is_not_handed_out() {
    let shared = Shared::new();
    shared.place("a").unwrap();
    shared.program.restock();
    assert_eq!(shared.program.stock().spares.len(), SPARES);
    for spare in &shared.program.stock().spares {
        let at = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&spare.file)));
        chmod(&at, 0o755);
        let file = fs::OpenOptions::new().write(true).open(&at).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"evil", 0).unwrap();
    }
    for lease in ["b", "c", "d"] {
        assert_eq!(fs::read_to_string(shared.place(lease).unwrap()).unwrap(), TEXT);
    }
}

#[test]
fn a_time_of_change_is_believed_only_when_it_is_old() {
    let shared = Shared::new();
    #[expect(clippy::disallowed_methods, reason = "compared with times of change that the kernel sets")]
    shared.program.check(SystemTime::now()).unwrap();
    assert_eq!(*shared.program.compared.lock().unwrap(), None);
    shared.program.check(later()).unwrap();
    assert!(shared.program.compared.lock().unwrap().is_some());
}

#[test]
fn on_another_file_system_and_without_unnamed_files_a_copy_is_made_all_the_same() {
    let shared = Shared::new();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return super::super::tests::skipped("needs /dev/shm") };
    chmod(elsewhere.path(), 0o700);
    shared.place("a").unwrap();
    shared.program.restock();
    let there = open(&elsewhere.path().join("lease")).unwrap();
    for _ in 0..3 {
        let placed = shared.program.place(&there, "machine-id", later()).unwrap();
        assert_eq!(fs::read_to_string(&placed).unwrap(), TEXT);
        shared.program.restock();
    }
    let named = open(&shared.scratch.path().join("named")).unwrap();
    let file = shared.program.open_shared(later()).unwrap();
    let target = named.path().join("machine-id");
    shared.program.copy_named(&file, &named, "machine-id", &target).unwrap();
    assert_eq!((fs::read_to_string(&target).unwrap().as_str(), mode(&target)), (TEXT, 0o555));
    assert_eq!(names(named.path()), ["machine-id"]);
}
