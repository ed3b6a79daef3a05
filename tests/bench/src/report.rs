//! One table, and the same as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::place::Place;
use crate::sample::Sample;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: String,
    against: String,
    ours: String,
    peer: String,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    what: String,
    unit: &'static str,
    ours: Option<Figure>,
    /// The peer's, or what is measured against.
    yardstick: Option<Figure>,
    yardstick_is: String,
    /// Ours divided by the yardstick.
    ratio: Option<f64>,
    note: String,
}

#[derive(Debug, Serialize)]
struct Figure {
    median: f64,
    low: f64,
    high: f64,
    count: usize,
}

impl From<&Sample> for Figure {
    fn from(sample: &Sample) -> Self {
        Self { median: sample.median(), low: sample.at(0.1), high: sample.at(0.9), count: sample.len() }
    }
}

impl Report {
    pub(crate) fn new(place: &Place) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default().to_owned();
        let peer = place.peer.as_ref().map_or_else(|| "none".to_owned(), |peer| peer.display().to_string());
        Self {
            machine: format!("{cores} cores, load {load} at the start"),
            against: place.describe(),
            ours: place.program.display().to_string(),
            peer,
            rows: Vec::new(),
        }
    }

    /// A figure beside the peer's, which is missing where no peer is given.
    pub(crate) fn beside_peer(&mut self, what: &str, unit: &'static str, ours: &Sample, peer: Option<&Sample>) {
        self.push(what, unit, Some(ours), peer, "peer", "");
    }

    /// A figure beside another that is named.
    pub(crate) fn beside(&mut self, what: &str, unit: &'static str, ours: &Sample, yardstick: &Sample, name: &str) {
        self.push(what, unit, Some(ours), Some(yardstick), name, "");
    }

    /// A figure with nothing beside it.
    pub(crate) fn alone(&mut self, what: &str, unit: &'static str, ours: &Sample, note: &str) {
        self.push(what, unit, Some(ours), None, "", note);
    }

    /// Something that wasn't measured, and why.
    pub(crate) fn missing(&mut self, what: &str, why: &str) {
        self.push(what, "", None, None, "", why);
    }

    fn push(
        &mut self,
        what: &str,
        unit: &'static str,
        ours: Option<&Sample>,
        yardstick: Option<&Sample>,
        name: &str,
        note: &str,
    ) {
        eprintln!("bench: {what}");
        let ratio = ours.zip(yardstick).map(|(ours, yardstick)| ours.median() / yardstick.median());
        self.rows.push(Row {
            what: what.to_owned(),
            unit,
            ours: ours.map(Figure::from),
            yardstick: yardstick.map(Figure::from),
            yardstick_is: name.to_owned(),
            ratio,
            note: note.to_owned(),
        });
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap()
    }

    pub(crate) fn table(&self) -> String {
        let mut text = format!("{}; against {}; peer: {}\n\n", self.machine, self.against, self.peer);
        let _ = writeln!(
            text,
            "{:<46} {:>6} {:>12} {:>19} {:>4} {:>12} {:>7}",
            "", "unit", "ours", "10 % – 90 %", "n", "beside it", "ratio"
        );
        for row in &self.rows {
            let (ours, spread, count) = row.ours.as_ref().map_or_else(
                || ("n/a".to_owned(), String::new(), String::new()),
                |figure| {
                    let spread = format!("{} – {}", number(figure.low), number(figure.high));
                    let spread = if figure.count > 1 { spread } else { String::new() };
                    (number(figure.median), spread, figure.count.to_string())
                },
            );
            let missing = if row.yardstick_is == "peer" { "n/a" } else { "" };
            let beside = row.yardstick.as_ref().map_or_else(|| missing.to_owned(), |figure| number(figure.median));
            let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let _ = write!(
                text,
                "{:<46} {:>6} {ours:>12} {spread:>19} {count:>4} {beside:>12} {ratio:>7}",
                row.what, row.unit
            );
            let remark = if row.note.is_empty() { row.yardstick_is.as_str() } else { row.note.as_str() };
            let _ = writeln!(text, "  {remark}");
        }
        text
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
