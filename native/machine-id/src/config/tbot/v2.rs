//! Version v2 (tbot 14 and later): `storage: {type, path}`, `outputs` and `services`.

use std::path::Path;

use super::keys::{self, NOT_BUILT_TYPES, Scope};
use super::sink::Sink;
use super::tunnel::{self, TunnelType};
use super::{Written, directory, lifetime};
use crate::config::diagnostic::{Diagnostics, Place};
use crate::config::model::KubernetesOutput;
use crate::config::model::{IdentityOutput, MultiplexerOutput, OutputConfig, OutputKind, OutputType, TunnelConfig};
use crate::config::read::nearest::suggestion;
use crate::config::read::output::{application, database, required_name};
use crate::config::read::tree::{Section, Tree};
use crate::config::read::value::{self, shown};
use crate::config::read::{kubernetes, listen};
use crate::vocabulary::sockets::AGENT_SOCKET;
use crate::vocabulary::{limits, words_of};

/// One type of ours under another name: the `kubernetes` of tbot 17, with selectors.
const KUBERNETES_V2: &str = "kubernetes/v2";
/// And one that is an identity's, without its files.
const SSH_MULTIPLEXER: &str = "ssh-multiplexer";

/// Reads `storage`.
pub(super) fn storage(tree: Option<Tree>, base: &Path, diagnostics: &mut Diagnostics) -> Option<Sink> {
    let Some(tree) = tree else { return Some(Sink::default_storage()) };
    sink(tree.section(diagnostics)?, base, diagnostics)
}

/// What the lists hold, each with its place.
#[derive(Default)]
pub(super) struct Services {
    pub(super) outputs: Vec<Written>,
    pub(super) tunnels: Vec<(Place, TunnelConfig)>,
}

/// Reads `outputs` and `services`, which from 16 on may hold the same things.
pub(super) fn services(section: &mut Section, base: &Path, diagnostics: &mut Diagnostics) -> Services {
    if let Some(tree) = section.take_hidden("destinations") {
        diagnostics.error(&tree.place, "belongs to version v1; in v2 write outputs, each with type and destination");
    }
    let mut services = Services::default();
    for key in ["outputs", "services"] {
        let Some(list) = section.take(key) else { continue };
        for entry in list.list(diagnostics, limits::OUTPUTS) {
            let place = entry.place.clone();
            match service(entry, base, diagnostics) {
                Some(Service::Output(output)) => services.outputs.push(output),
                Some(Service::Tunnel(tunnel)) => services.tunnels.push((place, tunnel)),
                None => {}
            }
        }
    }
    services
}

/// `{type: directory, path: …}` or `{type: memory}`.
fn sink(mut section: Section, base: &Path, diagnostics: &mut Diagnostics) -> Option<Sink> {
    if section.has("directory") {
        diagnostics.error(&section.place, "is written as in version v1; write type: directory and path: PATH");
        section.ignore_rest();
        return None;
    }
    let tree = section.require("type", diagnostics, "write type: directory");
    let place = tree.as_ref().map_or_else(|| section.place.clone(), |tree| tree.place.clone());
    let kind = tree.and_then(|tree| tree.text(diagnostics));
    match kind.as_ref().map(|kind| kind.expose()) {
        Some("directory") => {
            let read = directory::read(section, base, diagnostics);
            return read.map(|(directory, path)| Sink::Directory { directory, path });
        }
        Some("memory") => {
            section.finish(diagnostics);
            return Some(Sink::Memory(place));
        }
        Some("kubernetes_secret") => {
            diagnostics.unsupported(&place, "Kubernetes secrets aren't written here; write type: directory");
        }
        Some(other) => {
            diagnostics.error(&place, format!("is {}; {}", shown(other), suggestion(other, &["directory", "memory"])));
        }
        None => {}
    }
    section.ignore_rest();
    None
}

enum Service {
    Output(Written),
    Tunnel(TunnelConfig),
}

