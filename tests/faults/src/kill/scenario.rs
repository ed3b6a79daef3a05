//! What is cut.

use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::run::finish;
use crate::world::{Bot, World};

use super::LIMIT;

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
    /// A bound key's first join, by its registration secret.
    BoundFirst,
    /// A bound key's join with the certificate at hand.
    BoundRejoin,
    /// The same, where the cluster asks for another key.
    BoundRotation,
    /// A bound key's join with the state of the last one.
    BoundRecovery,
}

impl Scenario {
    /// Those of a token that works once.
    pub const TOKEN: [Self; 4] = [Self::Join, Self::Renew, Self::Issue, Self::Release];
    /// Those of a bound key.
    pub const BOUND: [Self; 4] = [Self::BoundFirst, Self::BoundRecovery, Self::BoundRejoin, Self::BoundRotation];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Renew => "renew",
            Self::Issue => "issue",
            Self::Release => "release",
            Self::BoundFirst => "first join",
            Self::BoundRejoin => "rejoin",
            Self::BoundRotation => "rotation",
            Self::BoundRecovery => "recovery",
        }
    }

    /// Whether a bot is of no use for it a second time.
    pub(super) const fn is_first(self) -> bool {
        matches!(self, Self::Join | Self::BoundFirst)
    }

    /// Whether each run waits until the identity is due.
    pub(super) const fn waits(self) -> bool {
        matches!(self, Self::Renew | Self::BoundRejoin | Self::BoundRotation)
    }

    pub(super) fn command(self, bot: &Bot) -> Command {
        if self == Self::Release { bot.run() } else { bot.oneshot() }
    }

    /// A bot as the scenario needs it.
    pub(super) fn prepared(self, world: &World) -> Result<Bot, Failure> {
        let bot = world.bot()?;
        bot.write_config(&world.double.proxy_address(), if self.waits() { "1s" } else { "50m" })?;
        if !self.is_first() {
            let first = finish(&mut bot.oneshot(), &bot.scratch("first"), LIMIT)?;
            if !first.is_success() {
                return Err(format!("the first start fails: {}", first.errors).into());
            }
        }
        Ok(bot)
    }

    /// What comes right before each run.
    pub(super) fn begin(self, world: &World, bot: &Bot) -> Result<(), Failure> {
        if self.waits() {
            wait_until_due(bot);
        }
        match self {
            Self::BoundRotation => world.ask_for_rotation(bot),
            Self::BoundRecovery => bot.forget_identity()?,
            _ => {}
        }
        Ok(())
    }
}

/// The identity is due a second after it was written.
pub(crate) fn wait_until_due(bot: &Bot) {
    let written = std::fs::metadata(bot.storage.join("identity.json")).and_then(|seen| seen.modified());
    let age = written.ok().and_then(|time| time.elapsed().ok()).unwrap_or_default();
    std::thread::sleep(Duration::from_millis(2050).saturating_sub(age));
}
