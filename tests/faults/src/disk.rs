//! Disks that are full, read-only, forbidden or broken.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::Failure;
use crate::invariants::{check, complete};
use crate::kill::{Fault, Scenario, strike, wait_until_due};
use crate::run::finish;
use crate::strace;
use crate::table::Row;
use crate::world::{Bot, World};

const LIMIT: Duration = Duration::from_secs(60);
/// Calls that a full or broken disk can fail.
const CALLS: &[&str] = &[
    "openat",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlinkat",
    "write",
    "fsync",
    "fchmod",
    "fsetxattr",
    "flock",
];

/// The system's errors at each call that changes the file system.
///
/// # Errors
/// When the suite itself fails.
pub fn injected(world: &World, quick: bool, end: Instant, workers: usize) -> Result<Vec<Row>, Failure> {
    let faults: &[&str] = if quick {
        &["error=ENOSPC", "error=EIO"]
    } else {
        &["error=ENOSPC", "error=EIO", "error=EROFS", "error=EACCES", "error=EDQUOT"]
    };
    let points = if quick { 25 } else { 150 };
    struck(world, faults, &[Scenario::Join, Scenario::Renew, Scenario::Issue], points, end, workers)
}

/// The same with a bound key, whose files lie beside the identity's.
///
/// # Errors
/// When the suite itself fails.
pub fn injected_at_bound_keys(world: &World, end: Instant, workers: usize) -> Result<Vec<Row>, Failure> {
    struck(world, &["error=ENOSPC", "error=EIO"], &Scenario::BOUND, 100, end, workers)
}

fn struck(
    world: &World,
    faults: &[&str],
    scenarios: &[Scenario],
    points: usize,
    end: Instant,
    workers: usize,
) -> Result<Vec<Row>, Failure> {
    if let Err(why) = strace::available() {
        return Ok(vec![Row::skipped("errors of the disk at system calls", why)]);
    }
    let mut rows = Vec::new();
    let mut left = u32::try_from(faults.len() * scenarios.len()).unwrap_or(1);
    for what in faults {
        for &scenario in scenarios {
            let deadline = Instant::now() + end.saturating_duration_since(Instant::now()) / left.max(1);
            left -= 1;
            rows.push(strike(world, scenario, Fault { what, calls: CALLS }, points, deadline, workers)?);
        }
    }
    Ok(rows)
}

/// Real file systems: a small tmpfs, one that is read-only, a directory of another user.
///
/// # Errors
/// When the suite itself fails.
pub fn real(world: &World) -> Result<Vec<Row>, Failure> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(vec![Row::skipped("small, read-only and foreign file systems", "needs root")]);
    }
    let mut rows = match full(world) {
        Ok(row) => vec![row],
        Err(error) => vec![Row::skipped("a tmpfs without space", error)],
    };
    rows.push(read_only(world).unwrap_or_else(|error| Row::skipped("a read-only remount", error)));
    rows.push(foreign(world)?);
    Ok(rows)
}

/// A mounted tmpfs.
struct Tmpfs(PathBuf);

impl Tmpfs {
    fn mount(path: PathBuf, size: &str) -> Result<Self, Failure> {
        fs::create_dir_all(&path)?;
        mount(Some("none"), &path, Some("tmpfs"), MsFlags::empty(), Some(format!("size={size},mode=0700").as_str()))?;
        Ok(Self(path))
    }