fn service(entry: Tree, base: &Path, diagnostics: &mut Diagnostics) -> Option<Service> {
    let entry_place = entry.place.clone();
    let mut section = entry.section(diagnostics)?;
    let types = types();
    let tree = section.require("type", diagnostics, &format!("write one of {}", types.join(", ")));
    let place = tree.as_ref().map_or_else(|| section.place.clone(), |tree| tree.place.clone());
    let Some(kind) = tree.and_then(|tree| tree.text(diagnostics)) else {
        section.ignore_rest();
        return None;
    };
    if let Some(kind) = TunnelType::of(kind.expose()) {
        return tunnel::read(section, kind, diagnostics).map(Service::Tunnel);
    }
    let tbot_type = match known(kind.expose()) {
        Some((_, KUBERNETES_V2)) => KUBERNETES_V2,
        Some((_, SSH_MULTIPLEXER)) => SSH_MULTIPLEXER,
        Some((kind, _)) => kind.as_str(),
        None => "",
    };
    let mut route_to_cluster = None;
    let kind = match known(kind.expose()) {
        Some((OutputType::Identity, SSH_MULTIPLEXER)) => {
            keys::answer(&mut section, Scope::SshMultiplexer, diagnostics);
            let words = section.take("proxy_command");
            let words = words.map(|list| list.parse_list(diagnostics, limits::COMMAND_WORDS, ssh_word));
            Some(OutputKind::Multiplexer(MultiplexerOutput { proxy_command: words.unwrap_or_default() }))
        }
        Some((OutputType::Identity, _)) => {
            route_to_cluster = section.take("cluster").and_then(|tree| tree.parse(diagnostics, value::name));
            Some(OutputKind::Identity(identity(&mut section, diagnostics)))
        }
        Some((OutputType::Kubernetes, KUBERNETES_V2)) => {
            keys::answer(&mut section, Scope::KubernetesV2, diagnostics);
            kubernetes::selectors(&mut section, diagnostics)
        }
        Some((OutputType::Kubernetes, _)) => {
            let exec_plugin = !kubernetes::disable_exec_plugin(&mut section, diagnostics);
            required_name(&mut section, "kubernetes_cluster", diagnostics).map(|cluster| {
                OutputKind::Kubernetes(KubernetesOutput { exec_plugin, ..KubernetesOutput::named([cluster]) })
            })
        }
        Some((OutputType::Database, _)) => database(&mut section, diagnostics),
        Some((OutputType::Application, _)) => application(&mut section, "app_name", diagnostics),
        None => {
            let other = kind.expose();
            if NOT_BUILT_TYPES.iter().any(|(name, _)| *name == other) {
                diagnostics.unsupported(&place, format!("{other:?} isn't built here; built: {}", types.join(", ")));
            } else {
                diagnostics.error(&place, format!("is {}; {}", shown(other), suggestion(other, &types)));
            }
            section.ignore_rest();
            return None;
        }
    };
    let destination = section
        .require("destination", diagnostics, "write {type: directory, path: PATH}")
        .and_then(|tree| tree.section(diagnostics))
        .and_then(|section| sink(section, base, diagnostics))
        .and_then(|sink| sink.of_output(kind.as_ref(), diagnostics));
    let roles =
        section.take("roles").map(|list| list.parse_list(diagnostics, limits::ROLES, value::name)).unwrap_or_default();
    let name = section.take("name").and_then(|tree| tree.parse(diagnostics, value::name));
    let ttl = lifetime::wished(&mut section, diagnostics);
    keys::answer(&mut section, Scope::Output, diagnostics);
    section.finish(diagnostics);
    let (destination, path) = destination?;
    if matches!(kind, Some(OutputKind::Multiplexer(_)))
        && let Err(why) = listen::fits(&destination.path.join(AGENT_SOCKET))
    {
        diagnostics.error(&path, format!("with {AGENT_SOCKET}, {why}"));
    }
    let output = OutputConfig { kind: kind?, tbot_type, destination, roles, name, route_to_cluster, ttl };
    Some(Service::Output(Written { entry: entry_place, path, output }))
}

/// A word of a command in `ssh_config`, where a line ends at its end.
fn ssh_word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(format!("is {}, which can't stand in ssh_config; write a word of the command", shown(text)));
    }
    Ok(text.to_owned())
}

/// Every word that `type` may be.
fn types() -> Vec<&'static str> {
    let mut types = words_of::<OutputType>();
    types.extend([KUBERNETES_V2, SSH_MULTIPLEXER]);
    types.extend(TunnelType::WORDS.iter().map(|(word, _)| *word));
    types
}

/// What a word of [`types`] stands for.
fn known(text: &str) -> Option<(OutputType, &str)> {
    let kind = match text {
        KUBERNETES_V2 => OutputType::Kubernetes,
        SSH_MULTIPLEXER => OutputType::Identity,
        _ => value::word(text).ok()?,
    };
    Some((kind, text))
}

/// What an output of type identity has beside the common keys.
fn identity(section: &mut Section, diagnostics: &mut Diagnostics) -> IdentityOutput {
    let reissuable = section.take("allow_reissue").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    let ssh_config = section.take("ssh_config").and_then(|tree| {
        tree.parse(diagnostics, |text| match text {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(format!("is {}; write on or off", shown(other))),
        })
    });
    IdentityOutput { ssh_config: ssh_config.unwrap_or(true), reissuable }
}
