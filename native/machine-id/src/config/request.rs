//! A request for a lease: `acquire(engine, request)` of `contract/README.md`.

use std::path::PathBuf;
use std::time::Duration;

use super::document;
use super::fault::{ConfigError, Report};
use super::json::lifetime_of;
use super::kubernetes;
use super::model::{IdentityOutput, OutputKind, OutputType, UserRef};
use super::tree::{Section, Tree};
use super::value;
use crate::error::Code;
use crate::vocabulary::{limits, words, words_of};

words! {
    /// Who shares a key pair.
    #[derive(Default)]
    pub enum Scope {
        /// All leases of the agent.
        #[default]
        Agent = "agent",
        /// This lease alone.
        Build = "build",
    }
}

/// What a caller of `acquire` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquireRequest {
    /// The caller's name for the lease: 32 to 64 lower-case hex digits.
    pub lease: String,
    /// Id of the identity.
    pub identity: String,
    /// Roles; empty: those of the identity.
    pub roles: Vec<String>,
    /// Wished lifetime of the certificates; none: the identity's.
    pub ttl: Option<Duration>,
    /// Where the files go: absolute, normalised.
    pub directory: PathBuf,
    /// Whether the directory is a standing destination that outlives builds.
    pub standing: bool,
    /// Users that may read, beside the owner.
    pub readers: Vec<UserRef>,
    /// Who shares the key pair.
    pub scope: Scope,
    /// How long the call may take; 60 s where none is given.
    pub deadline: Duration,
    /// Leaf cluster to route to; none: the root cluster.
    pub route_to_cluster: Option<String>,
    /// What for, at least one; the first one's files lie in `directory` itself.
    pub outputs: Vec<OutputKind>,
}

impl AcquireRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// All faults together, each with its JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self, ConfigError> {
        let mut report = Report::new("request", Code::RequestInvalid);
        let request = document::parse(text, &mut report).and_then(|tree| request(tree, &mut report));
        report.finish(request).map(|(request, _)| request)
    }
}

fn request(tree: Tree, report: &mut Report) -> Option<AcquireRequest> {
    let mut section = tree.section(report)?;
    let lease = section.require("lease", report, "write a lease id").and_then(|tree| tree.parse(report, lease_id));
    let identity = section
        .require("identity", report, "write an identity's id")
        .and_then(|tree| tree.parse(report, value::identity_id));
    let directory = section
        .require("directory", report, "write an absolute path")
        .and_then(|tree| tree.parse(report, value::absolute_path));
    let roles =
        section.take("roles").map(|list| list.parse_list(report, limits::ROLES, value::name)).unwrap_or_default();
    let ttl = lifetime_of(&mut section, "ttl_seconds", report);
    let standing = section.take("standing").and_then(|tree| tree.bool(report)).unwrap_or(false);
    let readers =
        section.take("readers").map(|list| list.parse_list(report, limits::READERS, value::user)).unwrap_or_default();
    let scope = section.take("scope").and_then(|tree| tree.parse(report, value::word)).unwrap_or_default();
    let deadline = section
        .take("deadline_ms")
        .and_then(|tree| tree.number(report, 1, limits::DEADLINE_MAX_MS))
        .unwrap_or(limits::DEADLINE_DEFAULT_MS);
    let route_to_cluster = section.take("route_to_cluster").and_then(|tree| tree.parse(report, value::name));
    let outputs = outputs(section.take("outputs"), report);
    section.finish(report);
    Some(AcquireRequest {
        lease: lease?,
        identity: identity?,
        roles,
        ttl,
        directory: directory?,
        standing,
        readers,
        scope,
        deadline: Duration::from_millis(deadline),
        route_to_cluster,
        outputs,
    })
}

pub(super) fn lease_id(text: &str) -> Result<String, String> {
    let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let (least, most) = (limits::LEASE_ID_MIN_LENGTH, limits::LEASE_ID_MAX_LENGTH);
    if (least..=most).contains(&text.len()) && hex {
        return Ok(text.to_owned());
    }
    Err(format!("is {}; write {least} to {most} lower-case hex digits", value::shown(text)))
}

fn outputs(tree: Option<Tree>, report: &mut Report) -> Vec<OutputKind> {
    let mut outputs: Vec<OutputKind> = Vec::new();
    let mut empty = true;
    for entry in tree.map(|list| list.list(report, limits::OUTPUTS)).unwrap_or_default() {
        empty = false;
        let place = entry.place.clone();
        let Some(output) = output(entry, report) else { continue };
        if outputs.contains(&output) {
            report.fault(&place, "is the same as an output before it; each once");
        } else if let Some(name) = named_again(&output, &outputs) {
            let message =
                format!("names Kubernetes cluster {} like an output before it; each once", value::shown(name));
            report.fault(&place, message);
        }
        outputs.push(output);
    }
    if empty { vec![OutputKind::Identity(IdentityOutput::default())] } else { outputs }
}

/// A Kubernetes cluster that outputs before name too: its context would be there twice.
fn named_again<'a>(output: &'a OutputKind, before: &[OutputKind]) -> Option<&'a str> {
    let OutputKind::Kubernetes(output) = output else { return None };
    let named = |name: &str, other: &OutputKind| matches!(other, OutputKind::Kubernetes(other) if other.names().any(|known| known == name));
    output.names().find(|name| before.iter().any(|other| named(name, other)))
}

fn output(tree: Tree, report: &mut Report) -> Option<OutputKind> {
    let mut section = tree.section(report)?;
    let kind = section
        .require("type", report, &format!("write one of {}", words_of::<OutputType>().join(", ")))
        .and_then(|tree| tree.parse(report, value::word));
    let output = match kind {
        Some(OutputType::Identity) => Some(OutputKind::Identity(IdentityOutput::default())),
        Some(OutputType::Kubernetes) => kubernetes::clusters(&mut section, report),
        Some(OutputType::Database) => database(&mut section, report),
        Some(OutputType::Application) => application(&mut section, "app", report),
        None => {
            section.ignore_rest();
            return None;
        }
    };
    section.finish(report);
    output
}

/// The name under `key`, which has to be there.
pub(super) fn required_name(section: &mut Section, key: &'static str, report: &mut Report) -> Option<String> {
    section.require(key, report, "write its name in Teleport")?.parse(report, value::name)
}

/// The keys of a database output, the same in both texts.
pub(super) fn database(section: &mut Section, report: &mut Report) -> Option<OutputKind> {
    let service = required_name(section, "service", report);
    let username = section.take("username").and_then(|tree| tree.parse(report, value::name)).unwrap_or_default();
    let database = section.take("database").and_then(|tree| tree.parse(report, value::name)).unwrap_or_default();
    let format = section.take("format").and_then(|tree| tree.parse(report, value::word));
    Some(OutputKind::Database { service: service?, username, database, format })
}

/// The keys of an application output; `key` names the application.
pub(super) fn application(section: &mut Section, key: &'static str, report: &mut Report) -> Option<OutputKind> {
    let app = required_name(section, key, report);
    let specific_tls_naming = section.take("specific_tls_naming").and_then(|tree| tree.bool(report)).unwrap_or(false);
    Some(OutputKind::Application { app: app?, specific_tls_naming })
}
