//! `machine-id status`: what is there, without asking the cluster.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use machine_id::acl::AclVerdict;
use machine_id::clock::{Clock, SystemClock};
use machine_id::config::{EngineConfig, HelperConfig, HelperContent, OutputConfig, TbotConfig};
use machine_id::destination::Destination;
use machine_id::engine::{Engine, IdentityState, IdentityStatus, timestamp};
use machine_id::error::{Code, Error};
use machine_id::identity::TlsFacts;
use serde::Serialize;

use crate::args;
use crate::{files, runtime, stdout};

/// Far above what a certificate has.
const MAX_PEM: u64 = 64 * 1024;

#[derive(Serialize)]
struct Report {
    identity: IdentityReport,
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
    /// `valid`, `expired`, `absent` or `problem`.
    state: &'static str,
    expires_at: Option<String>,
    roles: Vec<String>,
    /// `as asked`, what differs, or that there are none.
    acl: String,
    problem: String,
}

pub(crate) fn run(arguments: &args::Status) -> Result<ExitCode, Error> {
    let TbotConfig { identity, outputs, .. } = files::config(&arguments.file.config)?;
    let clock = SystemClock::new();
    let destinations: Vec<_> = outputs.iter().map(|output| destination(output, clock.now())).collect();
    let config = EngineConfig {
        root: files::root(&identity),
        helper: HelperConfig { path: std::path::PathBuf::new(), content: HelperContent::ThisProcess },
        identities: vec![identity],
    };
    let report = Report { identity: identity_report(config), destinations };
    if arguments.json {
        let json = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::new(Code::Internal, format!("cannot write JSON: {error}"), "report this"))?;
        stdout::say(&json)?;
    } else {
        stdout::say(&text(&report, clock.now()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opening a store makes its directory; only to look, that is too much.
fn identity_report(config: EngineConfig) -> IdentityReport {
    let problem = |error: Error| IdentityReport::Problem { state: "problem", reason: error.to_string() };
    if config.identities.iter().any(|identity| machine_id::join::keeps_nothing(&identity.join)) {
        let reason =
            "its join method can join again at any time: the identity is in the memory of the process that uses it";
        return IdentityReport::Problem { state: "in_memory", reason: reason.to_owned() };
    }
    if config.identities.iter().any(|identity| identity.storage.is_none()) {
        let reason = "storage is in memory: the identity is in the memory of the process that uses it";
        return IdentityReport::Problem { state: "in_memory", reason: reason.to_owned() };
    }
    if !config.root.exists() {
        let reason = format!("{} doesn't exist: nothing has joined yet", config.root.display());
        return IdentityReport::Problem { state: IdentityState::New.as_str(), reason };
    }
    let status = Engine::open(config, Arc::new(SystemClock::new()))
        .and_then(|engine| runtime::single()?.block_on(engine.status()));
    match status {
        Ok(status) => status.identities.into_iter().next().map_or_else(
            || problem(Error::new(Code::Internal, "no identity is configured", "report this")),
            |identity| IdentityReport::Known(Box::new(identity)),
        ),
        Err(error) => problem(error),
    }
}

fn destination(output: &OutputConfig, now: SystemTime) -> DestinationReport {
    let mut report = DestinationReport {
        directory: output.destination.path.display().to_string(),
        state: "absent",
        expires_at: None,
        roles: Vec::new(),
        acl: String::new(),
        problem: String::new(),
    };
    if let Err(error) = inspect(output, now, &mut report) {
        report.state = "problem";
        report.problem = error.to_string();
    }
    report
}

fn inspect(output: &OutputConfig, now: SystemTime, report: &mut DestinationReport) -> Result<(), Error> {
    let Some(destination) = Destination::open_existing(&output.destination)? else { return Ok(()) };
    report.acl = match destination.verify()? {
        AclVerdict::AsAsked => "as asked".to_owned(),
        AclVerdict::Off => "not checked (acls: off)".to_owned(),
        AclVerdict::Unsupported => "private; the file system has no ACLs".to_owned(),
        AclVerdict::Differs(differences) => {
            let line = |(path, what): &(std::path::PathBuf, _)| format!("{}: {what}", path.display());
            differences.iter().map(line).collect::<Vec<_>>().join("; ")
        }
    };
    let Some(pem) = destination.read("tlscert", MAX_PEM)? else { return Ok(()) };
    let facts = TlsFacts::parse(&String::from_utf8_lossy(&pem))?;
    report.state = if facts.valid_until > now { "valid" } else { "expired" };
    report.expires_at = Some(timestamp(facts.valid_until));
    report.roles.clone_from(&facts.roles);
    Ok(())
}

fn text(report: &Report, now: SystemTime) -> String {
    let mut lines = Vec::new();
    let bold = |text: &str| {
        if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    };
    match &report.identity {
        IdentityReport::Problem { state, reason } => lines.push(format!("{}  {state}\n  {reason}", bold("identity"))),
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
            if !identity.reason.is_empty() {
                lines.push(format!("  reason      {}", identity.reason));
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
        if !destination.problem.is_empty() {
            lines.push(format!("  problem     {}", destination.problem));
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
