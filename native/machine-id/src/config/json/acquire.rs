//! A request for a lease: `acquire(engine, request)` of `contract/README.md`.

use std::time::Duration;

use super::document;
use super::engine::lifetime_of;
use super::tunnels::tunnels;
use crate::config::diagnostic::{ConfigError, Diagnostics};
use crate::config::model::{AcquireRequest, GivenToken, IdentityOutput, OutputKind, OutputType, Reader};
use crate::config::read::join::secret;
use crate::config::read::kubernetes;
use crate::config::read::output::{application, database};
use crate::config::read::tree::Tree;
use crate::config::read::value;
use crate::error::Code;
use crate::vocabulary::{limits, words_of};

impl AcquireRequest {
    /// Reads a request, and what came with it: the lease's own identity joins by that.
    ///
    /// # Errors
    /// All faults together, each with its JSON path.
    pub fn from_json(text: &[u8]) -> Result<(Self, Option<GivenToken>), ConfigError> {
        let mut diagnostics = Diagnostics::new("request", Code::RequestInvalid);
        let request = document::parse(text, &mut diagnostics).and_then(|tree| request(tree, &mut diagnostics));
        diagnostics.finish(request).map(|(request, _)| request)
    }
}

fn request(tree: Tree, diagnostics: &mut Diagnostics) -> Option<(AcquireRequest, Option<GivenToken>)> {
    let mut section = tree.section(diagnostics)?;
    let lease =
        section.require("lease", diagnostics, "write a lease id").and_then(|tree| tree.parse(diagnostics, lease_id));
    let identity = section
        .require("identity", diagnostics, "write an identity's id")
        .and_then(|tree| tree.parse(diagnostics, value::identity_id));
    let directory = section
        .require("directory", diagnostics, "write an absolute path")
        .and_then(|tree| tree.parse(diagnostics, value::absolute_path));
    let roles =
        section.take("roles").map(|list| list.parse_list(diagnostics, limits::ROLES, value::name)).unwrap_or_default();
    let ttl = lifetime_of(&mut section, "ttl_seconds", diagnostics);
    let standing = section.take("standing").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    let readers = section
        .take("readers")
        .map(|list| list.parse_list(diagnostics, limits::READERS, |text| value::user(text).map(Reader::User)))
        .unwrap_or_default();
    let scope = section.take("scope").and_then(|tree| tree.parse(diagnostics, value::word)).unwrap_or_default();
    let deadline = section
        .take("deadline_ms")
        .and_then(|tree| tree.number(diagnostics, 1, limits::DEADLINE_MAX_MS))
        .unwrap_or(limits::DEADLINE_DEFAULT_MS);
    let route_to_cluster = section.take("route_to_cluster").and_then(|tree| tree.parse(diagnostics, value::name));
    let outputs = outputs(section.take("outputs"), diagnostics);
    let tunnels = tunnels(section.take("tunnels"), standing, route_to_cluster.as_deref(), diagnostics);
    let id_token = section.take("id_token").and_then(|tree| secret(tree, diagnostics));
    let share = section.take("share");
    if let Some(share) = share.as_ref().filter(|_| id_token.is_none()) {
        diagnostics.error(&share.place, "stands beside no id_token; leave it out");
    }
    let share = share.and_then(|tree| tree.parse(diagnostics, lease_id));
    section.finish(diagnostics);
    let request = AcquireRequest {
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
        tunnels,
    };
    Some((request, id_token.map(|id_token| GivenToken { id_token, share })))
}

pub(super) fn lease_id(text: &str) -> Result<String, String> {
    let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let (least, most) = (limits::LEASE_ID_MIN_LENGTH, limits::LEASE_ID_MAX_LENGTH);
    if (least..=most).contains(&text.len()) && hex {
        return Ok(text.to_owned());
    }
    Err(format!("is {}; write {least} to {most} lower-case hex digits", value::shown(text)))
}

fn outputs(tree: Option<Tree>, diagnostics: &mut Diagnostics) -> Vec<OutputKind> {
    let mut outputs: Vec<OutputKind> = Vec::new();
    let mut empty = true;
    for entry in tree.map(|list| list.list(diagnostics, limits::OUTPUTS)).unwrap_or_default() {
        empty = false;
        let place = entry.place.clone();
        let Some(output) = output(entry, diagnostics) else { continue };
        if outputs.contains(&output) {
            diagnostics.error(&place, "is the same as an output before it; each once");
        } else if let Some(name) = named_again(&output, &outputs) {
            let message =
                format!("names Kubernetes cluster {} like an output before it; each once", value::shown(name));
            diagnostics.error(&place, message);
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

fn output(tree: Tree, diagnostics: &mut Diagnostics) -> Option<OutputKind> {
    let mut section = tree.section(diagnostics)?;
    let kind = section
        .require("type", diagnostics, &format!("write one of {}", words_of::<OutputType>().join(", ")))
        .and_then(|tree| tree.parse(diagnostics, value::word));
    let output = match kind {
        Some(OutputType::Identity) => Some(OutputKind::Identity(IdentityOutput::default())),
        Some(OutputType::Kubernetes) => kubernetes::clusters(&mut section, diagnostics),
        Some(OutputType::Database) => database(&mut section, diagnostics),
        Some(OutputType::Application) => application(&mut section, "app", diagnostics),
        None => {
            section.ignore_rest();
            return None;
        }
    };
    section.finish(diagnostics);
    output
}
