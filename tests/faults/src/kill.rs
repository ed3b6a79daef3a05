//! SIGKILL at every call that changes the file system and at every step on the network.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::invariants::{Stored, check, complete, stored};
use crate::run::{Finished, finish, finish_unless};
use crate::strace::{self, Hit, Injection};
use crate::table::Row;
use crate::world::{Bot, World};

const LIMIT: Duration = Duration::from_secs(60);

/// What is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// First start: join, issue, write.
    Join,
    /// A later start with an identity that is due: renew, issue, write over what is there.
    Renew,
    /// A later start with a fresh identity: issue, write over what is there.
    Issue,
    /// `run -- true`: issue into a directory of its own, and release it.
    Release,
}

impl Scenario {
    /// All.
    pub const ALL: [Self; 4] = [Self::Join, Self::Renew, Self::Issue, Self::Release];

    const fn name(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Renew => "renew",
            Self::Issue => "issue",
            Self::Release => "release",
        }
    }

    fn interval(self) -> &'static str {
        if self == Self::Renew { "1s" } else { "50m" }
    }
}

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
    let workers = if scenario == Scenario::Renew { workers * 6 } else { workers };
    let draws = Mutex::new(Draws::new(places(world, scenario, fault)?, points, deadline));
    let results = Mutex::new(Results::default());
    let work = || -> Result<(), Failure> {
        let mut bot = prepared(world, scenario)?;
        loop {
            let Some((call, number)) = draws.lock().map_err(|error| error.to_string())?.next() else { return Ok(()) };
            let outcome = strike_once(world, scenario, &bot, fault.what, &call, number)?;
            if !outcome.is_case() {
                draws.lock().map_err(|error| error.to_string())?.open += 1;
            }
            let bad = !outcome.violations.is_empty();
            results.lock().map_err(|error| error.to_string())?.add(call, outcome);
            if bad || scenario == Scenario::Join {
                std::fs::remove_dir_all(&bot.directory)?;
                bot = prepared(world, scenario)?;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a worker panicked")?)
    })?;
    let what = fault.what.trim_start_matches("error=").replace("signal=", "SIG");
    let name = format!("{what} during {}", scenario.name());
    Ok(results.into_inner().map_err(|error| error.to_string())?.row(name))
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

    fn row(mut self, name: String) -> Row {
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
        self.row.note =
            format!("{} different places, {} needed a fresh token{not_counted}", self.places.len(), self.tokens);
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
    if scenario == Scenario::Renew {
        wait_until_due(bot);
    }
    let (log, errors) = (bot.scratch("strace"), bot.scratch("struck"));
    let mut command = if scenario == Scenario::Release { bot.run() } else { bot.oneshot() };
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
    } else if next.needs_token() {
        token_needed = true;
    } else {
        violations.push(explain(format!("the next start neither works nor asks for a token: {}", next.last_line())));
    }
    if token_needed || stored(bot) == Stored::NeedsRejoin {
        token_needed = true;
        world.bring_fresh_token(bot)?;
        let rejoined = finish(&mut bot.oneshot(), &bot.scratch("rejoined"), LIMIT)?;
        violations.extend(rejoined_well(&rejoined, bot).err().map(explain));
        violations.extend(check(world, bot, had_files).into_iter().map(explain));
    }
    if scenario == Scenario::Release {
        violations.extend(swept(bot)?.into_iter().map(explain));
    }
    Ok(Strike { violations, hit, reached, token_needed })
}

fn rejoined_well(ended: &Finished, bot: &Bot) -> Result<(), String> {
    if !ended.is_success() {
        return Err(format!("a fresh token doesn't bring it back: {}", ended.last_line()));
    }
    if !matches!(stored(bot), Stored::Ready(_)) {
        return Err(format!("after a fresh token the store says {:?}", stored(bot)));
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

/// A bot as the scenario needs it.
fn prepared(world: &World, scenario: Scenario) -> Result<Bot, Failure> {
    let bot = world.bot()?;
    bot.write_config(&world.double.proxy_address(), scenario.interval())?;
    if scenario != Scenario::Join {
        let first = finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
        if !first.is_success() {
            return Err(format!("the first start fails: {}", first.errors).into());
        }
    }
    Ok(bot)
}

/// The identity is due a second after it was written.
pub(crate) fn wait_until_due(bot: &Bot) {
    let written = std::fs::metadata(bot.storage.join("identity.json")).and_then(|seen| seen.modified());
    let age = written.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
    std::thread::sleep(Duration::from_millis(2050).saturating_sub(age));
}

/// Every place to strike, as a run without a fault shows them.
fn places(world: &World, scenario: Scenario, fault: Fault<'_>) -> Result<Vec<(String, usize)>, Failure> {
    let bot = prepared(world, scenario)?;
    if scenario == Scenario::Renew {
        wait_until_due(&bot);
    }
    let (log, errors) = (bot.scratch("strace"), bot.scratch("struck"));
    let command = if scenario == Scenario::Release { bot.run() } else { bot.oneshot() };
    let ended = finish(&mut strace::traced(&command, &log, None), &errors, LIMIT)?;
    if !ended.is_success() {
        return Err(format!("the traced run fails: {}", ended.errors).into());
    }
    let files = strace::is_error(fault.what).then_some((bot.directory.as_path(), errors.as_path()));
    let all = strace::places(&log, files).into_iter();
    Ok(all.filter(|(call, _)| fault.calls.contains(&call.as_str())).collect())
}
