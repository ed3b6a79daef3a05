//! What the suites share: a cluster's double with bots, the program under test, the invariants, the table.
//!
//! `faults` kills, starves and lies to the program, then looks whether the promises of `docs/reliability.md` hold.
//! `soak` lets it run for minutes while certificates, authorities and the cluster itself come and go.
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its own scratch files")]

pub mod disk;
pub mod invariants;
pub mod joins;
pub mod kill;
pub mod process;
pub mod race;
pub mod run;
pub mod server;
pub mod soak;
pub mod stage;
pub mod strace;
pub mod table;
pub mod world;

/// A failure of the suite itself.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
