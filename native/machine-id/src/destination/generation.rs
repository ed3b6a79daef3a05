//! Which generations are kept.

use std::ffi::OsString;
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

/// The generations that are there, oldest first.
pub(super) fn all(names: &[OsString]) -> Vec<(u64, String)> {
    let numbered = |name: &OsString| {
        let name = name.to_str()?;
        Some((generation_number(name)?, name.to_owned()))
    };
    let mut all: Vec<_> = names.iter().filter_map(numbered).collect();
    all.sort_unstable();
    all
}

/// Deletes those of `earlier` (oldest first) that no reader can still be about to open.
pub(super) fn sweep(top: &File, path: &Path, current: &str, earlier: &[(u64, String)]) -> Result<(), DestinationError> {
    let candidates = earlier.len().saturating_sub(ALWAYS);
    if candidates == 0 {
        return Ok(());
    }
    let now = changed(top, current);
    for (position, (_, name)) in earlier.iter().take(candidates).enumerate() {
        // Both times are the file system's own, so no clock of ours is asked.
        let young = match (now, changed(top, name)) {
            (Some(now), Some(then)) => now.abs_diff(then) < GRACE.as_secs(),
            _ => false,
        };
        if young && earlier.len() - position <= AT_MOST {
            // What follows is younger still.
            return Ok(());
        }
        remove::tree(top, name, &path.join(name))?;
    }
    Ok(())
}

fn changed(top: &File, name: &str) -> Option<i64> {
    fstatat(top, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok().map(|stat| stat.st_mtime)
}
