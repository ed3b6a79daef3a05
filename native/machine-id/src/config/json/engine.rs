//! The library's own configuration: `open(config)` and `check(config)` of `contract/README.md`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::document;
use crate::config::diagnostic::{ConfigError, Diagnostics};
use crate::config::model::{
    AddressKind, CaSource, ClusterConfig, DirectoryConfig, EngineConfig, HelperConfig, HelperContent, IdentityConfig,
    JoinConfig, TokenSource,
};
use crate::config::read::address::parse_address;
use crate::config::read::join::{self, Language};
use crate::config::read::join_uri::{Said, UriCluster};
use crate::config::read::tree::{Section, Tree};
use crate::config::read::value;
use crate::error::Code;
use crate::method::Settings;
use crate::vocabulary::{ABI, limits};

impl EngineConfig {
    /// Reads the configuration of the library.
    ///
    /// # Errors
    /// All faults together, each with its JSON path: unknown and missing keys, wrong types, wrong values.
    pub fn from_json(text: &[u8]) -> Result<Self, ConfigError> {
        Self::read(text, Purpose::Open)
    }

    /// Reads what *Test connection* sends: the same without any secret, whatever the join method.
    ///
    /// # Errors
    /// As [`Self::from_json`], and a token, a token's file or a proof: a caller that sends one is at fault.
    pub fn check_from_json(text: &[u8]) -> Result<Self, ConfigError> {
        Self::read(text, Purpose::Check)
    }

    fn read(text: &[u8], purpose: Purpose) -> Result<Self, ConfigError> {
        let mut diagnostics = Diagnostics::new("config", Code::ConfigInvalid);
        let config = document::parse(text, &mut diagnostics).and_then(|tree| engine(tree, purpose, &mut diagnostics));
        diagnostics.finish(config).map(|(config, _)| config)
    }
}

/// What a configuration is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To join: a method other than `token` needs the name of its token.
    Open,
    /// To look at the cluster: nothing of a secret may be there.
    Check,
}

fn engine(tree: Tree, purpose: Purpose, diagnostics: &mut Diagnostics) -> Option<EngineConfig> {
    let mut section = tree.section(diagnostics)?;
    if let Some(abi) = section.require("abi", diagnostics, &format!("write {ABI}")) {
        let _ = abi.number(diagnostics, ABI.into(), ABI.into());
    }
    let root = path(&mut section, "root", diagnostics);
    let helper = path(&mut section, "helper", diagnostics);
    let content = section
        .require("helper_sha256", diagnostics, "write the helper's SHA-256 in hex")
        .and_then(|tree| tree.parse(diagnostics, sha256));
    let helper = helper.zip(content).map(|(path, content)| HelperConfig { path, content });
    let entries = section.take("identities").map(|list| list.list(diagnostics, limits::IDENTITIES)).unwrap_or_default();
    section.finish(diagnostics);
    let mut identities: Vec<IdentityConfig> = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = entry.place.clone();
        let Some(identity) = identity(entry, root.as_deref(), purpose, diagnostics) else { continue };
        if identities.iter().any(|other| other.id.eq_ignore_ascii_case(&identity.id)) {
            diagnostics.error(&place.key("id", None), format!("{:?} is there twice; each id once", identity.id));
        }
        identities.push(identity);
    }
    Some(EngineConfig { root: root?, helper: helper?, identities })
}

fn sha256(text: &str) -> Result<HelperContent, String> {
    let mut digest = [0; 32];
    match hex::decode_to_slice(text, &mut digest) {
        Ok(()) => Ok(HelperContent::Sha256(digest)),
        Err(_) => Err(format!("is {}; write 64 hex digits", value::shown(text))),
    }
}

fn path(section: &mut Section, key: &'static str, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
    section.require(key, diagnostics, "write an absolute path")?.parse(diagnostics, value::absolute_path)
}

