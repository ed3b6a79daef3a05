//! The end-to-end scenarios on a real Teleport. `tests/teleport/run` starts this, and cleans up after it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a suite of tests fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its own scratch files")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use e2e::Stage;

mod audit;
mod cloud;
mod cluster;
mod config;
mod diagnostics;
mod issuer;
mod page;
mod setup;
mod stage;
mod statement;
mod tbot;
mod tctl;
mod tunnel;
mod web;

use cluster::Teleport;

/// A scenario by its name.
type Row = (&'static str, fn(&dyn Stage));

/// One that only a real one can show.
type Own = (&'static str, fn(&Teleport));

const OWN: &[Own] = &[
    ("tbot its storage is taken over", tbot::its_storage_is_taken_over),
    ("tbot its diagnostics answer alike", diagnostics::answers_are_tbots),
    ("setup the page's resources are taken whole", setup::resources_are_taken_whole),
    ("statement a build joins and the audit log names it", statement::a_build_joins_and_the_audit_log_names_it),
    ("statement another job and another identity are refused", statement::others_are_refused),
    ("statement a rotation whose key was given first", statement::a_rotation_whose_key_was_given_first),
    ("statement a rotation whose key was given too late", statement::a_rotation_whose_key_was_given_too_late),
    ("tunnel a database by psql", tunnel::a_database_by_psql),
    ("tunnel an application by curl", tunnel::an_application_by_curl),
    ("tunnel all applications by a proxy", tunnel::all_applications_by_a_proxy),
    ("tunnel a block's database by psql", tunnel::a_blocks_database_by_psql),
    ("tunnel a block's application by curl", tunnel::a_blocks_application_by_curl),
];

macro_rules! rows {
    ($($room:ident { $($name:ident)* })*) => {
        &[$($((concat!(stringify!($room), " ", stringify!($name)), e2e::scenarios::$room::$name)),*),*]
    };
}

const ROWS: &[Row] = e2e::each_scenario!(rows);

enum Play {
    Shared(fn(&dyn Stage)),
    Own(fn(&Teleport)),
}

impl Play {
    fn on(&self, teleport: &Teleport) {
        match self {
            Self::Shared(play) => play(teleport),
            Self::Own(play) => play(teleport),
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let binaries = PathBuf::from(std::env::var_os("TELEPORT_BIN").expect("tests/teleport/run sets TELEPORT_BIN"));
    let begun = Instant::now();
    let teleport = Teleport::start(&binaries);
    println!("on a real Teleport {}, up after {} s", teleport.version(), begun.elapsed().as_secs());
    let (mut good, mut failed, mut skipped) = (0, 0, 0);
    let shared = ROWS.iter().map(|(name, play)| (name.replace('_', " "), Play::Shared(*play)));
    let own = OWN.iter().map(|(name, play)| ((*name).to_owned(), Play::Own(*play)));
    for (name, play) in shared.chain(own) {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let begun = Instant::now();
        // The other rows still tell something.
        let ended = catch_unwind(AssertUnwindSafe(|| play.on(&teleport)));
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
