//! What a block costs in a pipeline of a real Jenkins: `tests/jenkins` measures it, here are its rows.

use std::process::Command;

use serde::Deserialize;

use crate::place::Place;
use crate::report::Report;
use crate::sample::Sample;

/// As `tests/jenkins/cost.py` writes it.
#[derive(Deserialize)]
struct Row {
    what: String,
    unit: String,
    ours: Vec<f64>,
    beside: Vec<f64>,
    beside_is: String,
    note: String,
}

pub(crate) fn measure(place: &Place, report: &mut Report) {
    const WHAT: &str = "a block in a real Jenkins";
    if ["JENKINS_WAR", "JENKINS_PLUGINS"].iter().any(|name| std::env::var_os(name).is_none()) {
        return report.missing(WHAT, "JENKINS_WAR and JENKINS_PLUGINS aren't given");
    }
    let run = concat!(env!("CARGO_MANIFEST_DIR"), "/../jenkins/run.py");
    let output = place.directory.path().join("jenkins");
    let mut measured = Command::new(run);
    measured.arg("--bench").env("OUTPUT", &output).stdout(std::process::Stdio::null());
    if place.quick {
        measured.env("BLOCKS", "20");
    }
    let status = measured.status().unwrap();
    if !status.success() {
        return report.missing(WHAT, "tests/jenkins/run.py --bench failed, see above");
    }
    let rows: Vec<Row> = serde_json::from_slice(&std::fs::read(output.join("cost.json")).unwrap()).unwrap();
    for row in rows {
        assert_eq!(row.unit, "ms", "{}", row.what);
        let ours = Sample::new(row.ours);
        if row.beside.is_empty() {
            report.alone(&row.what, "ms", &ours, &row.note);
        } else {
            report.beside(&row.what, "ms", &ours, &Sample::new(row.beside), &row.beside_is);
        }
    }
}