fn identity(
    tree: Tree,
    root: Option<&Path>,
    purpose: Purpose,
    diagnostics: &mut Diagnostics,
) -> Option<IdentityConfig> {
    let mut section = tree.section(diagnostics)?;
    let id =
        section.require("id", diagnostics, "write a name").and_then(|tree| tree.parse(diagnostics, value::identity_id));
    let cluster =
        section.require("cluster", diagnostics, "write {\"address\": …}").and_then(|tree| cluster(tree, diagnostics));
    let join =
        section.require("join", diagnostics, "write {\"method\": …}").and_then(|tree| join(tree, purpose, diagnostics));
    let key_algorithm = section.take("key_algorithm").and_then(|tree| tree.parse(diagnostics, value::word));
    let lifetime = lifetime_of(&mut section, "lifetime_seconds", diagnostics).unwrap_or(limits::LIFETIME_DEFAULT);
    let renewal_interval = section
        .take("renewal_interval_seconds")
        .and_then(|t| t.seconds(diagnostics, limits::RENEWAL_INTERVAL_MIN_SECONDS, limits::LIFETIME_MAX_SECONDS));
    let max_ttl = lifetime_of(&mut section, "max_ttl_seconds", diagnostics).unwrap_or(limits::LIFETIME_DEFAULT);
    let roles =
        section.take("roles").map(|list| list.parse_list(diagnostics, limits::ROLES, value::name)).unwrap_or_default();
    if renewal_interval.is_some_and(|interval| interval >= lifetime) {
        let place = section.place.key("renewal_interval_seconds", None);
        diagnostics
            .error(&place, format!("isn't shorter than lifetime_seconds; write less than {}", lifetime.as_secs()));
    }
    let address_place = section.place.key("cluster", None).key("address", None);
    section.finish(diagnostics);
    let (id, cluster, (join, named)) = (id?, cluster?, join?);
    if let Some(named) = named {
        named.check(&address_place, &cluster.host, cluster.port, cluster.kind, diagnostics);
    }
    let storage = Some(DirectoryConfig::private(root?.join("identities").join(&id)));
    Some(IdentityConfig { id, cluster, join, key_algorithm, lifetime, renewal_interval, roles, max_ttl, storage })
}

/// A lifetime of certificates, in seconds.
pub(super) fn lifetime_of(section: &mut Section, key: &'static str, diagnostics: &mut Diagnostics) -> Option<Duration> {
    section.take(key)?.seconds(diagnostics, limits::LIFETIME_MIN_SECONDS, limits::LIFETIME_MAX_SECONDS)
}

fn cluster(tree: Tree, diagnostics: &mut Diagnostics) -> Option<ClusterConfig> {
    let mut section = tree.section(diagnostics)?;
    let kind = section.take("kind").and_then(|tree| tree.parse(diagnostics, value::word)).unwrap_or(AddressKind::Proxy);
    let address = section
        .require("address", diagnostics, "write host:port")
        .and_then(|tree| tree.parse(diagnostics, |text| parse_address(text, kind.default_port())));
    let ca_pins = section
        .take("ca_pins")
        .map(|list| list.parse_list(diagnostics, limits::CA_PINS, value::ca_pin))
        .unwrap_or_default();
    let ca = section.take("ca_pem").and_then(|tree| tree.parse(diagnostics, pem)).map(CaSource::Pem);
    let use_configured_address =
        section.take("use_configured_address").and_then(|tree| tree.bool(diagnostics)).unwrap_or(false);
    section.finish(diagnostics);
    let (host, port) = address?;
    Some(ClusterConfig { host, port, kind, ca_pins, ca, use_configured_address })
}

fn pem(text: &str) -> Result<String, String> {
    if text.len() > limits::CA_PEM_BYTES {
        return Err(format!("has {} bytes; at most {} are read", text.len(), limits::CA_PEM_BYTES));
    }
    if text.contains("PRIVATE KEY") {
        return Err("holds a private key; write the CA certificate alone".to_owned());
    }
    for line in ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"] {
        if !text.contains(line) {
            return Err(format!("has no {line}; write the CA certificate as PEM"));
        }
    }
    Ok(text.to_owned())
}

fn join(tree: Tree, purpose: Purpose, diagnostics: &mut Diagnostics) -> Option<(JoinConfig, Option<UriCluster>)> {
    let mut section = tree.section(diagnostics)?;
    let method =
        section.require("method", diagnostics, "write a join method").and_then(|tree| join::method(tree, diagnostics));
    let token_place = section.place.key("token", None);
    let value = section.take("token").and_then(|tree| tree.text(diagnostics)).map(TokenSource::Value);
    let file = section.take("token_file").and_then(|tree| tree.parse(diagnostics, value::absolute_path));
    let settings = section.take("settings");
    if value.is_some() && file.is_some() {
        diagnostics.error(&section.place, "has both token and token_file; write one of them");
    }
    let token = value.or(file.map(TokenSource::File)).unwrap_or(TokenSource::Absent);
    let place = section.place.clone();
    section.finish(diagnostics);
    if purpose == Purpose::Check {
        if !matches!(token, TokenSource::Absent) || settings.is_some() {
            diagnostics.error(&place, "has a token or settings; a check takes neither, leave them out");
        }
        return Some((
            JoinConfig { method: method?, token: TokenSource::Absent, settings: Arc::default(), given: None },
            None,
        ));
    }
    let said = Said::new(method, token, token_place, diagnostics);
    let settings = match (settings.and_then(|tree| tree.section(diagnostics)), said.method) {
        (Some(section), Some(method)) => join::settings(section, method, Language::Json, diagnostics),
        (Some(section), None) => {
            section.ignore_rest();
            Settings::default()
        }
        (None, _) => Settings::default(),
    };
    join::join(&place, said, settings, Language::Json, diagnostics)
}
