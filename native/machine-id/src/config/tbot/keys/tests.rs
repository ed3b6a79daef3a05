//! Each key of the list is what the list says, and the page says the same.

use std::fmt::Write as _;

use super::super::tests::read;
use super::list::{KEYS, NOT_BUILT_TYPES};
use super::{Fate, Key, Scope};
use crate::error::{Code, Fault};
use crate::method::JoinMethod;
use crate::vocabulary::generated;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");
const BEGIN: &str = "<!-- tbot's keys: made by a test of config/tbot/keys -->\n";
const END: &str = "<!-- end of tbot's keys -->";

/// A file with the key in its place.
fn file(Key { scope, name, example, .. }: &Key) -> String {
    const V2: &str = "version: v2\nproxy_server: p.example.com:443\n";
    const V1: &str = "proxy_server: p.example.com:443\n";
    const IAM: &str = "onboarding: {join_method: iam, token: t}\n";
    let line = format!("{name}: {example}");
    let output = |more: &str| {
        let destination = if *name == "destination" { "" } else { "  destination: {type: directory, path: /o}\n" };
        format!("{V2}{IAM}outputs:\n- {more}\n{destination}")
    };
    let typed = |kind: &str| output(&format!("type: {kind}\n  {line}"));
    match (scope, *name) {
        (Scope::Top, "version") => format!("{line}\nproxy_server: p.example.com:443\n{IAM}outputs: []\n"),
        (Scope::Top, "auth_server" | "proxy_server") => format!("version: v2\n{IAM}{line}\n"),
        (Scope::Top, "onboarding") => format!("{V2}{line}\n"),
        (Scope::Top, "join_uri") => format!("{V2}{line}\n"),
        (Scope::Top | Scope::TopV2, _) => format!("{V2}{IAM}{line}\n"),
        (Scope::TopV1, _) => format!("{V1}{IAM}{line}\n"),
        (Scope::Onboarding, "join_method" | "join_uri") => format!("{V2}onboarding:\n  {line}\n"),
        (Scope::Onboarding, _) => format!("{V2}onboarding:\n  {line}\n"),
        (Scope::Directory, "type") => format!("{V2}{IAM}storage: {{{line}, path: /s}}\n"),
        (Scope::Directory, "path") => format!("{V2}{IAM}storage: {{type: directory, {line}}}\n"),
        (Scope::Directory, _) => {
            output(&format!("type: identity\n  destination: {{type: directory, path: /o, {line}}}"))
                .replace("  destination: {type: directory, path: /o}\n", "")
        }
        (Scope::Reader, _) => {
            output(&format!("type: identity\n  destination: {{type: directory, path: /o, readers: [{{{line}}}]}}"))
                .replace("  destination: {type: directory, path: /o}\n", "")
        }
        (Scope::Secret, _) => format!("{V2}{IAM}storage: {{type: kubernetes_secret, {line}}}\n"),
        (Scope::StorageV1, _) => format!("{V1}{IAM}storage: {{{line}}}\n"),
        (Scope::DestinationV1, "directory" | "memory") => format!("{V1}{IAM}destinations: [{{{line}}}]\n"),
        (Scope::DestinationV1, _) => format!("{V1}{IAM}destinations: [{{directory: /o, {line}}}]\n"),
        (Scope::DatabaseV1, "service") => format!("{V1}{IAM}destinations: [{{directory: /o, database: {{{line}}}}}]\n"),
        (Scope::DatabaseV1, _) => {
            format!("{V1}{IAM}destinations: [{{directory: /o, database: {{service: s, {line}}}}}]\n")
        }
        (Scope::TemplateV1, _) => {
            format!("{V1}{IAM}destinations: [{{directory: /o, database: {{service: s}}, configs: [{{{line}}}]}}]\n")
        }
        (Scope::Output, "type") => output(&line),
        (Scope::Output | Scope::Identity, _) => typed("identity"),
        (Scope::Application, "app_name") => typed("application"),
        (Scope::Application, _) => typed("application\n  app_name: a"),
        (Scope::Database, "service") => typed("database"),
        (Scope::Database, _) => typed("database\n  service: s"),
        (Scope::Kubernetes, "kubernetes_cluster") => typed("kubernetes"),
        (Scope::Kubernetes, _) => typed("kubernetes\n  kubernetes_cluster: k"),
        (Scope::KubernetesV2, "selectors") => typed("kubernetes/v2"),
        (Scope::KubernetesV2, _) => typed("kubernetes/v2\n  selectors: [{name: k}]"),
        (Scope::SshMultiplexer, _) => typed("ssh-multiplexer"),
        (Scope::Selector, "default_namespace") => {
            output(&format!("type: kubernetes/v2\n  selectors: [{{name: k, {line}}}]"))
        }
        (Scope::DatabaseTunnel | Scope::ApplicationTunnel | Scope::ApplicationProxy, _) => {
            let own = KEYS.iter().filter(|other| other.scope == *scope && other.name != *name);
            let rest: String = own.map(|other| format!("  {}: {}\n", other.name, other.example)).collect();
            let kind = heading(*scope).trim_matches('`');
            format!("{V2}{IAM}services:\n- type: {kind}\n  {line}\n{rest}")
        }
        (Scope::Selector, _) => output(&format!("type: kubernetes/v2\n  selectors: [{{{line}}}]")),
    }
}

