//! Signals, crowds and limits.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Failure;
use crate::invariants::{check, complete};
use crate::run::{finish, wait};
use crate::table::Row;
use crate::world::{Bot, World};

const LIMIT: Duration = Duration::from_secs(60);
/// A signal ends a daemon within this, whatever it is doing.
const PROMPT: Duration = Duration::from_secs(10);

/// All of them.
///
/// # Errors
/// When the suite itself fails.
pub fn suite(world: &World, quick: bool) -> Result<Vec<Row>, Failure> {
    Ok(vec![
        terminated(world, if quick { 20 } else { 200 })?,
        hangups(world, if quick { 50 } else { 500 })?,
        crowd(world, true, if quick { 50 } else { 200 })?,
        crowd(world, false, if quick { 50 } else { 200 })?,
        descriptors(world)?,
        threads(world)?,
    ])
}

/// SIGTERM after a random time.
fn terminated(world: &World, times: usize) -> Result<Row, Failure> {
    let mut row = Row::new("SIGTERM at any time");
    let mut tokens = 0_usize;
    let mut bot = world.bot()?;
    for _ in 0..times {
        let scratch = bot.scratch("terminated");
        let mut child = quietly(&mut bot.daemon(), &scratch)?;
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..250)));
        let mut violations = end(&mut child, Signal::SIGTERM, &scratch)?;
        violations.extend(check(world, &bot, false));
        let next = finish(&mut bot.oneshot(), &bot.scratch("next"), LIMIT)?;
        violations.extend(next.misbehaved());
        if next.needs_token() {
            tokens += 1;
            // SIGTERM is answered, so a join that was sent is finished first.
            violations.push(format!("SIGTERM cost a token: {}", next.last_line()));
            world.bring_fresh_token(&bot)?;
        } else if !next.is_success() {
            violations.push(format!("the next start fails: {}", next.last_line()));
        }
        violations.extend(check(world, &bot, false));
        row.case(violations);
        if row.count.is_multiple_of(3) {
            bot = world.bot()?;
        }
    }
    row.note = format!("{tokens} needed a fresh token");
    Ok(row)
}

/// SIGHUP over and over: each reads the configuration again.
fn hangups(world: &World, times: usize) -> Result<Row, Failure> {
    let mut row = Row::new("a storm of SIGHUP");
    let bot = world.bot()?;
    let scratch = bot.scratch("hangups");
    let mut child = quietly(&mut bot.daemon(), &scratch)?;
    let started = Instant::now();
    while complete(&bot.destination).is_err() && started.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..times {
        let mut violations = Vec::new();
        if child.try_wait()?.is_some() {
            violations.push(format!("it ended: {}", fs::read_to_string(&scratch).unwrap_or_default()));
            row.case(violations);
            return Ok(row);
        }
        send(&child, Signal::SIGHUP);
        std::thread::sleep(Duration::from_millis(fastrand::u64(0..20)));
        violations.extend(check(world, &bot, true));
        row.case(violations);
    }
    // The last one is still being answered; a second is more than the files are ever incomplete for.
    let started = Instant::now();
    while complete(&bot.destination).is_err() && started.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let violations = end(&mut child, Signal::SIGTERM, &scratch)?;
    row.violations.extend(violations);
    row.violations.extend(complete(&bot.destination).err());
    row.violations.extend(check(world, &bot, true));
    Ok(row)
}

/// Many at once, with an identity at hand or all of them new.
fn crowd(world: &World, joined: bool, size: usize) -> Result<Row, Failure> {
    let what = if joined { "with an identity" } else { "with only a token" };
    let mut row = Row::new(format!("{size} times `run` at once, {what}"));
    let bot = world.bot()?;
    bot.write_config(&world.double.proxy_address(), "50m")?;
    if joined {
        finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
    }
    let before = world.double.counters();
    let started = Instant::now();
    let mut children = Vec::new();
    for number in 0..size {
        let scratch = bot.scratch(&format!("crowd{number}"));
        children.push((quietly(&mut bot.run(), &scratch)?, scratch));
    }
    for (mut child, scratch) in children {
        let status = wait(&mut child, Duration::from_secs(180))?;
        let said = fs::read_to_string(&scratch).unwrap_or_default();
        let well = status.is_some_and(|status| status.success());
        row.case((!well).then(|| format!("one failed: {}", said.lines().last().unwrap_or("it hung"))));
    }
    let after = world.double.counters();
    row.note = format!(
        "{} joins, {} renewals, {:.1} s",
        after.joined - before.joined,
        after.renewed - before.renewed,
        started.elapsed().as_secs_f64()
    );
    if after.joined - before.joined != u64::from(!joined) {
        row.violations.push(format!("{} joins", after.joined - before.joined));
    }
    let left: Vec<_> = fs::read_dir(&bot.leases)?.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    row.violations.extend((!left.is_empty()).then(|| format!("left in the lease directory: {left:?}")));
    row.violations.extend(check(world, &bot, false));
    Ok(row)
}

