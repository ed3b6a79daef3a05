//! `make bench`: what everything costs, beside what it is measured against, in one run.
//!
//! Without more it measures against the double of a cluster, and the peer's column stays empty. With `TBOT`, `CLUSTER`
//! and `TCTL` it measures ours and the peer alternately against a real cluster.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that can't be made ends with the reason")]

mod place;
mod report;
mod rows;
mod sample;
mod sessions;
mod tools;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use place::Place;
use report::Report;

/// Benchmarks of machine-id.
///
/// Environment: MACHINE_ID (our program), TBOT (the peer's), CLUSTER (host:port of a real proxy), TCTL (a command that
/// runs tctl there; it makes the tokens), ROLES (of the bots), SSH_TARGET (user@host), SSH_DIRECT (host:port of that host
/// itself), KUBE_CLUSTER, APP (NAME:PORT, a TCP application of the real cluster at tcp://127.0.0.1:PORT, which the
/// benchmark itself is), SSL_CERT_FILE (the proxy's CA), LIBRARY (libmachine_id.so), JENKINS_WAR and JENKINS_PLUGINS (as
/// tests/jenkins takes them).
#[derive(Debug, Parser)]
struct Arguments {
    /// Write the figures as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fewer repetitions: to see that it works.
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What the benchmark runs as processes of its own.
#[derive(Debug, Subcommand)]
enum Part {
    /// Many ssh at the same time through one daemon; with --restart, the proxy restarted under them (PROXY_STOP and
    /// PROXY_START are the commands for it where a real cluster is given).
    Sessions {
        /// How many.
        #[arg(default_value_t = 1000)]
        count: usize,
        /// Restart the proxy under them instead.
        #[arg(long)]
        restart: bool,
    },
    /// Only the oneshots beside what their requests alone take.
    Floor,
    /// Only the time from a ProxyCommand's start to the host's first bytes, alone and many at once.
    Tunnels,
    /// Only `ssh`, beside a direct connection (SSH_DIRECT) and the peer's.
    Ssh,
    /// Only the tunnels to databases and applications (APP).
    Services,
    /// Only `kubectl get pods` (KUBE_CLUSTER).
    Kubectl,
    /// Only a block in a real Jenkins (JENKINS_WAR, JENKINS_PLUGINS).
    Jenkins,
    /// Only the library in a JVM.
    Jvm,
    /// Only the library called from Rust.
    Library,
    /// A ProxyCommand that only connects.
    #[command(hide = true)]
    Connect {
        /// `host:port`.
        address: String,
    },
    /// Take and release a lease so many times.
    #[command(hide = true)]
    Warm {
        /// An engine's configuration.
        config: PathBuf,
        /// How often.
        times: u32,
    },
    /// Print the resident memory before and after an engine with all its identities has a lease of each.
    #[command(hide = true)]
    Resident {
        /// An engine's configuration.
        config: PathBuf,
    },
}

fn main() {
    let arguments = Arguments::parse();
    match &arguments.part {
        Some(Part::Warm { config, times }) => return rows::library::warm(config, *times),
        Some(Part::Connect { address }) => return rows::stage::connect(address),
        Some(Part::Resident { config }) => return rows::library::resident(config),
        Some(
            Part::Sessions { .. }
            | Part::Floor
            | Part::Tunnels
            | Part::Ssh
            | Part::Services
            | Part::Kubectl
            | Part::Jenkins
            | Part::Jvm
            | Part::Library,
        )
        | None => {}
    }
    let place = Place::of_environment(arguments.quick);
    let mut report = Report::new(&place);
    match arguments.part {
        Some(Part::Sessions { count, restart }) => sessions::measure(&place, &mut report, count, restart),
        Some(Part::Floor) => rows::floor::measure(&place, &mut report),
        Some(Part::Tunnels) => rows::tunnel::alone(&place, &mut report),
        Some(Part::Services) => rows::service::measure(&place, &mut report),
        Some(Part::Kubectl) => rows::kubectl::measure(&place, &mut report),
        Some(Part::Ssh) => rows::ssh::measure(&place, &mut report),
        Some(Part::Jenkins) => rows::jenkins::measure(&place, &mut report),
        Some(Part::Jvm) => rows::jvm::measure(&place, &mut report),
        Some(Part::Library) => rows::library::measure(&place, &mut report),
        _ => {
            rows::commands::measure(&place, &mut report);
            rows::floor::measure(&place, &mut report);
            rows::kubectl::measure(&place, &mut report);
            rows::ssh::measure(&place, &mut report);
            rows::service::measure(&place, &mut report);
            rows::library::measure(&place, &mut report);
            rows::jvm::measure(&place, &mut report);
            rows::jenkins::measure(&place, &mut report);
            rows::sizes::measure(&place, &mut report);
        }
    }
    print!("{}", report.table());
    if let Some(path) = &arguments.json {
        e2e::machine::put(path, &report.json());
    }
}