    fn remount(&self, flags: MsFlags, options: &str) -> Result<(), Failure> {
        Ok(mount(Some("none"), &self.0, Some("tmpfs"), MsFlags::MS_REMOUNT | flags, Some(options))?)
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

fn full(world: &World) -> Result<Row, Failure> {
    let mut row = Row::new("a tmpfs without space");
    for pages in 1..=24_u32 {
        let bot = inside(world)?;
        let tmpfs = Tmpfs::mount(bot.directory.join("fs"), &format!("{}k", pages * 4))?;
        let place = format!("{} kB", pages * 4);
        let first = finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
        let mut violations: Vec<String> = first.misbehaved().into_iter().collect();
        violations.extend(check(world, &bot, false));
        if !first.is_success() && first.needs_token() {
            violations.push(format!("a token was spent on an identity that can't be stored: {}", first.last_line()));
        }
        tmpfs.remount(MsFlags::empty(), "size=4m")?;
        violations.extend(recovers(world, &bot)?);
        row.case(violations.into_iter().map(|violation| format!("{place}: {violation}")));
    }
    Ok(row)
}

fn read_only(world: &World) -> Result<Row, Failure> {
    let mut row = Row::new("a read-only remount");
    for renewal in [false, true] {
        let bot = inside(world)?;
        bot.write_config(&world.double.proxy_address(), if renewal { "1s" } else { "50m" })?;
        relocate(&bot)?;
        let tmpfs = Tmpfs::mount(bot.directory.join("fs"), "4m")?;
        let mut violations = recovers(world, &bot)?;
        if renewal {
            wait_until_due(&bot);
        }
        tmpfs.remount(MsFlags::MS_RDONLY, "")?;
        let ended = finish(&mut bot.oneshot(), &bot.scratch("read-only"), LIMIT)?;
        violations.extend(ended.misbehaved());
        violations.extend(check(world, &bot, true));
        if ended.is_success() {
            violations.push("it says that it wrote to a read-only file system".to_owned());
        }
        tmpfs.remount(MsFlags::empty(), "size=4m")?;
        violations.extend(recovers(world, &bot)?);
        row.case(violations);
    }
    Ok(row)
}

/// Another user's directories are refused with a reason.
fn foreign(world: &World) -> Result<Row, Failure> {
    const NOBODY: u32 = 65534;
    let mut row = Row::new("directories of another user");
    for folder in ["storage", "destination"] {
        let bot = world.bot()?;
        fs::set_permissions(world.directory.path(), fs::Permissions::from_mode(0o755))?;
        fs::create_dir(bot.directory.join(folder))?;
        fs::set_permissions(bot.directory.join(folder), fs::Permissions::from_mode(0o700))?;
        for other in ["storage", "destination"].into_iter().filter(|other| *other != folder) {
            fs::create_dir(bot.directory.join(other))?;
            chown(bot.directory.join(other), Some(NOBODY), Some(NOBODY))?;
            fs::set_permissions(bot.directory.join(other), fs::Permissions::from_mode(0o700))?;
        }
        fs::set_permissions(&bot.token, fs::Permissions::from_mode(0o644))?;
        let program = world.directory.path().join("machine-id");
        if !program.exists() {
            fs::copy(&world.program, &program)?;
        }
        let direct = bot.oneshot();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(direct.get_args());
        for (name, value) in direct.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let ended = finish(&mut command, &bot.scratch("foreign"), LIMIT)?;
        let mut violations: Vec<String> = ended.misbehaved().into_iter().collect();
        if ended.is_success() || !ended.errors.contains("[destination_") {
            violations.push(format!("{folder}: {}", ended.last_line()));
        }
        row.case(violations);
    }
    Ok(row)
}

/// A bot whose directories lie in a file system of its own.
fn inside(world: &World) -> Result<Bot, Failure> {
    let mut bot = world.bot()?;
    bot.storage = bot.directory.join("fs/storage");
    bot.destination = bot.directory.join("fs/destination");
    bot.write_config(&world.double.proxy_address(), "50m")?;
    relocate(&bot)?;
    Ok(bot)
}

/// Nobody else may change what is on the way.
fn relocate(bot: &Bot) -> Result<(), Failure> {
    Ok(fs::set_permissions(&bot.directory, fs::Permissions::from_mode(0o700))?)
}

/// The next start works, with a fresh token where one is asked for.
fn recovers(world: &World, bot: &Bot) -> Result<Vec<String>, Failure> {
    let mut ended = finish(&mut bot.oneshot(), &bot.scratch("next"), LIMIT)?;
    if ended.needs_token() {
        world.bring_fresh_token(bot)?;
        ended = finish(&mut bot.oneshot(), &bot.scratch("next"), LIMIT)?;
    }
    let mut violations: Vec<String> = ended.misbehaved().into_iter().collect();
    if !ended.is_success() {
        violations.push(format!("it doesn't recover: {}", ended.last_line()));
    }
    violations.extend(complete(&bot.destination).err());
    violations.extend(check(world, bot, true));
    Ok(violations)
}
