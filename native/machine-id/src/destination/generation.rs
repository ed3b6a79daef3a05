//! Which generations are kept.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;

use super::names::generation_number;
use super::{DestinationError, remove};

/// How long a reader may take between reading `ssh_config` and opening the files it names. sshd itself gives up on a
/// client after two minutes.
const GRACE: Duration = Duration::from_secs(300);
/// The newest that are kept however old, beside the current one: clocks jump.
const ALWAYS: usize = 1;
/// The most that are kept however young: only a runaway writer gets there.
const AT_MOST: usize = 4096;

/// The highest number in use; zero where there is none.
pub(super) fn highest(top: &File, path: &Path) -> Result<u64, DestinationError> {
    let names = remove::entries(top, path)?;
    Ok(names.iter().filter_map(|name| generation_number(name.to_str()?)).max().unwrap_or(0))
}

/// Deletes generations that no reader can still be about to open. `current` is never deleted.
pub(super) fn sweep(top: &File, path: &Path, current: &str) -> Result<(), DestinationError> {
    let now = changed(top, current);
    let mut older: Vec<(u64, String)> = Vec::new();
    for name in remove::entries(top, path)? {
        if let Some(name) = name.to_str()
            && let Some(number) = generation_number(name)
            && name != current
        {
            older.push((number, name.to_owned()));
        }
    }
    older.sort_unstable_by(|a, b| b.cmp(a));
    for (position, (_, name)) in older.iter().enumerate() {
        // Both times are the file system's own, so no clock of ours is asked.
        let young = match (now, changed(top, name)) {
            (Some(now), Some(then)) => now.abs_diff(then) < GRACE.as_secs(),
            _ => false,
        };
        if position < ALWAYS || (young && position < AT_MOST) {
            continue;
        }
        remove::tree(top, name, &path.join(name))?;
    }
    Ok(())
}

fn changed(top: &File, name: &str) -> Option<i64> {
    fstatat(top, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok().map(|stat| stat.st_mtime)
}
