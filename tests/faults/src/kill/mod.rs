//! SIGKILL at every call that changes the file system and at every step on the network.

mod scenario;
mod stream;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::invariants::{Stored, check, complete, stored};
use crate::run::{Finished, finish, finish_unless};
use crate::strace::{self, Hit, Injection};
use crate::table::Row;
use crate::world::{Bot, Method, World};

pub use scenario::Scenario;
pub(crate) use scenario::wait_until_due;
pub use stream::{STREAMS, Stream};

const LIMIT: Duration = Duration::from_secs(60);

/// What a fault may do to a run, besides ending it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// For `strace -e inject`.
    pub what: &'a str,
    /// Calls to strike.
    pub calls: &'a [&'a str],
}

/// Strikes `scenario` with `fault` until `points` points were struck, all places first, then over and over, in
/// `workers` threads. A try that struck nothing, or something that is no file, is no case: another one is made for it.
///
/// # Errors
/// When the suite itself fails.
pub fn strike(
    world: &World,
    scenario: Scenario,
    fault: Fault<'_>,
    points: usize,
    deadline: Instant,
    workers: usize,
) -> Result<Row, Failure> {
    // A renewal waits until it is due, so more of them run at once.
    let workers = if scenario.waits() { workers * 6 } else { workers };
    let draws = Mutex::new(Draws::new(places(world, scenario, fault)?, points, deadline));
    let results = Mutex::new(Results::default());
    let work = || -> Result<(), Failure> {
        let mut bot = scenario.prepared(world)?;
        loop {
            let Some((call, number)) = draws.lock().map_err(|error| error.to_string())?.next() else { return Ok(()) };
            let outcome = strike_once(world, scenario, &bot, fault.what, &call, number)?;
            if !outcome.is_case() {
                draws.lock().map_err(|error| error.to_string())?.open += 1;
            }
            let bad = !outcome.violations.is_empty();
            results.lock().map_err(|error| error.to_string())?.add(call, outcome);
            if bad || scenario.is_first() {
                std::fs::remove_dir_all(&bot.directory)?;
                bot = scenario.prepared(world)?;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a worker panicked")?)
    })?;
    let what = fault.what.trim_start_matches("error=").replace("signal=", "SIG");
    let name = format!("{what} during {}", scenario.name());
    let help = if Scenario::BOUND.contains(&scenario) { "an administrator or expired first" } else { "a fresh token" };
    Ok(results.into_inner().map_err(|error| error.to_string())?.row(name, help))
}

/// Where to strike next.
struct Draws {
    places: Vec<(String, usize)>,
    queue: Vec<(String, usize)>,
    /// Cases that are still to be made, but for those under way.
    open: usize,
    /// Tries that are left.
    tries: usize,
    deadline: Instant,
}

impl Draws {
    /// Of one case in so many tries at least something is struck.
    const TRIES: usize = 4;

    fn new(places: Vec<(String, usize)>, points: usize, deadline: Instant) -> Self {
        Self { places, queue: Vec::new(), open: points, tries: points * Self::TRIES, deadline }
    }

    fn next(&mut self) -> Option<(String, usize)> {
        if self.open == 0 || self.tries == 0 || Instant::now() >= self.deadline {
            return None;
        }
        if self.queue.is_empty() {
            self.queue = self.places.clone();
            fastrand::shuffle(&mut self.queue);
        }
        let place = self.queue.pop()?;
        self.open -= 1;
        self.tries -= 1;
        Some(place)
    }
}

/// What came of all strikes.
#[derive(Default)]
struct Results {
    row: Row,
    places: BTreeSet<(String, usize)>,
    tokens: usize,
    missed: usize,
    others: usize,
}

impl Results {
    fn add(&mut self, call: String, outcome: Strike) {
        self.tokens += usize::from(outcome.token_needed);
        match outcome.hit {
            Hit::Nothing => self.missed += 1,
            Hit::Other => self.others += 1,
            Hit::Wanted(_) => drop(self.places.insert((call, outcome.reached))),
        }
        if outcome.is_case() {
            self.row.case(outcome.violations);
        }
    }

    fn row(mut self, name: String, help: &str) -> Row {
        let mut not_counted = String::new();
        if self.missed > 0 {
            not_counted += &format!(", {} tries struck nothing", self.missed);
        }
        if self.others > 0 {
            not_counted += &format!(", {} tries struck no file", self.others);
        }
        if self.row.count == 0 {
            let why = not_counted.strip_prefix(", ").unwrap_or("no time was left for it");
            return Row::skipped(name, why);
        }
        self.row.name = name;
        self.row.note = format!("{} different places, {} needed {help}{not_counted}", self.places.len(), self.tokens);
        self.row
    }
}

/// One strike, and what came of it.
struct Strike {
    violations: Vec<String>,
    hit: Hit,
    reached: usize,
    token_needed: bool,
}

impl Strike {
    /// A broken promise counts whatever was struck.
    fn is_case(&self) -> bool {
        matches!(self.hit, Hit::Wanted(_)) || !self.violations.is_empty()
    }
}

fn strike_once(
    world: &World,
    scenario: Scenario,
    bot: &Bot,
    what: &str,
    call: &str,
    number: usize,
) -> Result<Strike, Failure> {
    let had_files = bot.destination.join("ssh_config").exists();
    scenario.begin(world, bot)?;
    let (log, errors) = (bot.scratch("strace"), bot.scratch("struck"));
    let mut command = scenario.command(bot);
    let directories = bot.directories();
    command = strace::traced(&command, &log, Some(Injection { what, call, number, directories: &directories }));
    // A runtime that can't wake its threads may wait for ever; no disk does that to it.
    let hopeless = || strace::hit(&log, &bot.directory, &errors) == Hit::Other;
    let ended = finish_unless(&mut command, &errors, LIMIT, hopeless)?;
    let hit = if strace::is_error(what) {
        strace::hit(&log, &bot.directory, &errors)
    } else if ended.was_killed() {
        Hit::Wanted(String::new())
    } else {
        Hit::Nothing
    };
    let struck = if let Hit::Wanted(call) = &hit { call.clone() } else { String::new() };
    let explain = |violation: String| format!("{what} at {call} {number} of {} {struck}: {violation}", scenario.name());
    // An error at something else than a file is no fault of a disk.
    let misbehaved = ended.misbehaved().filter(|_| hit != Hit::Other);
    let mut violations: Vec<String> = misbehaved.into_iter().map(explain).collect();
    violations.extend(check(world, bot, had_files).into_iter().map(explain));
    let reached = strace::reached(&log);

    // The next start recovers, or says that a fresh token is needed.
    let next = finish(&mut bot.oneshot(), &bot.scratch("next"), LIMIT)?;
    violations.extend(next.misbehaved().into_iter().map(explain));
    violations.extend(check(world, bot, had_files).into_iter().map(explain));
    let mut token_needed = false;
    if next.is_success() {
        violations.extend(complete(&bot.destination).err().map(explain));
    } else if next.needs_help(bot.method) {
        token_needed = true;
    } else {
        violations.push(explain(format!("the next start neither works nor asks for a token: {}", next.last_line())));
    }
    if token_needed || stored(bot) == Stored::NeedsRejoin {
        help(world, bot, token_needed)?;
        token_needed = true;
        let rejoined = finish(&mut bot.oneshot(), &bot.scratch("rejoined"), LIMIT)?;
        violations.extend(rejoined_well(&rejoined, bot).err().map(explain));
        violations.extend(check(world, bot, had_files).into_iter().map(explain));
        world.recover_without_state(bot, false);
    }
    if scenario == Scenario::Release {
        violations.extend(swept(bot)?.into_iter().map(explain));
    }
    Ok(Strike { violations, hit, reached, token_needed })
}

/// What brings it back: a fresh token. A bound key comes back by itself when its certificate has expired, unless it
/// asks for an administrator.
fn help(world: &World, bot: &Bot, asks: bool) -> Result<(), Failure> {
    if bot.method != Method::BoundKeypair {
        return world.bring_fresh_token(bot);
    }
    world.recover_without_state(bot, asks);
    bot.forget_identity()
}

fn rejoined_well(ended: &Finished, bot: &Bot) -> Result<(), String> {
    if !ended.is_success() {
        return Err(format!("what helps doesn't bring it back: {}", ended.last_line()));
    }
    if !matches!(stored(bot), Stored::Ready(_)) {
        return Err(format!("after that the store says {:?}", stored(bot)));
    }
    complete(&bot.destination)
}

/// What a killed `run` left is removed by the next one.
fn swept(bot: &Bot) -> Result<Option<String>, Failure> {
    let next = finish(&mut bot.run(), &bot.scratch("swept"), LIMIT)?;
    if !next.is_success() {
        return Ok(Some(format!("the next run fails: {}", next.last_line())));
    }
    let left: Vec<_> = std::fs::read_dir(&bot.leases)?.filter_map(Result::ok).map(|entry| entry.file_name()).collect();
    Ok((!left.is_empty()).then(|| format!("left in the lease directory: {left:?}")))
}

/// Every place to strike, as a run without a fault shows them.
fn places(world: &World, scenario: Scenario, fault: Fault<'_>) -> Result<Vec<(String, usize)>, Failure> {
    let bot = scenario.prepared(world)?;
    scenario.begin(world, &bot)?;
    let (log, errors) = (bot.scratch("strace"), bot.scratch("struck"));
    let command = scenario.command(&bot);
    let ended = finish(&mut strace::traced(&command, &log, None), &errors, LIMIT)?;
    if !ended.is_success() {
        return Err(format!("the traced run fails: {}", ended.errors).into());
    }
    let files = strace::is_error(fault.what).then_some((bot.directory.as_path(), errors.as_path()));
    let all = strace::places(&log, files).into_iter();
    Ok(all.filter(|(call, _)| fault.calls.contains(&call.as_str())).collect())
}
