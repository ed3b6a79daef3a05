//! tbot's own configuration file, versions v1 and v2 (protocol G4; tbot 9 to 18).

mod diagnostics;
mod directory;
mod keys;
mod lifetime;
mod load;
mod nodes;
mod onboarding;
mod options;
mod sink;
mod target;
mod template;
mod tunnel;
mod v1;
mod v2;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod join_uri_tests;
#[cfg(test)]
mod newest_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod yaml_tests;

pub use options::{OptionValue, TbotOptions};

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::diagnostic::{ConfigError, Diagnostics, Place};
use super::model::{
    AddressKind, ClusterConfig, DirectoryConfig, IdentityConfig, Listen, OutputConfig, Places, TbotConfig, TunnelConfig,
};
use super::read::address::parse_address;
use super::read::join_uri::UriCluster;
use super::read::tree::{Section, Text, Tree, Value};
use super::read::value::shown;
use crate::error::Code;
use keys::Scope;
use onboarding::Onboarding;

impl TbotConfig {
    /// Reads a `tbot.yaml`. `source` is its name for messages; relative paths in it are below `working_directory`, as
    /// tbot takes them.
    ///
    /// # Errors
    /// All faults together, each as `SOURCE:LINE: key: what is wrong; what is allowed`.
    pub fn from_yaml(source: &str, text: &[u8], working_directory: &Path) -> Result<Self, ConfigError> {
        Self::from_yaml_and_uri(source, text, working_directory, None)
    }

    /// As [`Self::from_yaml`], with the joining URI of tbot's `--join-uri`.
    ///
    /// # Errors
    /// As [`Self::from_yaml`]; and a URI that can't be used, or that stands beside another or a token in the file.
    pub fn from_yaml_and_uri(
        source: &str,
        text: &[u8],
        working_directory: &Path,
        join_uri: Option<&str>,
    ) -> Result<Self, ConfigError> {
        let options = join_uri.map(TbotOptions::join_uri).unwrap_or_default();
        Self::from_yaml_with(source, Some(text), working_directory, options)
    }

    /// As [`Self::from_yaml`], with what is given on the command line, which wins; without a text that is all there is.
    ///
    /// # Errors
    /// As [`Self::from_yaml`].
    pub fn from_yaml_with(
        source: &str,
        text: Option<&[u8]>,
        working_directory: &Path,
        options: TbotOptions,
    ) -> Result<Self, ConfigError> {
        let mut diagnostics = Diagnostics::new(source, Code::ConfigInvalid).naming_unread_keys();
        let tree = match text {
            Some(text) => {
                let top = load::parse(text, &mut diagnostics);
                top.map(|tree| Tree { place: Place { line: Some(1), ..tree.place }, ..tree })
            }
            None => Some(Tree {
                place: Place::default(),
                value: Value::Map(vec![(
                    "version".to_owned(),
                    Tree { place: Place::default(), value: Value::Text(Text::new("v2".to_owned())) },
                )]),
            }),
        };
        let config = tree.and_then(|tree| read(tree, options, working_directory, &mut diagnostics));
        diagnostics.finish(config).map(|(config, warnings)| Self { warnings, ..config })
    }
}

/// Which of the two languages a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

fn read(mut top: Tree, options: TbotOptions, base: &Path, diagnostics: &mut Diagnostics) -> Option<TbotConfig> {
    let given = options.apply(&mut top, diagnostics);
    let mut section = top.section(diagnostics)?;
    let version = version(&mut section, diagnostics);
    let uri = match (section.take("join_uri"), given.join_uri) {
        (Some(_), Some(given)) => {
            diagnostics.error(&given.place, "stands beside join_uri in the file; give one of them");
            None
        }
        (uri, given) => given.or(uri),
    };
    let Onboarding { pins: ca_pins, ca, ca_place, join } =
        onboarding::read(section.take("onboarding"), uri, base, diagnostics);
    let named = join.as_ref().and_then(|(_, named)| named.clone());
    let join = join.map(|(join, _)| join);
    let cluster = cluster(&mut section, named, diagnostics);
    let oneshot = section.take("oneshot").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    let (lifetime, renewal_interval) = lifetime::read(&mut section, oneshot, diagnostics);
    let served = diagnostics::read(&mut section, diagnostics);
    keys::answer(&mut section, Scope::Top, diagnostics);
    let (storage, v2::Services { mut outputs, tunnels }) = match version {
        Some(Version::V1) => {
            let storage = v1::storage(section.take("storage"), base, diagnostics);
            let outputs = v1::outputs(&mut section, base, diagnostics);
            (storage, v2::Services { outputs, ..v2::Services::default() })
        }
        Some(Version::V2) => {
            (v2::storage(section.take("storage"), base, diagnostics), v2::services(&mut section, base, diagnostics))
        }
        None => {
            section.ignore_rest();
            return None;
        }
    };
    let storage = if given.storage.is_some() { v2::storage(given.storage, base, diagnostics) } else { storage };
    if let Some(tree) = given.outputs {
        if given.instead_of_outputs {
            outputs.clear();
        }
        outputs.extend(
            tree.section(diagnostics)
                .map(|mut given| v2::services(&mut given, base, diagnostics).outputs)
                .unwrap_or_default(),
        );
    }
    if outputs.is_empty() && tunnels.is_empty() {
        diagnostics.warn(&section.place, "no outputs: only the bot's own identity is kept");
    }
    section.finish(diagnostics);
    let storage_place = storage.as_ref().and_then(|sink| sink.place());
    let storage = storage.and_then(|sink| sink.of_storage(join.as_ref(), diagnostics));
    distinct(&outputs, storage.as_ref(), diagnostics);
    distinct_listeners(&tunnels, served.as_ref().filter(|_| !oneshot), diagnostics);
    target::check(&outputs, &tunnels, diagnostics);
    let listeners = tunnels.iter().map(|(place, _)| diagnostics.location(&place.key("listen", None))).collect();
    let tunnels: Vec<TunnelConfig> = tunnels.into_iter().map(|(_, tunnel)| tunnel).collect();
    let places = Places {
        storage: storage_place.map(|place| diagnostics.location(&place)),
        outputs: outputs.iter().map(|written| diagnostics.location(&written.path)).collect(),
        tunnels: listeners,
        ca: ca_place.map(|place| diagnostics.location(&place)),
        diagnostics: served.as_ref().map(|(place, _)| diagnostics.location(place)),
    };
    let outputs: Vec<OutputConfig> = outputs.into_iter().map(|written| written.output).collect();
    let wished = outputs.iter().map(|output| output.ttl).chain(tunnels.iter().map(|tunnel| tunnel.ttl));
    let max_ttl = wished.flatten().fold(lifetime, Duration::max);
    let (host, port, kind) = cluster?;
    let identity = IdentityConfig {
        id: "default".to_owned(),
        cluster: ClusterConfig { host, port, kind, ca_pins, ca, use_configured_address: false },
        join: join?,
        key_algorithm: None,
        lifetime,
        renewal_interval,
        roles: Vec::new(),
        max_ttl,
        storage,
    };
    let diagnostics = served.map(|(_, address)| address);
    Some(TbotConfig { identity, outputs, tunnels, diagnostics, oneshot, warnings: Vec::new(), places })
}

