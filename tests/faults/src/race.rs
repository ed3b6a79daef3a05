//! Somebody swaps the directory with a link to another one while we write.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use machine_id::config::DirectoryConfig;
use machine_id::destination::{Destination, Durability};

use crate::Failure;
use crate::table::Row;
use crate::world::World;

/// Writes `rounds` times.
///
/// # Errors
/// When the suite itself fails.
pub fn symlink_swap(base: &std::path::Path, rounds: usize) -> Result<(usize, usize, Vec<String>), Failure> {
    let (outside, path, spare) = (base.join("outside"), base.join("d"), base.join("spare"));
    fs::create_dir_all(&outside)?;
    fs::write(outside.join("key"), "precious")?;
    let config = DirectoryConfig::private(path.clone());
    Destination::create_or_open(&config)?;
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
                // Sometimes a write gets through.
                std::thread::sleep(Duration::from_micros(fastrand::u64(0..2000)));
            }
        });
        for _ in 0..rounds {
            let opened = Destination::create_or_open(&config).map(|it| it.with_durability(Durability::Volatile));
            match opened.and_then(|it| it.commit(&[("key", b"ours"), ("key-cert.pub", b"ours")])) {
                Ok(()) => written += 1,
                Err(_) => refused += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut violations = Vec::new();
    let left: Vec<_> = fs::read_dir(&outside)?.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    if left != ["key"] || fs::read(outside.join("key"))? != b"precious" {
        violations.push(format!("a write was led outside: {left:?}"));
    }
    Ok((written, refused, violations))
}

/// The race as a row of the table.
///
/// # Errors
/// When the suite itself fails.
pub fn symlink_row(world: &World, rounds: usize) -> Result<Row, Failure> {
    let base = world.directory.path().join("race");
    fs::create_dir(&base)?;
    fs::set_permissions(&base, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let (written, refused, violations) = symlink_swap(&base, rounds)?;
    let mut row = Row::new("the directory is swapped with a link between two steps");
    row.count = rounds;
    row.note = format!("{written} written, {refused} refused");
    row.violations = violations;
    Ok(row)
}