/// A limit of open files, from hardly anything to enough.
fn descriptors(world: &World) -> Result<Row, Failure> {
    let mut row = Row::new("no file descriptors left");
    let mut worked = 0_usize;
    let bot = world.bot()?;
    bot.write_config(&world.double.proxy_address(), "50m")?;
    finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
    for limit in 3..48_u64 {
        let limited = limited(&bot.oneshot(), &format!("--nofile={limit}"));
        row.case(limited_case(world, &bot, limited, &mut worked)?);
    }
    row.note = format!("{worked} worked all the same");
    Ok(row)
}

/// A limit of threads; only for a user who isn't root.
fn threads(world: &World) -> Result<Row, Failure> {
    let mut row = Row::new("no threads left");
    let mut worked = 0_usize;
    let bot = world.bot()?;
    bot.write_config(&world.double.proxy_address(), "50m")?;
    finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
    for stack in [1_u64 << 40, 1 << 44, 1 << 46] {
        // A stack that doesn't fit into the address space refuses each thread, root's too.
        let mut command = limited(&bot.oneshot(), "--core=0");
        command.env("RUST_MIN_STACK", stack.to_string());
        row.case(limited_case(world, &bot, command, &mut worked)?);
    }
    for memory in [64_u64, 128, 256, 512] {
        let command = limited(&bot.oneshot(), &format!("--as={}", memory << 20));
        row.case(limited_case(world, &bot, command, &mut worked)?);
    }
    row.note = format!("{worked} worked all the same");
    Ok(row)
}

fn limited(command: &Command, limit: &str) -> Command {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(limit).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            prlimit.env(name, value);
        }
    }
    prlimit
}

fn limited_case(world: &World, bot: &Bot, mut command: Command, worked: &mut usize) -> Result<Vec<String>, Failure> {
    let ended = finish(&mut command, &bot.scratch("limited"), LIMIT)?;
    let mut violations: Vec<String> = ended.misbehaved().into_iter().collect();
    if ended.is_success() {
        *worked += 1;
    } else if ended.errors.is_empty() && ended.status.and_then(|status| status.code()) == Some(1) {
        violations.push("it failed without a word".to_owned());
    }
    violations.extend(check(world, bot, true));
    let next = finish(&mut bot.oneshot(), &bot.scratch("next"), LIMIT)?;
    if !next.is_success() {
        violations.push(format!("the next start fails: {}", next.last_line()));
    }
    violations.extend(check(world, bot, true));
    Ok(violations)
}

/// Starts a command whose standard error goes to a file.
pub(crate) fn quietly(command: &mut Command, scratch: &Path) -> Result<Child, Failure> {
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(scratch)?).spawn()?)
}

fn send(child: &Child, signal: Signal) {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Sends a signal that ends a process, and says whether it went as promised.
pub(crate) fn end(child: &mut Child, signal: Signal, scratch: &Path) -> Result<Vec<String>, Failure> {
    send(child, signal);
    let started = Instant::now();
    let mut violations = Vec::new();
    if wait(child, LIMIT)?.is_none() {
        violations.push(format!("{signal} doesn't end it"));
    } else if started.elapsed() > PROMPT {
        violations.push(format!("{signal} ended it after {:?}", started.elapsed()));
    }
    if fs::read_to_string(scratch).unwrap_or_default().contains("panicked at") {
        violations.push("it panicked".to_owned());
    }
    Ok(violations)
}
