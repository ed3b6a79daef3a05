//! A build that exchanges directories with links while its lease's directory is removed.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::agent::{chmod, discarded, lease};

const FILES: u32 = 50;
const FOLDERS: u32 = 30;

#[test]
#[expect(clippy::disallowed_methods, reason = "a race is tried until a deadline")]
fn a11_a_link_exchanged_during_the_removal_is_not_followed() {
    let scratch = tempfile::tempdir().unwrap();
    let (root, path, outside) =
        (scratch.path().join("root"), scratch.path().join("lease"), scratch.path().join("outside"));
    for directory in [&root, &outside] {
        fs::create_dir(directory).unwrap();
        chmod(directory, 0o700);
    }
    (0..FILES).for_each(|number| e2e::machine::put(&outside.join(number.to_string()), "precious"));
    let request = json!({"root": root, "lease": lease(1), "directory": path});
    let (start, mut exchanged) = (Instant::now(), 0);
    // Until the race was met often, or it is as good as sure that it can't be met here.
    while exchanged < 200 && start.elapsed() < Duration::from_secs(20) {
        // What a removal that failed has left has links in it: not to be filled through them.
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        chmod(&path, 0o700);
        e2e::machine::put(&path.join(".lease"), &lease(1));
        for number in 0..FOLDERS {
            fs::create_dir_all(path.join(format!("{number}/a/b"))).unwrap();
            e2e::machine::put(&path.join(format!("{number}/file")), "the build's");
        }
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let attacker = scope.spawn(|| {
                let mut met = 0;
                while !over.load(Ordering::Relaxed) {
                    for number in (0..FOLDERS).rev() {
                        let folder = path.join(number.to_string());
                        if fs::rename(&folder, path.join(format!("moved-{number}"))).is_ok() {
                            met += u32::from(symlink(&outside, &folder).is_ok());
                        }
                    }
                }
                met
            });
            // It may fail, since names come and go; then it is tried again.
            let _ = discarded(&request);
            over.store(true, Ordering::Relaxed);
            exchanged += attacker.join().unwrap();
        });
        assert_eq!(fs::read_dir(&outside).unwrap().count(), usize::try_from(FILES).unwrap());
    }
    assert!(exchanged > 0, "nothing was exchanged in time: not a test");
    let reply = discarded(&request).unwrap();
    assert_ne!(serde_json::to_value(reply).unwrap()["directory"], "not_ours");
    assert!(!path.exists());
}