#[test]
fn each_key_becomes_what_the_list_says() {
    for key in KEYS {
        let text = file(key);
        let outcome = read(&text);
        let warnings = |outcome: Result<crate::config::TbotConfig, _>| -> Vec<String> {
            let config = outcome.unwrap_or_else(|error: crate::config::ConfigError| panic!("{text}{error}"));
            config.warnings.into_iter().filter(|warning| !warning.contains("no outputs")).collect()
        };
        match key.fate {
            Fate::Done => {
                let said = warnings(outcome);
                assert!(said.is_empty(), "{text}{said:?}");
            }
            Fate::Differs(_) => {
                let said = warnings(outcome);
                assert!(said.iter().all(|warning| !warning.contains("no version of tbot")), "{text}{said:?}");
            }
            Fate::Said(words) => {
                let said = warnings(outcome);
                assert!(matches!(said.as_slice(), [one] if one.ends_with(words)), "{text}{said:?}");
            }
            Fate::NotBuilt(_) => {
                let error = outcome.expect_err(&text);
                assert_eq!(error.code(), Code::Unsupported, "{text}{error}");
            }
        }
        for harmless in key.harmless {
            let said = warnings(read(&file(&Key { example: harmless, harmless: &[], ..*key })));
            assert!(said.is_empty(), "{} {harmless}: {said:?}", key.name);
        }
    }
}

#[test]
fn each_key_stands_once_in_its_place() {
    for (index, key) in KEYS.iter().enumerate() {
        assert!(!KEYS[..index].iter().any(|other| (other.scope, other.name) == (key.scope, key.name)), "{key:?}");
    }
}

fn heading(scope: Scope) -> &'static str {
    match scope {
        Scope::Top => "top",
        Scope::TopV1 => "top, version v1",
        Scope::TopV2 => "top, version v2",
        Scope::Onboarding => "`onboarding`",
        Scope::Directory => "`storage`, `destination`, `directory` of type `directory`",
        Scope::Reader => "`readers`",
        Scope::Secret => "`storage`, `destination` of type `kubernetes_secret`",
        Scope::StorageV1 => "`storage`, version v1",
        Scope::DestinationV1 => "`destinations`, version v1",
        Scope::DatabaseV1 => "`destinations`: `database`",
        Scope::TemplateV1 => "`destinations`: `configs`",
        Scope::Output => "each of `outputs` and `services`",
        Scope::Identity => "`identity`",
        Scope::Application => "`application`",
        Scope::Database => "`database`",
        Scope::Kubernetes => "`kubernetes`",
        Scope::KubernetesV2 => "`kubernetes/v2`",
        Scope::Selector => "`kubernetes/v2`: `selectors`",
        Scope::DatabaseTunnel => "`database-tunnel`",
        Scope::ApplicationTunnel => "`application-tunnel`",
        Scope::ApplicationProxy => "`application-proxy`",
        Scope::SshMultiplexer => "`ssh-multiplexer`",
    }
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The table of the page.
fn table() -> String {
    let mut text = String::from("| where | key | here |\n|---|---|---|\n");
    let mut scopes: Vec<Scope> = KEYS.iter().map(|key| key.scope).collect();
    scopes.dedup();
    for scope in scopes {
        let of = || KEYS.iter().filter(move |key| key.scope == scope);
        let done = quoted(of().filter(|key| matches!(key.fate, Fate::Done)).map(|key| key.name));
        if !done.is_empty() {
            writeln!(text, "| {} | {done} | done |", heading(scope)).unwrap();
        }
        let mut rest: Vec<(String, Vec<&str>)> = Vec::new();
        for key in of() {
            let what = match key.fate {
                Fate::Done => continue,
                Fate::Differs(how) => format!("done differently: {how}"),
                Fate::Said(what) => format!("named: {what}"),
                Fate::NotBuilt(why) => format!("refused: {why}"),
            };
            match rest.iter_mut().find(|(other, _)| *other == what) {
                Some((_, names)) => names.push(key.name),
                None => rest.push((what, vec![key.name])),
            }
        }
        for (what, names) in rest {
            writeln!(text, "| {} | {} | {what} |", heading(scope), quoted(names)).unwrap();
        }
    }
    for method in JoinMethod::ALL {
        let (spec, section) = (method.spec(), method.spec().tbot_section);
        let names: Vec<&str> = spec.settings.iter().filter_map(|setting| setting.tbot).collect();
        if let (Some(section), false) = (section, names.is_empty()) {
            writeln!(text, "| `onboarding`: `{section}` | {} | done |", quoted(names)).unwrap();
        }
    }
    for (name, keys) in NOT_BUILT_TYPES {
        let own = if keys.is_empty() { String::new() } else { format!(" ({})", quoted(keys.iter().copied())) };
        writeln!(text, "| `outputs`, `services` | type `{name}`{own} | refused: isn't built |").unwrap();
    }
    text
}

#[test]
fn the_page_has_the_same_table() {
    generated::is_between((BEGIN, END), PAGE, &table(), "config::tbot::keys");
}
