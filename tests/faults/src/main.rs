//! `faults`: does to the program what bad days do, and prints a table.
#![allow(clippy::disallowed_methods, reason = "a test tool measures real time and writes its own scratch files")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use faults::kill::{Fault, STREAMS, Scenario, Stream, strike};
use faults::table::{Row, Table};
use faults::world::{Method, World};
use faults::{Failure, disk, joins, process, race, server, strace};

/// Kills, starves and lies to machine-id; prints what promises were broken.
#[derive(Debug, Parser)]
struct Arguments {
    /// The part that fits into two minutes.
    #[arg(long)]
    quick: bool,
    /// Kill points over all scenarios.
    #[arg(long, default_value_t = 10_000)]
    points: usize,
    /// Threads that strike.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Only these suites: kill, kill-streams, disk, race, server, joins, process.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// End the kill and disk suites after this many minutes each, done or not.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

fn main() -> Result<ExitCode, Failure> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.points = arguments.points.min(300);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let world = Arc::new(runtime.block_on(World::start())?);
    let wanted = |suite: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == suite);
    let mut table = Table::default();
    let started = Instant::now();
    let quiet = std::env::var_os("CI").is_some();
    let mut add = |rows: Vec<Row>| {
        for row in rows {
            if !quiet {
                eprintln!("{:>5} s  {}", started.elapsed().as_secs(), row.line(0));
            }
            table.0.push(row);
        }
    };
    // It waits most of its time, while the others compute.
    let server = wanted("server").then(|| runtime.spawn(server::suite(arguments.quick)));
    let joins = wanted("joins").then(|| runtime.spawn(joins::suite(arguments.quick)));
    if wanted("kill") {
        add(kill(&world, &arguments, &Scenario::TOKEN, arguments.points, limit(&arguments))?);
    }
    if wanted("kill-streams") {
        let quick = arguments.quick;
        let end = Instant::now() + Duration::from_secs(if quick { 35 } else { arguments.minutes * 60 });
        let streams: Vec<_> = STREAMS.iter().filter(|stream| stream.quick || !quick).collect();
        let count = |stream: &Stream| u32::try_from(stream.scenarios.len()).unwrap_or(1);
        let mut left: u32 = streams.iter().map(|stream| count(stream)).sum();
        for stream in streams {
            let world = runtime.block_on(stream.world())?;
            let end = Instant::now() + end.saturating_duration_since(Instant::now()) * count(stream) / left;
            left -= count(stream);
            let points = if quick { 12 } else { arguments.points / 40 } * stream.scenarios.len();
            let rows = kill(&world, &arguments, stream.scenarios, points, end)?;
            add(named(rows, stream.name));
        }
    }
    if wanted("disk") {
        add(disk::injected(&world, arguments.quick, limit(&arguments), arguments.workers)?);
        if !arguments.quick {
            let bound = runtime.block_on(World::of_version("18.8.0", true, Method::BoundKeypair))?;
            let rows = disk::injected_at_bound_keys(&bound, limit(&arguments), arguments.workers)?;
            add(named(rows, "bound_keypair"));
        }
        add(disk::real(&world)?);
    }
    if wanted("race") {
        add(vec![race::symlink_row(&world, if arguments.quick { 1_000 } else { 10_000 })?]);
    }
    if let Some(server) = server {
        add(runtime.block_on(server)??);
    }
    if let Some(joins) = joins {
        add(runtime.block_on(joins)??);
    }
    if wanted("process") {
        add(process::suite(&world, arguments.quick)?);
    }
    println!("{table}");
    Ok(if table.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn named(rows: Vec<Row>, what: &str) -> Vec<Row> {
    rows.into_iter().map(|row| Row { name: format!("{}, {what}", row.name), ..row }).collect()
}

fn limit(arguments: &Arguments) -> Instant {
    let seconds = if arguments.quick { 40 } else { arguments.minutes * 60 };
    Instant::now() + Duration::from_secs(seconds)
}

fn kill(
    world: &World,
    arguments: &Arguments,
    scenarios: &[Scenario],
    points: usize,
    end: Instant,
) -> Result<Vec<Row>, Failure> {
    if let Err(why) = strace::available() {
        return Ok(vec![Row::skipped("SIGKILL at system calls", why)]);
    }
    let calls: Vec<&str> = strace::FILE_CALLS.iter().chain(strace::NETWORK_CALLS).copied().collect();
    let fault = Fault { what: "signal=KILL", calls: &calls };
    let mut rows = Vec::new();
    for (done, &scenario) in scenarios.iter().enumerate() {
        // What is left of the time is shared by the scenarios that are left.
        let left = u32::try_from(scenarios.len() - done).unwrap_or(1);
        let deadline = Instant::now() + end.saturating_duration_since(Instant::now()) / left;
        rows.push(strike(world, scenario, fault, points / scenarios.len(), deadline, arguments.workers)?);
    }
    Ok(rows)
}
