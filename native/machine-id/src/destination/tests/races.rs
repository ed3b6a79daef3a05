//! Somebody swaps directories and files while we work.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::Destination;
use super::{fs, names, open, private, put, scratch, symlink};

#[test]
fn swapping_the_directory_with_a_link_never_leads_a_write_outside() {
    let scratch = scratch();
    let (outside, path, spare) =
        (scratch.path().join("outside"), scratch.path().join("d"), scratch.path().join("spare"));
    fs::create_dir(&outside).unwrap();
    put(&outside.join("key"), "precious");
    open(&path).unwrap();
    let done = AtomicBool::new(false);
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = fs::rename(&path, &spare);
                let _ = symlink(&outside, &path);
                std::thread::yield_now();
                let _ = fs::remove_file(&path);
                let _ = fs::remove_dir_all(&path);
                let _ = fs::rename(&spare, &path);
            }
        });
        // Until both ends were met: where this thread runs alone for long, it meets only one of them.
        for round in 0..100_000 {
            if round >= 400 && written > 0 && refused > 0 {
                break;
            }
            match Destination::create_or_open(&private(&path)).and_then(|it| it.commit(&[("key", b"ours")])) {
                Ok(()) => written += 1,
                Err(_) => refused += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(written > 0 && refused > 0, "{written} written, {refused} refused: not a test");
    assert_eq!(names(&outside), ["key"]);
    assert_eq!(fs::read(outside.join("key")).unwrap(), b"precious");
}

#[test]
fn swapping_folders_with_links_never_leads_a_removal_outside() {
    let scratch = scratch();
    let outside = scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    for number in 0..50 {
        put(&outside.join(number.to_string()), "precious");
    }
    for _ in 0..60 {
        let path = scratch.path().join("d");
        let destination = open(&path).unwrap();
        for number in 0..20 {
            fs::create_dir_all(path.join(format!("{number}/a"))).unwrap();
        }
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..20 {
                    let folder = path.join(number.to_string());
                    let _ = fs::rename(&folder, path.join(format!("moved-{number}")));
                    let _ = symlink(&outside, &folder);
                }
            });
            let _ = destination.remove();
        });
        let _ = fs::remove_dir_all(&path);
    }
    assert_eq!(names(&outside).len(), 50);
}

#[test]
fn writers_of_several_threads_take_turns() {
    let scratch = scratch();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = scratch.path();
            scope.spawn(move || {
                let destination = open(path).unwrap().with_durability(super::super::Durability::Volatile);
                for round in 0..25 {
                    let text = format!("{writer}-{round}");
                    destination.commit(&[("key", text.as_bytes()), ("key-cert.pub", text.as_bytes())]).unwrap();
                }
            });
        }
    });
    assert_eq!(fs::read(scratch.path().join("key")).unwrap(), fs::read(scratch.path().join("key-cert.pub")).unwrap());
    assert_eq!(names(scratch.path()), [".lock", ".written", "key", "key-cert.pub"]);
}
