//! Version v1 (tbot 9 to 13): `storage: {directory}` and `destinations`.

use std::path::Path;

use super::keys::{self, Scope};
use super::sink::Sink;
use super::{Written, directory, template::template};
use crate::config::diagnostic::Diagnostics;
use crate::config::model::KubernetesOutput;
use crate::config::model::{DatabaseFormat, IdentityOutput, OutputConfig, OutputKind};
use crate::config::read::output::{database, required_name};
use crate::config::read::tree::{Section, Tree, Value};
use crate::config::read::value;
use crate::vocabulary::{limits, words_of};

/// Reads `storage`.
pub(super) fn storage(tree: Option<Tree>, base: &Path, diagnostics: &mut Diagnostics) -> Option<Sink> {
    let Some(tree) = tree else { return Some(Sink::default_storage()) };
    let mut section = tree.section(diagnostics)?;
    if section.has("type") || section.has("path") {
        let message = "is written as in version v2; add `version: v2` at the top, or write storage: {directory: PATH}";
        diagnostics.error(&section.place, message);
        section.ignore_rest();
        return None;
    }
    let storage = sink(&mut section, base, diagnostics);
    section.finish(diagnostics);
    storage
}

/// Reads `destinations`.
pub(super) fn outputs(section: &mut Section, base: &Path, diagnostics: &mut Diagnostics) -> Vec<Written> {
    for key in ["outputs", "services"] {
        if let Some(tree) = section.take_hidden(key) {
            diagnostics.error(&tree.place, "belongs to version v2; add `version: v2` at the top of the file");
        }
    }
    let Some(list) = section.take("destinations") else { return Vec::new() };
    let entries = list.list(diagnostics, limits::OUTPUTS);
    entries.into_iter().filter_map(|entry| destination(entry, base, diagnostics)).collect()
}

/// `directory` (a path, or a mapping) or `memory`.
fn sink(section: &mut Section, base: &Path, diagnostics: &mut Diagnostics) -> Option<Sink> {
    if let Some(tree) = section.take_hidden("memory") {
        let _ = section.take("directory");
        return Some(Sink::Memory(tree.place));
    }
    let tree = section.require("directory", diagnostics, "write a path")?;
    let directory = match tree.value {
        Value::Map(_) => directory::read(tree.section(diagnostics)?, base, diagnostics),
        _ => directory::path_alone(tree, base, diagnostics),
    };
    directory.map(|(directory, path)| Sink::Directory { directory, path })
}

fn destination(entry: Tree, base: &Path, diagnostics: &mut Diagnostics) -> Option<Written> {
    let place = entry.place.clone();
    let mut section = entry.section(diagnostics)?;
    let sink = sink(&mut section, base, diagnostics);
    let roles =
        section.take("roles").map(|list| list.parse_list(diagnostics, limits::ROLES, value::name)).unwrap_or_default();
    keys::answer(&mut section, Scope::DestinationV1, diagnostics);
    let route_to_cluster = section.take("cluster").and_then(|tree| tree.parse(diagnostics, value::name));
    let special: Vec<&str> =
        ["app", "database", "kubernetes_cluster"].into_iter().filter(|key| section.has(key)).collect();
    if special.len() > 1 {
        diagnostics.error(&section.place, format!("has {}; a destination is for one of them", special.join(" and ")));
    }
    let kind = kind(&mut section, diagnostics);
    let templates = section.take("configs").map(|list| list.list(diagnostics, limits::OUTPUTS)).unwrap_or_default();
    section.finish(diagnostics);
    let destination = sink.and_then(|sink| sink.of_output(kind.as_ref(), diagnostics));
    let mut kind = kind?;
    for entry in templates {
        template(entry, &mut kind, diagnostics);
    }
    let (destination, path) = destination?;
    let tbot_type = kind.output_type().as_str();
    let output = OutputConfig { kind, tbot_type, destination, roles, name: None, route_to_cluster, ttl: None };
    Some(Written { entry: place, path, output })
}

fn kind(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<OutputKind> {
    let app = section.has("app").then(|| required_name(section, "app", diagnostics));
    let kubernetes =
        section.has("kubernetes_cluster").then(|| required_name(section, "kubernetes_cluster", diagnostics));
    let entry = section.take("database");
    // Asked for again so that unknown keys are answered with all that are known.
    let _ = (section.take("app"), section.take("kubernetes_cluster"));
    let database = entry.map(|tree| {
        let mut section = tree.section(diagnostics)?;
        if let Some(tree) = section.take_hidden("format") {
            let formats = words_of::<DatabaseFormat>().join(", ");
            diagnostics.error(&tree.place, format!("belongs to version v2; write configs with one of {formats}"));
        }
        let kind = database(&mut section, diagnostics);
        section.finish(diagnostics);
        kind
    });
    match (app, kubernetes, database) {
        (Some(app), _, _) => app.map(|app| OutputKind::Application { app, specific_tls_naming: false }),
        (_, Some(cluster), _) => cluster.map(|cluster| OutputKind::Kubernetes(KubernetesOutput::named([cluster]))),
        (_, _, Some(database)) => database,
        (None, None, None) => Some(OutputKind::Identity(IdentityOutput::default())),
    }
}
