//! End-to-end tests, one program: they wait more than they compute, so many of them run at the same time, and it is
//! linked once. `cargo test -p e2e daemon::` plays one file.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod application_proxy;
mod azure;
mod bridge;
mod check;
mod clients;
mod daemon;
mod diagnostics;
mod disk;
mod front_door;
mod given;
mod hosts;
mod init;
mod joins;
mod key_files;
mod kubernetes;
mod lease_tunnels;
mod methods;
mod multiplex;
mod names;
mod newest;
mod oneshot;
mod pod;
mod refusal_table;
mod refusals;
mod rejoin;
mod roads;
mod roles;
mod rotation;
mod run;
mod scenarios;
mod sessions;
mod ssh_multiplexer;
mod static_key;
mod status;
mod store;
mod takeover;
mod tunnels;
mod versions;
