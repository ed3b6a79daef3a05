//! tbot's own configuration file, versions v1 and v2 (protocol G4; tbot 9 to 18).

mod directory;
mod lifetime;
mod load;
mod onboarding;
mod sink;
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

use std::path::Path;
use std::time::Duration;

use super::diagnostic::{ConfigError, Diagnostics, Place};
use super::model::{
    AddressKind, ClusterConfig, DirectoryConfig, IdentityConfig, Listen, OutputConfig, TbotConfig, TunnelConfig,
};
use super::read::address::parse_address;
use super::read::join_uri::UriCluster;
use super::read::tree::{Section, Text, Tree, Value};
use super::read::value::shown;
use crate::error::Code;
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
        let mut diagnostics = Diagnostics::new(source, Code::ConfigInvalid);
        let place = Place { path: "--join-uri".to_owned(), line: None };
        let uri = join_uri.map(|uri| Tree { place, value: Value::Text(Text::new(uri.to_owned())) });
        let config =
            load::parse(text, &mut diagnostics).and_then(|tree| read(tree, uri, working_directory, &mut diagnostics));
        diagnostics.finish(config).map(|(config, warnings)| Self { warnings, ..config })
    }
}

/// Which of the two languages a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

fn read(tree: Tree, given: Option<Tree>, base: &Path, diagnostics: &mut Diagnostics) -> Option<TbotConfig> {
    let top = Tree { place: Place { line: Some(1), ..tree.place }, ..tree };
    let mut section = top.section(diagnostics)?;
    let version = version(&mut section, diagnostics);
    let uri = match (section.take("join_uri"), given) {
        (Some(_), Some(given)) => {
            diagnostics.error(&given.place, "stands beside join_uri in the file; give one of them");
            None
        }
        (uri, given) => given.or(uri),
    };
    let Onboarding { pins: ca_pins, ca, join } = onboarding::read(section.take("onboarding"), uri, base, diagnostics);
    let named = join.as_ref().and_then(|(_, named)| named.clone());
    let join = join.map(|(join, _)| join);
    let cluster = cluster(&mut section, named, diagnostics);
    let oneshot = section.take("oneshot").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    let (lifetime, renewal_interval) = lifetime::read(&mut section, oneshot, diagnostics);
    switches(&mut section, diagnostics);
    let (storage, v2::Services { outputs, tunnels }) = match version {
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
    if outputs.is_empty() && tunnels.is_empty() {
        diagnostics.warn(&section.place, "no outputs: only the bot's own identity is kept");
    }
    section.finish(diagnostics);
    let storage = storage.and_then(|sink| sink.of_storage(join.as_ref(), diagnostics));
    distinct(&outputs, storage.as_ref(), diagnostics);
    distinct_listeners(&tunnels, diagnostics);
    let tunnels: Vec<TunnelConfig> = tunnels.into_iter().map(|(_, tunnel)| tunnel).collect();
    let outputs: Vec<OutputConfig> = outputs.into_iter().map(|(_, output)| output).collect();
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
    Some(TbotConfig { identity, outputs, tunnels, oneshot, warnings: Vec::new() })
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

/// Switches of tbot that mean little here, or that must not be silently ignored.
fn switches(section: &mut Section, diagnostics: &mut Diagnostics) {
    if let Some(tree) = section.take("debug") {
        let place = tree.place.clone();
        if tree.bool(diagnostics) == Some(true) {
            diagnostics.warn(&place, "does nothing here; set the log level on the command line");
        }
    }
    if let Some(tree) = section.take("diag_addr") {
        diagnostics.warn(&tree.place, "does nothing here: no diagnostics are served; ask `machine-id status`");
    }
    for (key, message) in [
        (
            "insecure",
            "the server's certificate is always verified; remove it, and name by ca_path the CA of the proxy's web \
             certificate (where the address is an auth server's, ca_pins do, too)",
        ),
        ("fips", "no FIPS build exists; remove it"),
    ] {
        if let Some(tree) = section.take(key) {
            let place = tree.place.clone();
            if tree.bool(diagnostics) == Some(true) {
                diagnostics.unsupported(&place, message);
            }
        }
    }
}

/// Two writers in one directory would overwrite each other's files.
fn distinct(outputs: &[(Place, OutputConfig)], storage: Option<&DirectoryConfig>, diagnostics: &mut Diagnostics) {
    for (index, (place, output)) in outputs.iter().enumerate() {
        let path = &output.destination.path;
        if storage.is_some_and(|storage| storage.path == *path) {
            diagnostics.error(
                place,
                format!("writes to {path:?}, where the bot's own identity is stored; take another directory"),
            );
        }
        let before = outputs.iter().take(index).find(|(_, other)| other.destination.path == *path);
        if let Some((before, _)) = before {
            diagnostics.error(place, format!("writes to {path:?} like {}; take another directory", before.path));
        }
    }
}

/// Port 0 is any free one.
fn distinct_listeners(tunnels: &[(Place, TunnelConfig)], diagnostics: &mut Diagnostics) {
    for (index, (place, tunnel)) in tunnels.iter().enumerate() {
        let free = matches!(&tunnel.listen, Listen::Tcp(address) if address.port() == 0);
        let before = tunnels.iter().take(index).find(|(_, other)| !free && other.listen == tunnel.listen);
        if let Some((before, _)) = before {
            diagnostics.error(place, format!("listens where {} does; take another port or path", before.path));
        }
    }
}
