//! tbot's own configuration file, versions v1 and v2 (protocol G4; tbot 9 to 18).

mod directory;
mod lifetime;
mod load;
mod onboarding;
mod template;
mod v1;
mod v2;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use super::address::parse_address;
use super::fault::{ConfigError, Place, Report};
use super::model::{AddressKind, ClusterConfig, DirectoryConfig, IdentityConfig, OutputConfig, TbotConfig};
use super::tree::{Section, Tree};
use super::value::shown;
use crate::error::Code;

/// Where tbot keeps the bot's identity unless told otherwise (protocol G2).
const DEFAULT_STORAGE: &str = "/var/lib/teleport/bot";

impl TbotConfig {
    /// Reads a `tbot.yaml`. `source` is its name for messages; relative paths in it are below `working_directory`, as
    /// tbot takes them.
    ///
    /// # Errors
    /// All faults together, each as `SOURCE:LINE: key: what is wrong; what is allowed`.
    pub fn from_yaml(source: &str, text: &[u8], working_directory: &Path) -> Result<Self, ConfigError> {
        let mut report = Report::new(source, Code::ConfigInvalid);
        let config = load::parse(text, &mut report).and_then(|tree| read(tree, working_directory, &mut report));
        report.finish(config).map(|(config, warnings)| Self { warnings, ..config })
    }
}

/// Which of the two languages a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

fn read(tree: Tree, base: &Path, report: &mut Report) -> Option<TbotConfig> {
    let top = Tree { place: Place { line: Some(1), ..tree.place }, ..tree };
    let mut section = top.section(report)?;
    let version = version(&mut section, report);
    let cluster = cluster(&mut section, report);
    let (ca_pins, ca, join) = onboarding::read(section.take("onboarding"), base, report);
    let oneshot = section.take("oneshot").and_then(|tree| tree.bool(report)).unwrap_or(false);
    let (lifetime, renewal_interval) = lifetime::read(&mut section, oneshot, report);
    switches(&mut section, report);
    let (storage, outputs) = match version {
        Some(Version::V1) => {
            (v1::storage(section.take("storage"), base, report), v1::outputs(&mut section, base, report))
        }
        Some(Version::V2) => {
            (v2::storage(section.take("storage"), base, report), v2::outputs(&mut section, base, report))
        }
        None => {
            section.ignore_rest();
            return None;
        }
    };
    if outputs.is_empty() {
        report.warn(&section.place, "no outputs: only the bot's own identity is kept");
    }
    section.finish(report);
    distinct(&outputs, storage.as_ref(), report);
    let outputs: Vec<OutputConfig> = outputs.into_iter().map(|(_, output)| output).collect();
    let max_ttl = outputs.iter().filter_map(|output| output.ttl).fold(lifetime, Duration::max);
    let (host, port, kind) = cluster?;
    let identity = IdentityConfig {
        id: "default".to_owned(),
        cluster: ClusterConfig { host, port, kind, ca_pins, ca },
        join: join?,
        key_algorithm: None,
        lifetime,
        renewal_interval,
        roles: Vec::new(),
        max_ttl,
        storage: storage?,
    };
    Some(TbotConfig { identity, outputs, oneshot, warnings: Vec::new() })
}

fn version(section: &mut Section, report: &mut Report) -> Option<Version> {
    let Some(tree) = section.take("version") else { return Some(Version::V1) };
    tree.parse(report, |text| match text {
        "v1" => Ok(Version::V1),
        "v2" => Ok(Version::V2),
        other => Err(format!("is {}; write v1 or v2", shown(other))),
    })
}

fn cluster(section: &mut Section, report: &mut Report) -> Option<(String, u16, AddressKind)> {
    let proxy = section.take("proxy_server");
    let auth = section.take("auth_server");
    let (tree, kind) = match (proxy, auth) {
        (Some(proxy), Some(_)) => {
            report.fault(&proxy.place, "stands beside auth_server; write one of them");
            return None;
        }
        (Some(proxy), None) => (proxy, AddressKind::Proxy),
        (None, Some(auth)) => (auth, AddressKind::AuthOrProxy),
        (None, None) => {
            let message = if section.take_hidden("join_uri").is_some() {
                "join_uri isn't built here; write proxy_server and onboarding"
            } else {
                "proxy_server is missing; write proxy_server: HOST:PORT (or auth_server)"
            };
            report.fault(&section.place, message);
            return None;
        }
    };
    let (host, port) = tree.parse(report, |text| parse_address(text, kind.default_port()))?;
    Some((host, port, kind))
}

/// Switches of tbot that mean little here, or that must not be silently ignored.
fn switches(section: &mut Section, report: &mut Report) {
    if let Some(tree) = section.take("debug") {
        let place = tree.place.clone();
        if tree.bool(report) == Some(true) {
            report.warn(&place, "does nothing here; set the log level on the command line");
        }
    }
    if let Some(tree) = section.take("diag_addr") {
        report.warn(&tree.place, "does nothing here: no diagnostics are served; ask `machine-id status`");
    }
    for (key, message) in [
        ("insecure", "the server's certificate is always verified; remove it, and name the CA by ca_pins or ca_path"),
        ("fips", "no FIPS build exists; remove it"),
    ] {
        if let Some(tree) = section.take(key) {
            let place = tree.place.clone();
            if tree.bool(report) == Some(true) {
                report.unsupported(&place, message);
            }
        }
    }
}

/// Two writers in one directory would overwrite each other's files.
fn distinct(outputs: &[(Place, OutputConfig)], storage: Option<&DirectoryConfig>, report: &mut Report) {
    for (index, (place, output)) in outputs.iter().enumerate() {
        let path = &output.destination.path;
        if storage.is_some_and(|storage| storage.path == *path) {
            report.fault(
                place,
                format!("writes to {path:?}, where the bot's own identity is stored; take another directory"),
            );
        }
        let before = outputs.iter().take(index).find(|(_, other)| other.destination.path == *path);
        if let Some((before, _)) = before {
            report.fault(place, format!("writes to {path:?} like {}; take another directory", before.path));
        }
    }
}
