//! The services of a configuration by tbot's names, and how each stands.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use machine_id::config::{Leads, OutputConfig, TunnelConfig, TunnelKind};
use machine_id::engine::{Health, IdentityState, Standing};
use machine_id::error::Error;

use super::readiness::State;

/// Services that each configuration has: the bot's identity, what it says about itself, what it hears of the cluster's
/// keys.
const IDENTITY: &str = "identity";
const HEARTBEAT: &str = "heartbeat";
const ROTATION: &str = "ca-rotation";

/// Outputs and tunnels, in the order of the configuration, and what came of them first.
#[derive(Debug)]
pub(in crate::start) struct Services {
    all: Vec<(String, What)>,
    begun: RefCell<Vec<Option<Result<(), Error>>>>,
}

#[derive(Debug)]
enum What {
    Output(PathBuf),
    Tunnel,
}

impl Services {
    /// Those of a configuration.
    pub(in crate::start) fn of(outputs: &[OutputConfig], tunnels: &[TunnelConfig]) -> Self {
        let outputs = outputs.iter().map(|output| {
            let what = What::Output(output.destination.path.clone());
            (output.tbot_type, output.name.as_deref(), what)
        });
        let tunnels = tunnels.iter().map(|tunnel| {
            let kind = match tunnel.leads {
                Leads::To(TunnelKind::Database { .. }) => "database-tunnel",
                Leads::To(TunnelKind::Application { .. }) => "application-tunnel",
                Leads::Applications => "application-proxy",
            };
            (kind, tunnel.name.as_deref(), What::Tunnel)
        });
        let all = named(outputs.chain(tunnels));
        let begun = RefCell::new(vec![None; all.len()]);
        Self { all, begun }
    }

    /// What came of the one with this number, outputs before tunnels.
    pub(in crate::start) fn begun(&self, index: usize, outcome: &Result<(), Error>) {
        if let Some(begun) = self.begun.borrow_mut().get_mut(index) {
            *begun = Some(outcome.clone());
        }
    }

    /// How all of them stand.
    pub(super) fn stand(&self, health: &Health, standing: &Standing) -> BTreeMap<String, State> {
        let begun = self.begun.borrow();
        let own = self.all.iter().zip(&*begun).map(|((name, what), begun)| {
            let state = match what {
                What::Output(directory) => output(directory, begun.as_ref(), health),
                What::Tunnel => tunnel(begun.as_ref(), health),
            };
            (name.clone(), state)
        });
        let fixed = [
            (IDENTITY, identity(health, standing)),
            (HEARTBEAT, heartbeat(health, standing)),
            (ROTATION, rotation(health, standing)),
        ];
        fixed.map(|(name, state)| (name.to_owned(), state)).into_iter().chain(own).collect()
    }
}

/// Names as tbot gives them: the one that is written, or the type with a number. A name that is taken already, which tbot
/// refuses, is the same as none.
fn named<'a>(all: impl Iterator<Item = (&'static str, Option<&'a str>, What)>) -> Vec<(String, What)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut named: Vec<(String, What)> = Vec::new();
    for (kind, name, what) in all {
        let count = counts.entry(kind).or_default();
        *count += 1;
        let taken = |name: &str, named: &[(String, What)]| {
            [IDENTITY, HEARTBEAT, ROTATION].contains(&name) || named.iter().any(|(other, _)| other == name)
        };
        let mut name = name
            .filter(|name| !taken(name, &named))
            .map_or_else(|| format!("{}-{count}", kind.replace('/', "-")), str::to_owned);
        while taken(&name, &named) {
            name.push('+');
        }
        named.push((name, what));
    }
    named
}

fn unhealthy(why: &impl ToString) -> State {
    State::Unhealthy(why.to_string())
}

fn identity(health: &Health, standing: &Standing) -> State {
    match (&health.trouble, &health.stuck, standing.state) {
        (Some(error), ..) => unhealthy(error),
        (None, Some(why), _) if !health.recovers => unhealthy(&format!("the identity can't be renewed: {why}")),
        (None, _, IdentityState::New) => State::Initializing,
        (None, _, IdentityState::Expired) => unhealthy(&"the identity has expired"),
        (None, ..) => State::Healthy,
    }
}

fn heartbeat(health: &Health, standing: &Standing) -> State {
    match (&standing.heartbeat, &health.trouble) {
        (Some(Ok(())), _) => State::Healthy,
        (Some(Err(error)), _) => unhealthy(error),
        (None, Some(error)) => unhealthy(&format!("no heartbeat was sent yet: {error}")),
        (None, None) => State::Initializing,
    }
}

/// Changes of the cluster's keys are heard over the connection to it.
fn rotation(health: &Health, standing: &Standing) -> State {
    match (&health.trouble, standing.connected, standing.state) {
        (Some(error), false, _) => unhealthy(error),
        (_, true, _) => State::Healthy,
        (None, false, IdentityState::New) => State::Initializing,
        // The next use connects anew; where that fails there is a trouble.
        (None, false, _) => State::Healthy,
    }
}

fn output(directory: &Path, begun: Option<&Result<(), Error>>, health: &Health) -> State {
    if let Some(lease) = health.leases.iter().find(|lease| lease.directory == directory) {
        return match (lease.problem.as_str(), lease.late || !lease.usable) {
            ("", false) => State::Healthy,
            ("", true) => unhealthy(&"not refreshed in time"),
            (problem, _) => unhealthy(&problem),
        };
    }
    match begun {
        None => State::Initializing,
        Some(Err(error)) => unhealthy(error),
        Some(Ok(())) => unhealthy(&"another process has taken this output over, or ended it"),
    }
}

fn tunnel(begun: Option<&Result<(), Error>>, health: &Health) -> State {
    match (begun, &health.trouble) {
        (None, _) => State::Initializing,
        (Some(Err(error)), _) => unhealthy(error),
        (Some(Ok(())), Some(error)) => unhealthy(&format!("new connections may fail: {error}")),
        (Some(Ok(())), None) => State::Healthy,
    }
}

#[cfg(test)]
#[path = "services_tests.rs"]
mod tests;
