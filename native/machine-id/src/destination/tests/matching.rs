//! The promise of `docs/adr/0001-matching-pair.md`, tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::super::{Destination, Durability, PairPaths};
use super::{names, open, put, scratch};

/// Key, its public half and its certificate are all this: one fits the other if they are alike.
fn mark(number: u64) -> String {
    format!("{number:08}\n").repeat(200)
}

fn write(destination: &Destination, number: u64) -> PairPaths {
    let mut stage = destination.begin().unwrap();
    let (paths, mark) = (stage.pair(), mark(number));
    let mark = mark.as_bytes();
    stage.commit(&[("key", mark), ("ssh_config", b"text"), ("key.pub", mark), ("key-cert.pub", mark)]).unwrap();
    paths
}

/// How `ssh` got in.
#[derive(Debug, PartialEq)]
enum Login {
    /// With the first certificate, so without a word.
    AtOnce(String),
    WithTheOneBefore,
    Refused,
}

/// As OpenSSH does it with names that it has read long ago: the public halves, the certificates, and later, when it
/// signs, the private half of the first key that fits the certificate.
fn log_in(paths: &PairPaths, pause: impl Fn()) -> Login {
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let publics: Vec<String> = paths.keys.iter().map(|key| read(&key.with_extension("pub"))).collect();
    pause();
    let certificates: Vec<String> = paths.certificates.iter().map(read).collect();
    pause();
    for (position, certificate) in certificates.iter().enumerate() {
        assert_eq!(certificate.len(), mark(0).len(), "a torn file");
        let Some(fits) = publics.iter().position(|public| public == certificate) else { continue };
        if read(&paths.keys[fits]) == *certificate {
            return if position == 0 { Login::AtOnce(certificate.clone()) } else { Login::WithTheOneBefore };
        }
    }
    Login::Refused
}

#[test]
fn whoever_holds_an_old_copy_of_the_names_gets_in_at_every_instant_of_thousands_of_commits() {
    const COMMITS: u64 = 2000;
    const READERS: usize = 3;
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap().with_durability(Durability::Volatile);
    let paths = write(&destination, 0);
    let done = AtomicBool::new(false);
    let (logins, changes): ([AtomicU64; READERS], AtomicU64) = Default::default();
    std::thread::scope(|scope| {
        for count in &logins {
            scope.spawn(|| {
                let mut last = None;
                while !done.load(Ordering::Relaxed) {
                    let login = log_in(&paths, std::thread::yield_now);
                    assert_ne!(login, Login::Refused);
                    count.fetch_add(1, Ordering::Relaxed);
                    if last.replace(login).as_ref() != last.as_ref() {
                        changes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Lets the readers go even when a commit panics.
        let finish = Finish(&done);
        for number in 1..=COMMITS {
            write(&destination, number);
            // No login lasts from before one refresh until after the next.
            let seen = logins.each_ref().map(|count| count.load(Ordering::Relaxed));
            while logins.iter().zip(seen).any(|(count, seen)| count.load(Ordering::Relaxed) == seen) {
                std::thread::yield_now();
            }
        }
        drop(finish);
    });
    let logins: u64 = logins.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    assert!(logins >= COMMITS * 3, "only {logins} logins: not a test");
}

struct Finish<'a>(&'a AtomicBool);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_refresh_while_ssh_logs_in_takes_neither_its_key_nor_the_way_in_from_it() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    let paths = write(&destination, 0);
    for number in 1..6 {
        // Between the public halves and the certificates: the new certificate's key wasn't seen, the one before was.
        let refreshed = AtomicBool::new(false);
        let login = log_in(&paths, || {
            if !refreshed.swap(true, Ordering::Relaxed) {
                write(&destination, number * 2);
            }
        });
        assert_eq!(login, Login::WithTheOneBefore, "{number}");
        // Between the certificates and the signature.
        let pauses = AtomicU64::new(0);
        let login = log_in(&paths, || {
            if pauses.fetch_add(1, Ordering::Relaxed) == 1 {
                write(&destination, number * 2 + 1);
            }
        });
        assert_eq!(login, Login::AtOnce(mark(number * 2)), "{number}");
    }
}

#[test]
fn the_names_are_there_from_the_first_set_on_and_stay_the_same() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    let paths = write(&destination, 0);
    for number in 1..4 {
        assert!(paths.keys.iter().chain(&paths.certificates).all(|path| path.exists()));
        assert_eq!(log_in(&paths, || {}), Login::AtOnce(mark(number - 1)));
        let again = write(&destination, number);
        assert_eq!((&again.keys, &again.certificates), (&paths.keys, &paths.certificates));
    }
    let hidden: Vec<_> = names(scratch.path()).into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden, [".lock", ".previous-cert.pub", ".ssh-a", ".ssh-b", ".written"]);
}

#[test]
fn a_slot_that_was_damaged_or_a_certificate_that_was_replaced_by_hand_is_mended_by_the_next_set() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    let paths = write(&destination, 0);
    fs::remove_dir_all(scratch.path().join(".ssh-a")).unwrap();
    write(&destination, 1);
    assert_eq!(log_in(&paths, || {}), Login::AtOnce(mark(1)));
    put(&scratch.path().join("key-cert.pub"), "another's");
    write(&destination, 2);
    assert_eq!(log_in(&paths, || {}), Login::AtOnce(mark(2)));
}

#[test]
fn a_set_of_which_ssh_reads_no_pair_takes_the_slots_away() {
    let scratch = scratch();
    let destination = open(scratch.path()).unwrap();
    write(&destination, 0);
    destination.commit(&[("key", b"k")]).unwrap();
    assert_eq!(names(scratch.path()), [".lock", ".written", "key"]);
}

/// Commits sets in which every file says the same, until killed.
#[test]
#[ignore = "run by a_writer_killed_at_any_point_leaves_a_matching_set_and_the_next_one_cleans_up"]
fn as_a_writer_without_end() {
    let Some(directory) = std::env::var_os("MACHINE_ID_TEST_DIRECTORY") else { return };
    let destination = open(Path::new(&directory)).unwrap();
    loop {
        write(&destination, fastrand::u64(0..100_000_000));
    }
}

#[test]
fn a_writer_killed_at_any_point_leaves_a_matching_set_and_the_next_one_cleans_up() {
    let scratch = scratch();
    let path = scratch.path();
    let destination = open(path).unwrap();
    let paths = write(&destination, 0);
    let certificate = || fs::read_to_string(path.join("key-cert.pub")).unwrap();
    let mut cleaned = 0;
    for round in 0..40 {
        let before = certificate();
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "destination::tests::matching::as_a_writer_without_end", "--ignored"])
            .env("MACHINE_ID_TEST_DIRECTORY", path)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while certificate() == before {
            assert!(writer.try_wait().unwrap().is_none(), "the writer ended by itself");
            std::thread::yield_now();
        }
        // Another point of the next commit each time.
        (0..round * 200).for_each(|_| std::thread::yield_now());
        writer.kill().unwrap();
        writer.wait().unwrap();

        assert_eq!(log_in(&paths, || {}), Login::AtOnce(certificate()));
        let leftover = |name: &String| name.starts_with(".t-");
        let folders = [path.to_owned(), path.join(".ssh-a"), path.join(".ssh-b")];
        let left = || folders.iter().flat_map(|folder| names(folder)).any(|name| leftover(&name));
        cleaned += usize::from(left());
        write(&destination, round);
        assert_eq!(log_in(&paths, || {}), Login::AtOnce(mark(round)));
        assert!(!left());
    }
    assert!(cleaned > 3, "only {cleaned} writers were killed in the middle: not a test");
}
