//! What a person does: bring a fresh token when a renewal's answer was lost in a restart, which nobody can prevent.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use teleport_double::Double;

use super::Plan;
use crate::Failure;
use crate::invariants::{Stored, stored_in};
use crate::world::ROLE;

/// A renewal that is under way looks the same for a moment.
const LASTING: Duration = Duration::from_secs(10);

pub(super) struct Administrator {
    storage: PathBuf,
    token: PathBuf,
    since: Option<Instant>,
    tokens: usize,
}

impl Administrator {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { storage: plan.storage.clone(), token: plan.token.clone(), since: None, tokens: 0 }
    }

    /// Looks after the identity; once a second or so.
    pub(super) fn look(&mut self, double: &Double) -> Result<(), Failure> {
        if stored_in(&self.storage) != Stored::NeedsRejoin {
            self.since = None;
        } else if self.since.get_or_insert_with(Instant::now).elapsed() > LASTING {
            double.delete_bot("api");
            double.add_bot("api", &[ROLE]);
            fs::write(&self.token, double.new_token("api"))?;
            self.tokens += 1;
            self.since = None;
        }
        Ok(())
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers lost in a restart", self.tokens)
    }
}
