//! `machine-id status`: what is on disk, without asking the cluster.

mod access;
mod verdict;

use std::io::IsTerminal;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use machine_id::acl::AclVerdict;
use machine_id::clock::{Clock, SystemClock};
use machine_id::config::{IdentityConfig, OutputConfig, OutputKind};
use machine_id::destination::Destination;
use machine_id::engine::{IdentityState, IdentityStatus, expected_files, holds_a_key, is_overdue, stored, timestamp};
use machine_id::error::{Code, Error};
use machine_id::identity::{Certificates, TlsFacts};
use machine_id::vocabulary::sockets::{AGENT_SOCKET, TBOTS_SOCKET};
use serde::Serialize;

use self::verdict::{DestinationState, Verdict};
use crate::note::{self, NotePlace};
use crate::{args, files, stdout};

/// For `--help`.
pub(crate) const EXIT_STATUS: &str = verdict::EXIT_STATUS;

/// Far above what a certificate has.
const MAX_PEM: u64 = 64 * 1024;

/// What `--json` prints: `contract/cli-status.schema.json`.
#[derive(Serialize)]
struct Report {
    /// The worst of what follows.
    verdict: Verdict,
    /// What this program ends with.
    exit_status: u8,
    /// One line for each thing that is wrong.
    problems: Vec<String>,
    identity: IdentityReport,
    /// What the program that keeps the outputs last knew to be wrong.
    noted: Option<note::Trouble>,
    destinations: Vec<DestinationReport>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum IdentityReport {
    Known(Box<IdentityStatus>),
    Problem { state: &'static str, reason: String },
}

#[derive(Serialize)]
struct DestinationReport {
    directory: String,
    state: DestinationState,
    expires_at: Option<String>,
    roles: Vec<String>,
    /// Files that should be there and aren't.
    missing: Vec<&'static str>,
    /// `as asked`, what differs, or that there are none; and what stands above, which changes no verdict.
    acl: String,
    problem: String,
}

pub(crate) fn run(arguments: &args::Status, config: &Path) -> Result<ExitCode, Error> {
    let config = files::config(config)?;
    let (now, noted) = (SystemClock::new().now(), NotePlace::of(&config).read());
    let schedule = (!config.oneshot).then_some(config.identity.renewal_interval);
    let destinations: Vec<_> = config.outputs.iter().map(|output| destination(output, schedule, now)).collect();
    let report = verdict::of(identity_report(&config.identity), noted, destinations);
    if arguments.json {
        let json = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::new(Code::Internal, format!("cannot write JSON: {error}"), "report this"))?;
        stdout::say(&json)?;
    } else {
        stdout::say(&text(&report, now))?;
    }
    Ok(ExitCode::from(report.exit_status))
}

/// The state of an identity that no file holds.
const IN_MEMORY: &str = "in_memory";

/// Only to look: nothing is made, and nothing is closed that is too open.
fn identity_report(identity: &IdentityConfig) -> IdentityReport {
    let problem = |error: Error| IdentityReport::Problem { state: "problem", reason: error.to_string() };
    let in_memory = |why: &str| {
        let reason = format!("{why}: the identity is in the memory of the process that uses it");
        IdentityReport::Problem { state: IN_MEMORY, reason }
    };
    if machine_id::join::keeps_nothing(&identity.join) {
        return in_memory("its join method can join again at any time");
    }
    let Some(storage) = &identity.storage else { return in_memory("storage is in memory") };
    if !storage.path.exists() {
        let reason = format!("{} doesn't exist: nothing has joined yet", storage.path.display());
        return IdentityReport::Problem { state: IdentityState::New.as_str(), reason };
    }
    let exposed = || {
        let verdict = Destination::open_existing(storage)?.map(|destination| destination.verify()).transpose()?;
        Ok(verdict.and_then(|verdict| access::exposed(&verdict, &storage.path, |_| true)))
    };
    match (stored(identity, Arc::new(SystemClock::new())), exposed()) {
        (Err(error), _) | (_, Err(error)) => problem(error),
        (Ok(_), Ok(Some(what))) => {
            let hint = "`machine-id start` closes it; whoever has read the key has the identity";
            problem(Error::new(Code::DestinationUnsafe, what, hint))
        }
        (Ok(known), Ok(None)) => IdentityReport::Known(Box::new(known)),
    }
}

/// `schedule` is how it is renewed where a daemon does that.
fn destination(output: &OutputConfig, schedule: Option<Option<Duration>>, now: SystemTime) -> DestinationReport {
    let mut report = DestinationReport {
        directory: output.destination.path.display().to_string(),
        state: DestinationState::Absent,
        expires_at: None,
        roles: Vec::new(),
        missing: Vec::new(),
        acl: String::new(),
        problem: String::new(),
    };
    let mut access = Vec::new();
    if let Err(error) = inspect(output, schedule, now, &mut report, &mut access) {
        report.state = DestinationState::Problem;
        report.problem = error.to_string();
    } else if !access.is_empty() {
        report.state = DestinationState::Problem;
        access.extend(Some(std::mem::take(&mut report.problem)).filter(|problem| !problem.is_empty()));
        report.problem = access.join("; ");
    }
    report
}

fn inspect(
    output: &OutputConfig,
    schedule: Option<Option<Duration>>,
    now: SystemTime,
    report: &mut DestinationReport,
    access: &mut Vec<String>,
) -> Result<(), Error> {
    let Some(destination) = Destination::open_existing(&output.destination)? else {
        report.problem = "it doesn't exist".to_owned();
        return Ok(());
    };
    let verdict = destination.verify()?;
    report.acl = match &verdict {
        AclVerdict::AsAsked => "as asked".to_owned(),
        AclVerdict::Off => "not checked (acls: off)".to_owned(),
        AclVerdict::Unsupported => "private; the file system has no ACLs".to_owned(),
        AclVerdict::Differs(differences) => {
            access::by_cause(differences.iter().map(|(path, what)| (path.as_path(), what.to_string())))
        }
    };
    report.acl.extend(access::stopped(&destination.stops()));
    let there = |name: &&str| destination.path().join(name).metadata().is_ok();
    let (found, missing): (Vec<&str>, Vec<&str>) = expected_files(&output.kind).into_iter().partition(there);
    report.missing = missing;
    if found.is_empty() {
        report.problem = "nothing is written yet".to_owned();
        return Ok(());
    }
    access.extend(access::lacking(&verdict));
    access.extend(access::exposed(&verdict, destination.path(), holds_a_key));
    if !report.missing.is_empty() {
        report.state = DestinationState::Incomplete;
        report.problem = format!("missing: {}; `machine-id start` writes them again", report.missing.join(", "));
    }
    if let OutputKind::Multiplexer(_) = output.kind {
        // Key and certificate are in the daemon's memory: what can be seen is whether it serves.
        let dead: Vec<&str> = [TBOTS_SOCKET, AGENT_SOCKET]
            .into_iter()
            .filter(|name| UnixStream::connect(destination.path().join(name)).is_err())
            .collect();
        if !dead.is_empty() {
            report.state = DestinationState::Incomplete;
            report.problem = format!("nobody serves {}; is `machine-id start` running?", dead.join(" and "));
        } else if report.missing.is_empty() {
            report.state = DestinationState::Valid;
        }
        return Ok(());
    }
    let text = |name| -> Result<Option<String>, Error> {
        Ok(destination.read(name, MAX_PEM)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let Some(tls) = text("tlscert")? else { return Ok(()) };
    let facts = TlsFacts::parse(&tls)?;
    let (mut from, mut until) = (facts.valid_from, facts.valid_until);
    if let Some(ssh) = text("key-cert.pub")? {
        let ssh = Certificates::new(&ssh, &tls)?.ssh_facts()?;
        (from, until) = (from.max(ssh.valid_from), until.min(ssh.valid_until));
    }
    report.expires_at = Some(timestamp(until));
    report.roles.clone_from(&facts.roles);
    if until <= now {
        report.state = DestinationState::Expired;
        report.problem = format!("expired at {}", timestamp(until));
    } else if report.state != DestinationState::Incomplete {
        let overdue = schedule.is_some_and(|interval| is_overdue(from, until, interval, now));
        report.state = if overdue { DestinationState::Overdue } else { DestinationState::Valid };
        if overdue {
            report.problem = "it should have been refreshed long ago; is `machine-id start` running?".to_owned();
        }
    }
    Ok(())
}

fn text(report: &Report, now: SystemTime) -> String {
    let mut lines = vec![format!("{}", report.verdict)];
    lines.extend(report.problems.iter().map(|problem| format!("  {problem}")));
    let bold = |text: &str| {
        if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    };
    match &report.identity {
        IdentityReport::Problem { state, reason } => {
            lines.push(format!("{}  {state}", bold("identity")));
            if *state == IN_MEMORY {
                lines.push(format!("  {reason}"));
            }
        }
        IdentityReport::Known(identity) => {
            lines.push(format!("{}  {}", bold("identity"), identity.state));
            if !identity.bot.is_empty() {
                lines.push(format!("  bot         {} on {}", identity.bot, identity.cluster));
            }
            if let Some(expires) = identity.expires_at {
                lines.push(format!("  expires     {} ({})", timestamp(expires), distance(expires, now)));
            }
            if let Some(generation) = identity.generation {
                lines.push(format!("  generation  {generation}"));
            }
        }
    }
    for destination in &report.destinations {
        lines.push(format!("{}  {}  {}", bold("destination"), destination.directory, destination.state));
        if let Some(expires) = &destination.expires_at {
            lines.push(format!("  expires     {expires}"));
        }
        if !destination.roles.is_empty() {
            lines.push(format!("  roles       {}", destination.roles.join(", ")));
        }
        if !destination.acl.is_empty() {
            lines.push(format!("  access      {}", destination.acl));
        }
    }
    lines.join("\n")
}

fn distance(time: SystemTime, now: SystemTime) -> String {
    let seconds =
        |span: std::time::Duration| humantime::format_duration(std::time::Duration::from_secs(span.as_secs()));
    match time.duration_since(now) {
        Ok(left) => format!("in {}", seconds(left)),
        Err(past) => format!("{} ago", seconds(past.duration())),
    }
}
