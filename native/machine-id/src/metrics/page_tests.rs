//! `docs/metrics.md`, the example alerts and the dashboard say what the list says.

use std::fmt::Write as _;

use serde_json::Value;

use super::list::METRICS;
use super::{Direction, Door, Kind, Reason, TunnelTo};
use crate::config::OutputType;
use crate::engine::IdentityState;
use crate::error::Code;
use crate::vocabulary::{generated, words_of};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
const BEGIN: &str = "<!-- metrics: made by a test of metrics -->\n";
const END: &str = "<!-- end of metrics -->";
const ALERTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics/alerts.yaml"));
const DASHBOARD: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics/dashboard.json"));

fn table() -> String {
    let mut text = String::from("| name | type | labels | meaning |\n|---|---|---|---|\n");
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        writeln!(text, "| `{}` | {} | {labels} | {} |", metric.name, metric.kind, metric.help).unwrap();
    }
    text
}

#[test]
fn the_page_has_the_same_metrics() {
    generated::is_between((BEGIN, END), PAGE, &table(), "metrics::page");
}

#[test]
fn the_page_has_the_words_of_the_labels() {
    let page = std::fs::read_to_string(PAGE).unwrap().replace('\n', " ");
    let lists = [
        ("state", words_of::<IdentityState>()),
        ("target", words_of::<OutputType>()),
        ("kind", words_of::<TunnelTo>()),
        ("direction", words_of::<Direction>()),
        ("door", words_of::<Door>()),
        ("reason", words_of::<Reason>()),
    ];
    for (label, words) in lists {
        let (_, from) = page.split_once(&format!("`{label}` is `")).unwrap_or_else(|| panic!("{label}"));
        let said = from.split([';', '.']).next().unwrap();
        let said = format!("`{said}");
        let said: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
        assert_eq!(said, words, "{label}");
    }
}

/// The names and label values in what Prometheus is to look for.
fn assert_known(expression: &str) {
    let names = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for name in names.filter(|word| word.starts_with("machine_id_")) {
        let known = METRICS.iter().any(|metric| match metric.kind {
            Kind::Histogram => {
                name.strip_prefix(metric.name).is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest))
            }
            Kind::Counter | Kind::Gauge => name == metric.name,
        });
        assert!(known, "{name} isn't in the list: {expression}");
    }
    for part in
        expression.split(['{', ',']).filter(|part| part.trim_start().starts_with("code") || part.starts_with("state"))
    {
        let Some(words) = part.split('"').nth(1) else { continue };
        for word in words.split('|') {
            let known = word == "ok" || Code::ALL.iter().any(|code| code.as_str() == word);
            assert!(known || IdentityState::ALL.iter().any(|state| state.as_str() == word), "{word}: {expression}");
        }
    }
}

#[test]
fn alerts_look_for_what_there_is_and_each_names_its_cause() {
    let expressions: Vec<&str> = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    let alerts = ALERTS.lines().filter(|line| line.trim().starts_with("- alert: ")).count();
    assert!(alerts > 10 && alerts == expressions.len(), "{alerts}");
    expressions.iter().for_each(|expression| assert_known(expression));
    for state in ["needs_rejoin", "locked"] {
        assert!(expressions.iter().any(|expression| expression.contains(state)), "{state}");
    }
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let expressions: Vec<&str> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    assert!(expressions.len() >= panels.len());
    expressions.iter().for_each(|expression| assert_known(expression));
}
