//! What a report comes to: one word, one exit status, a line for each thing that is wrong.

use std::fmt;

use machine_id::engine::IdentityState;
use machine_id::error::Code;
use serde::Serialize;

use super::{DestinationReport, IN_MEMORY, IdentityReport, Report};
use crate::note::Trouble;

/// What somebody has to do first comes last: the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Fresh,
    Overdue,
    Missing,
    Expired,
    Unreadable,
    NeedsRejoin,
    Locked,
}

/// For `--help`; a test compares it with [`Verdict::exit_status`].
pub(super) const EXIT_STATUS: &str = "\
Exit status: 0 everything is fresh; 1 a file isn't safe, or machine-id or a reader of the output can't read it; 2 the
configuration is wrong; 3 an identity or an output has expired; 4 a file or directory is missing; 5 the cluster has locked
the bot, as far as the daemon knew last; 6 a new token is needed; 7 an output's refresh is long overdue. With several
problems, the first in this list counts:
5, 6, 1, 3, 4, 7.

Examples:
  machine-id status -c /etc/tbot.yaml
  machine-id status -c /etc/tbot.yaml --json | jq -r '.problems[]'";

impl Verdict {
    #[cfg(test)]
    pub(super) const ALL: [Self; 7] =
        [Self::Fresh, Self::Overdue, Self::Missing, Self::Expired, Self::Unreadable, Self::NeedsRejoin, Self::Locked];

    /// 2 is what a wrong configuration ends with.
    pub(super) const fn exit_status(self) -> u8 {
        match self {
            Self::Fresh => 0,
            Self::Unreadable => 1,
            Self::Expired => 3,
            Self::Missing => 4,
            Self::Locked => 5,
            Self::NeedsRejoin => 6,
            Self::Overdue => 7,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "all is fresh",
            Self::Overdue => "an output should have been refreshed long ago",
            Self::Missing => "something is missing",
            Self::Expired => "something has expired",
            Self::Unreadable => "something can't be read, or isn't safe",
            Self::NeedsRejoin => "a fresh token is needed",
            Self::Locked => "the cluster has locked the bot",
        })
    }
}

/// How a destination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DestinationState {
    Valid,
    Overdue,
    Expired,
    /// Some of its files are missing.
    Incomplete,
    /// All of them, or the directory.
    Absent,
    /// It can't be read, or isn't safe.
    Problem,
}

impl DestinationState {
    const fn verdict(self) -> Verdict {
        match self {
            Self::Valid => Verdict::Fresh,
            Self::Overdue => Verdict::Overdue,
            Self::Expired => Verdict::Expired,
            Self::Incomplete | Self::Absent => Verdict::Missing,
            Self::Problem => Verdict::Unreadable,
        }
    }
}

impl fmt::Display for DestinationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Overdue => "overdue",
            Self::Expired => "expired",
            Self::Incomplete => "incomplete",
            Self::Absent => "absent",
            Self::Problem => "problem",
        })
    }
}

/// Puts a report together.
pub(super) fn of(identity: IdentityReport, noted: Option<Trouble>, destinations: Vec<DestinationReport>) -> Report {
    let mut found = vec![of_identity(&identity)];
    if let Some(Trouble { at, code, problem }) = &noted {
        let verdict = match code.as_str() {
            code if code == Code::BotLocked.as_str() => Verdict::Locked,
            code if code == Code::IdentityNeedsRejoin.as_str() => Verdict::NeedsRejoin,
            _ => Verdict::Fresh,
        };
        found.push((verdict, Some(format!("identity: {problem} (as of {at})"))));
    }
    found.extend(destinations.iter().map(|one| {
        let problem = Some(format!("{}: {}", one.directory, one.problem)).filter(|_| !one.problem.is_empty());
        (one.state.verdict(), problem)
    }));
    let verdict = found.iter().map(|(verdict, _)| *verdict).max().unwrap_or(Verdict::Fresh);
    let problems = found.into_iter().filter_map(|(_, problem)| problem).collect();
    Report { verdict, exit_status: verdict.exit_status(), problems, identity, noted, destinations }
}

fn of_identity(identity: &IdentityReport) -> (Verdict, Option<String>) {
    let line = |reason: &str| Some(format!("identity: {reason}"));
    match identity {
        IdentityReport::Problem { state, .. } if *state == IN_MEMORY => (Verdict::Fresh, None),
        IdentityReport::Problem { state, reason } if *state == IdentityState::New.as_str() => {
            (Verdict::Missing, line(reason))
        }
        IdentityReport::Problem { reason, .. } => (Verdict::Unreadable, line(reason)),
        IdentityReport::Known(known) => {
            let reason = if known.reason.is_empty() { "nothing has joined yet" } else { &known.reason };
            match known.state {
                IdentityState::Ready => (Verdict::Fresh, line(&known.reason).filter(|_| !known.reason.is_empty())),
                IdentityState::New => (Verdict::Missing, line(reason)),
                IdentityState::Expired => (Verdict::Expired, line(reason)),
                IdentityState::NeedsRejoin => (Verdict::NeedsRejoin, line(reason)),
                IdentityState::Locked => (Verdict::Locked, line(reason)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_status_is_its_own_and_documented() {
        let mut seen = std::collections::BTreeSet::from([2]);
        for verdict in Verdict::ALL {
            let number = verdict.exit_status();
            assert!(seen.insert(number), "{verdict:?}");
            assert!(EXIT_STATUS.contains(&format!("{number} ")), "{verdict:?}");
        }
        let order: Vec<String> =
            Verdict::ALL.iter().skip(1).rev().map(|verdict| verdict.exit_status().to_string()).collect();
        assert!(EXIT_STATUS.contains(&format!("counts:\n{}.", order.join(", "))), "{order:?}");
    }
}
