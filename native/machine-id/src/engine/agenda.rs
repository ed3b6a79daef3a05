//! What the keeper of an identity does next, and until when it sleeps. Pure: all times come as parameters.

use std::time::{Duration, SystemTime};

/// No sleep is longer, so that a jump of the wall clock or the machine's own sleep, which stop or skip the timers,
/// is noticed soon.
const LONGEST_NAP: Duration = Duration::from_secs(10);
/// No sleep is shorter, whatever is due.
const SHORTEST_NAP: Duration = Duration::from_millis(20);
/// Clocks that drift apart further than this between two looks have jumped: NTP slews far less.
const JUMP: Duration = Duration::from_secs(2);

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) wall: SystemTime,
    pub(super) monotonic: Duration,
}

/// How the wall clock moved against the monotonic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// Forward: the clock was set, or the machine has slept.
    Ahead(Duration),
    /// Back: the clock was set.
    Back(Duration),
}

/// Compares two moments; none if the clocks went on together.
pub(super) fn jump(before: Moment, now: Moment) -> Option<Jump> {
    let expected = before.wall.checked_add(now.monotonic.saturating_sub(before.monotonic))?;
    match now.wall.duration_since(expected) {
        Ok(ahead) if ahead > JUMP => Some(Jump::Ahead(ahead)),
        Err(error) if error.duration() > JUMP => Some(Jump::Back(error.duration())),
        _ => None,
    }
}

/// The session at hand, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// When the identity is to be renewed; none: it can't be.
    pub(super) renew_at: Option<SystemTime>,
    /// When it expires.
    pub(super) expires_at: SystemTime,
    /// Whether its connection works, as far as is known.
    pub(super) connected: bool,
}

/// What is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) now: Moment,
    /// The session at hand.
    pub(super) held: Option<Held>,
    /// Whether there should be one: an identity is stored, or leases are held.
    pub(super) wanted: bool,
    /// Monotonic time before which the cluster is left alone.
    pub(super) retry_at: Option<Duration>,
    /// When to see whether somebody listens where a connection was lost that nobody needs now.
    pub(super) knock_at: Option<Duration>,
    /// When the first lease is to be refreshed.
    pub(super) refresh_at: Option<SystemTime>,
    /// When the authorities are looked at.
    pub(super) look_at: Duration,
    /// When leases of dead processes are swept, if that is this keeper's business.
    pub(super) sweep_at: Option<Duration>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Remove what dead processes left.
    Sweep,
    /// Connect (or join).
    Establish,
    /// See whether somebody listens at the cluster's address, and say nothing.
    Knock,
    /// Renew the identity.
    Renew,
    /// Ask for the authorities.
    Look,
    /// Refresh the leases that are due.
    Refresh,
    /// Nothing for so long.
    Sleep(Duration),
}

/// Decides. What comes first is what others depend on.
pub(super) fn next(facts: &Facts) -> Step {
    let Facts { now, .. } = *facts;
    if facts.sweep_at.is_some_and(|time| now.monotonic >= time) {
        return Step::Sweep;
    }
    let held_back = facts.retry_at.is_some_and(|until| now.monotonic < until);
    let usable = facts.held.filter(|held| held.connected && now.wall < held.expires_at);
    let mut naps = vec![LONGEST_NAP];
    let soon = |time: SystemTime| time.duration_since(now.wall).unwrap_or_default();
    naps.extend(facts.sweep_at.map(|time| time.saturating_sub(now.monotonic)));
    naps.extend(facts.retry_at.filter(|_| held_back).map(|until| until.saturating_sub(now.monotonic)));
    match usable {
        None if facts.wanted && !held_back => return Step::Establish,
        None => {
            if let Some(time) = facts.knock_at {
                if now.monotonic >= time {
                    return Step::Knock;
                }
                naps.push(time.saturating_sub(now.monotonic));
            }
        }
        Some(held) => {
            if let Some(time) = held.renew_at.filter(|_| !held_back) {
                if now.wall >= time {
                    return Step::Renew;
                }
                naps.push(soon(time));
            }
            naps.push(soon(held.expires_at));
            if now.monotonic >= facts.look_at {
                return Step::Look;
            }
            naps.push(facts.look_at.saturating_sub(now.monotonic));
            if let Some(time) = facts.refresh_at {
                if now.wall >= time {
                    return Step::Refresh;
                }
                naps.push(soon(time));
            }
        }
    }
    let nap = naps.into_iter().min().unwrap_or(LONGEST_NAP);
    Step::Sleep(nap.max(SHORTEST_NAP))
}

#[cfg(test)]
#[path = "agenda_tests.rs"]
mod tests;
