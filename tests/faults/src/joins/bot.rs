//! A cluster, one bot, and what was wrong with its runs.

use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use teleport_double::Double;

use super::cases::{Case, Way};
use crate::Failure;
use crate::invariants::{check, complete};
use crate::kill::wait_until_due;
use crate::process::{end, quietly};
use crate::run::{Finished, finish};
use crate::world::{Bot, World};

/// A stall takes half a minute, and a join may have two.
const LIMIT: Duration = Duration::from_secs(100);

/// A cluster, one bot, and what was wrong so far.
pub(super) struct Subject {
    world: World,
    pub(super) bot: Bot,
    secrets: Vec<String>,
    pub(super) violations: Vec<String>,
}

impl Subject {
    pub(super) async fn new(case: &Case) -> Result<Self, Failure> {
        let world = World::of_version(case.way.version(), case.way != Way::New, case.exchange.method()).await?;
        let bot = world.bot()?;
        Ok(Self { world, bot, secrets: Vec::new(), violations: Vec::new() })
    }

    pub(super) fn double(&self) -> &Double {
        &self.world.double
    }

    pub(super) const fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn wrong(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// One start. Whatever comes of it: it doesn't panic, shows no secret, says clearly why it fails, leaves whole files
    /// and locks nothing.
    pub(super) async fn start(&mut self) -> Result<Finished, Failure> {
        self.secrets.extend(self.bot.secrets());
        let (mut command, scratch, started) = (self.bot.oneshot(), self.bot.scratch("errors"), Instant::now());
        let ended = tokio::task::spawn_blocking(move || finish(&mut command, &scratch, LIMIT)).await??;
        self.secrets.extend(self.bot.secrets());
        self.violations.extend(ended.misbehaved());
        if !ended.is_success() {
            self.violations.extend(ended.is_unclear());
        }
        if started.elapsed() > Duration::from_secs(95) {
            self.wrong(format!("a start took {:?}", started.elapsed()));
        }
        if let Some(secret) = self.secrets.iter().find(|secret| ended.errors.contains(secret.trim())) {
            let begin: String = secret.chars().take(4).collect();
            self.wrong(format!("the secret that begins with {begin:?} is shown"));
        }
        let violations = check(&self.world, &self.bot, false);
        self.violations.extend(violations);
        Ok(ended)
    }

    /// A start that goes on.
    pub(super) fn daemon(&self) -> Result<Child, Failure> {
        quietly(&mut self.bot.daemon(), &self.bot.scratch("daemon"))
    }

    /// Ends it, and looks at what it said and left.
    pub(super) async fn terminate(&mut self, mut daemon: Child) -> Result<(), Failure> {
        let scratch = self.bot.scratch("daemon");
        let said = scratch.clone();
        let ended = tokio::task::spawn_blocking(move || {
            end(&mut daemon, Signal::SIGTERM, &scratch).map_err(|error| error.to_string())
        });
        self.violations.extend(ended.await??);
        let said = std::fs::read_to_string(said)?;
        if self.bot.secrets().iter().any(|secret| said.contains(secret.trim())) {
            self.wrong("a secret is shown");
        }
        let violations = check(&self.world, &self.bot, true);
        self.violations.extend(violations);
        self.violations.extend(complete(&self.bot.destination).err());
        Ok(())
    }

    /// Whether the cluster has so many joins, at least, within that time.
    pub(super) async fn until_joined(&self, joins: u64, limit: Duration) -> bool {
        let started = Instant::now();
        while self.joins() < joins && started.elapsed() < limit {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.joins() >= joins
    }

    /// One start that must go well.
    pub(super) async fn works(&mut self, why: &str) -> Result<(), Failure> {
        let ended = self.start().await?;
        if !ended.is_success() {
            self.wrong(format!("{why}, but: {}", ended.last_line()));
        }
        Ok(())
    }

    pub(super) fn joins(&self) -> u64 {
        self.double().counters().joined
    }

    pub(super) async fn until_due(&self) -> Result<(), Failure> {
        let bot = self.bot.clone();
        Ok(tokio::task::spawn_blocking(move || wait_until_due(&bot)).await?)
    }
}