fn version(section: &mut Section, diagnostics: &mut Diagnostics) -> Option<Version> {
    let Some(tree) = section.take("version") else { return Some(Version::V1) };
    tree.parse(diagnostics, |text| match text {
        "v1" => Ok(Version::V1),
        "v2" => Ok(Version::V2),
        other => Err(format!("is {}; write v1 or v2", shown(other))),
    })
}

fn cluster(
    section: &mut Section,
    named: Option<UriCluster>,
    diagnostics: &mut Diagnostics,
) -> Option<(String, u16, AddressKind)> {
    let proxy = section.take("proxy_server");
    let auth = section.take("auth_server");
    let (tree, kind) = match (proxy, auth) {
        (Some(proxy), Some(_)) => {
            diagnostics.error(&proxy.place, "stands beside auth_server; write one of them");
            return None;
        }
        (Some(proxy), None) => (proxy, AddressKind::Proxy),
        (None, Some(auth)) => (auth, AddressKind::AuthOrProxy),
        (None, None) => {
            if let Some(UriCluster { host, port, kind }) = named {
                return Some((host, port, kind));
            }
            let message = "proxy_server is missing; write proxy_server: HOST:PORT (or auth_server)";
            diagnostics.error(&section.place, message);
            return None;
        }
    };
    let place = tree.place.clone();
    let (host, port) = tree.parse(diagnostics, |text| parse_address(text, kind.default_port()))?;
    if let Some(named) = named {
        named.check(&place, &host, port, kind, diagnostics);
    }
    Some((host, port, kind))
}

/// An output, and where it is written.
struct Written {
    entry: Place,
    /// Where its directory's path stands.
    path: Place,
    output: OutputConfig,
}

/// Two writers in one directory would overwrite each other's files.
fn distinct(outputs: &[Written], storage: Option<&DirectoryConfig>, diagnostics: &mut Diagnostics) {
    for (index, Written { entry: place, path: at, output }) in outputs.iter().enumerate() {
        let path = &output.destination.path;
        if let Some(storage) = storage
            && path.starts_with(&storage.path)
            && *path != storage.path
            && !output.destination.readers.is_empty()
        {
            let message =
                format!("is in the storage, {:?}, into which no reader gets; take another directory", storage.path);
            diagnostics.error(at, message);
        }
        if storage.is_some_and(|storage| storage.path == *path) {
            diagnostics.error(
                place,
                format!("writes to {path:?}, where the bot's own identity is stored; take another directory"),
            );
        }
        let before = outputs.iter().take(index).find(|other| other.output.destination.path == *path);
        if let Some(before) = before {
            diagnostics.error(place, format!("writes to {path:?} like {}; take another directory", before.entry.path));
        }
    }
}

/// `served`: where diagnostics are.
fn distinct_listeners(
    tunnels: &[(Place, TunnelConfig)],
    served: Option<&(Place, SocketAddr)>,
    diagnostics: &mut Diagnostics,
) {
    for (index, (place, tunnel)) in tunnels.iter().enumerate() {
        let before = tunnels.iter().take(index).find(|(_, other)| other.listen.clashes(&tunnel.listen));
        if let Some((before, _)) = before {
            diagnostics.error(place, format!("listens where {} does; take another port or path", before.path));
        }
        if let Some((at, _)) = served.filter(|(_, address)| tunnel.listen.clashes(&Listen::Tcp(*address))) {
            diagnostics.error(place, format!("listens where {} does; take another port", at.path));
        }
    }
}
