//! `contract/vocabulary.json` says what this library says, and `contract/values.json` what it takes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::applications::Application;
use super::databases::{Client, Database, LIBPQ_OTHERS};
use super::{ABI, Word, limits, words_of};
use crate::config::{
    AclMode, AcquireRequest, AddressKind, DatabaseFormat, EngineConfig, KeyAlgorithm, OutputType, Scope, SymlinkMode,
};
use crate::engine::{IdentityState, Origin, Trust};
use crate::error::Code;
use crate::lease::{CertificateKind, Fate};
use crate::method::{JoinMethod, Setting};
use crate::output::Variable;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contract/vocabulary.json");

/// Every closed list by its name. One list is one line here.
fn words() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        ("acl_modes", words_of::<AclMode>()),
        ("address_kinds", words_of::<AddressKind>()),
        ("application_protocols", words_of::<Application>()),
        ("cache_scopes", words_of::<Scope>()),
        ("certificate_kinds", words_of::<CertificateKind>()),
        ("database_formats", words_of::<DatabaseFormat>()),
        ("directory_fates", words_of::<Fate>()),
        ("error_codes", words_of::<Code>()),
        ("identity_origins", words_of::<Origin>()),
        ("identity_states", words_of::<IdentityState>()),
        ("key_algorithms", words_of::<KeyAlgorithm>()),
        ("libpq_others", LIBPQ_OTHERS.to_vec()),
        ("output_types", words_of::<OutputType>()),
        ("symlink_modes", words_of::<SymlinkMode>()),
        ("trusts", words_of::<Trust>()),
        ("variables", words_of::<Variable>()),
    ])
}

fn vocabulary() -> Value {
    let limits: Map<String, Value> =
        limits::ALL.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    let methods: Vec<Value> = JoinMethod::ALL.iter().map(|method| join_method(*method)).collect();
    let database = |known: &Database| {
        let client = known.client.map(Client::as_str);
        json!({"word": known.word, "tcp": known.tcp, "socket": known.socket, "client": client})
    };
    let databases: Vec<Value> = Database::ALL.iter().map(database).collect();
    json!({"abi": ABI, "words": words(), "limits": limits, "join_methods": methods, "databases": databases})
}

/// A join method: whether its token is a secret, whether what a join brings is kept on disk, and its settings.
fn join_method(method: JoinMethod) -> Value {
    let spec = method.spec();
    let field = |setting: &Setting| json!({"name": setting.name, "kind": setting.kind.as_str()});
    let fields: Vec<Value> = spec.settings.iter().map(field).collect();
    json!({
        "name": spec.name,
        "renewable": method.renewable(),
        "secret": method.has_secret_token(),
        "stored": method.is_stored(),
        "fields": fields,
        "at_most_one": spec.at_most_one,
    })
}

#[test]
fn the_vocabulary_is_the_file_of_the_contract() {
    let ours = format!("{}\n", serde_json::to_string_pretty(&vocabulary()).unwrap());
    super::generated::is(FILE, &ours, "vocabulary");
}

#[test]
fn each_word_stands_once_and_is_plain() {
    for (list, words) in words() {
        let once: std::collections::BTreeSet<_> = words.iter().collect();
        assert!(!words.is_empty() && once.len() == words.len(), "{list}: {words:?}");
        for word in words {
            let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            assert!(plain && !word.is_empty(), "{list}: {word:?}");
        }
    }
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_pages_list_the_same_words() {
    let page = include_str!("../../../../contract/README.md");
    let (_, table) = page.split_once("| list | where | words |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let mut listed: BTreeMap<_, _> = rows
        .map(|row| {
            let cells: Vec<_> = row.split(" | ").collect();
            (quoted(cells[0])[0], quoted(cells[2]))
        })
        .collect();
    // These two have pages of their own.
    listed.insert("error_codes", words_of::<Code>());
    let page = include_str!("../../../../docs/variables.md");
    let (_, table) = page.split_once("| variable | what |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    listed.insert("variables", rows.flat_map(|row| quoted(row.split(" | ").next().unwrap())).collect());
    let ordered = |mut lists: BTreeMap<_, Vec<_>>| {
        // The table of variables has an order of its own.
        lists.entry("variables").or_default().sort_unstable();
        lists
    };
    assert_eq!(ordered(listed), ordered(words()));
}

#[test]
fn what_holds_where_none_is_given_stands_first() {
    fn first<T: Word + Default + PartialEq + std::fmt::Debug>() {
        assert_eq!(T::ALL.first(), Some(&T::default()));
    }
    first::<KeyAlgorithm>();
    first::<Scope>();
    first::<SymlinkMode>();
    let config = json!({"abi": ABI, "root": "/r", "helper": "/h", "helper_sha256": "0".repeat(64), "identities": [
        {"id": "a", "cluster": {"address": "h"}, "join": {"method": "token"}}]});
    let config = EngineConfig::from_json(config.to_string().as_bytes()).unwrap();
    assert_eq!(Some(&config.identities[0].cluster.kind), AddressKind::ALL.first());
}

/// A text of `values.json`: itself, or `{"repeat": TEXT, "times": N}`.
fn text(value: &Value) -> Value {
    match (value["repeat"].as_str(), value["times"].as_u64()) {
        (Some(part), Some(times)) => json!(part.repeat(usize::try_from(times).unwrap())),
        _ => value.clone(),
    }
}

/// Whether the library takes a value where a rule's values stand.
fn taken(rule: &str, value: &Value) -> bool {
    let mut identity = json!({"id": "a", "cluster": {"address": "h"}, "join": {"method": "token"}});
    let mut request = json!({"lease": "0".repeat(32), "identity": "a", "directory": "/d"});
    match rule {
        "identity_id" => identity["id"] = value.clone(),
        "address" => identity["cluster"]["address"] = value.clone(),
        "ca_pin" => identity["cluster"]["ca_pins"] = json!([value]),
        "ca_pem" => identity["cluster"]["ca_pem"] = value.clone(),
        "token_file" => identity["join"]["token_file"] = value.clone(),
        "lifetime_seconds" => identity["lifetime_seconds"] = value.clone(),
        "max_ttl_seconds" => identity["max_ttl_seconds"] = value.clone(),
        "renewal_interval_seconds" => identity["renewal_interval_seconds"] = value.clone(),
        "role" => identity["roles"] = json!([value]),
        "ttl_seconds" => request["ttl_seconds"] = value.clone(),
        "reader" => request["readers"] = json!([value]),
        "name" => request["route_to_cluster"] = value.clone(),
        "lease" => request["lease"] = value.clone(),
        other => panic!("no such rule: {other}"),
    }
    let config = json!({"abi": ABI, "root": "/r", "helper": "/h", "helper_sha256": "0".repeat(64),
        "identities": [identity]});
    EngineConfig::from_json(config.to_string().as_bytes()).is_ok()
        && AcquireRequest::from_json(request.to_string().as_bytes()).is_ok()
}

#[test]
fn values_are_taken_and_refused_as_the_contract_says() {
    let rules: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../../../../contract/values.json")).unwrap();
    assert!(rules.len() > 10);
    for (rule, values) in &rules {
        for (key, expected) in [("taken", true), ("refused", false)] {
            let values = values[key].as_array().unwrap();
            assert!(!values.is_empty(), "{rule} {key}");
            for value in values {
                let shown: String = value.to_string().chars().take(80).collect();
                assert_eq!(taken(rule, &text(value)), expected, "{rule}: {shown}");
            }
        }
    }
}
