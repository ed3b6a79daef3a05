//! The end-to-end scenarios on a real Teleport. `tests/teleport/run` starts this, and cleans up after it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a suite of tests fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its own scratch files")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use e2e::Stage;

mod cloud;
mod cluster;
mod config;
mod issuer;
mod stage;
mod tctl;
mod web;

use cluster::Teleport;

/// A scenario by its name.
type Row = (&'static str, fn(&dyn Stage));

macro_rules! rows {
    ($($room:ident { $($name:ident)* })*) => {
        &[$($((concat!(stringify!($room), " ", stringify!($name)), e2e::scenarios::$room::$name)),*),*]
    };
}

const ROWS: &[Row] = e2e::each_scenario!(rows);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let binaries = PathBuf::from(std::env::var_os("TELEPORT_BIN").expect("tests/teleport/run sets TELEPORT_BIN"));
    let begun = Instant::now();
    let teleport = Teleport::start(&binaries);
    println!("on a real Teleport {}, up after {} s", teleport.version(), begun.elapsed().as_secs());
    let (mut good, mut failed, mut skipped) = (0, 0, 0);
    for (name, play) in ROWS {
        let name = name.replace('_', " ");
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let begun = Instant::now();
        // The other rows still tell something.
        let ended = catch_unwind(AssertUnwindSafe(|| play(&teleport)));
        let verdict = match (ended, teleport.skipped()) {
            (Err(_), _) => {
                failed += 1;
                "FAILED"
            }
            (Ok(()), Some(why)) => {
                skipped += 1;
                println!("  {why}");
                "SKIPPED"
            }
            (Ok(()), None) => {
                good += 1;
                "ok"
            }
        };
        println!("{verdict:7} {:6.1} s  {name}", begun.elapsed().as_secs_f64());
    }
    println!("{good} ok, {failed} failed, {skipped} skipped on a real Teleport {}", teleport.version());
    if failed == 0 && good > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
