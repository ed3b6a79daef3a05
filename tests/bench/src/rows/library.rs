//! The library as Jenkins' plugin uses it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, EngineConfig};
use machine_id::destination::digest_of;
use machine_id::engine::{Engine, LeaseRequest};
use tokio::runtime::Runtime;

use super::cache;
use crate::place::Place;
use crate::report::Report;
use crate::sample::{Sample, in_milliseconds};
use crate::tools::resident as resident_memory;

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let config = configuration(place, 1);
    let runtime = runtime();
    let engine = open(&runtime, &config);
    latency(place, &runtime, &engine, report);
    let kept = order(place.directory.path(), 0);
    runtime.block_on(engine.acquire(kept.clone())).unwrap();
    cache::measure(&runtime, place.quick, kept.directory(), report);
    runtime.block_on(engine.release(&kept.lease)).unwrap();
    throughput(place, &runtime, &engine, report);
    runtime.block_on(close(engine));
    single_flight(place, &runtime, report);
    memory(place, report);
    instructions(place, &config, report);
}

/// The configuration of an engine with `count` identities, as a file.
pub(crate) fn configuration(place: &Place, count: usize) -> PathBuf {
    let root = tempfile::Builder::new().tempdir_in(place.directory.path()).unwrap().keep();
    let ca = place.ca.as_ref().map(|path| std::fs::read_to_string(path).unwrap());
    let identities: Vec<_> = (0..count)
        .map(|index| {
            let mut cluster = serde_json::json!({"address": place.proxy, "kind": "proxy"});
            if let Some(ca) = &ca {
                cluster["ca_pem"] = ca.as_str().into();
            }
            let join = serde_json::json!({"method": "token", "token": place.bot().token});
            serde_json::json!({"id": format!("bench{index}"), "cluster": cluster, "join": join})
        })
        .collect();
    let digest: String = digest_of(&place.program).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = serde_json::json!({"abi": machine_id::vocabulary::ABI, "root": root, "helper": place.program, "helper_sha256": digest,
        "identities": identities});
    let path = root.join("bench.json");
    e2e::machine::put(&path, &text.to_string());
    path
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn open(runtime: &Runtime, config: &Path) -> Arc<Engine> {
    let config = EngineConfig::from_json(&std::fs::read(config).unwrap()).unwrap();
    let engine = Engine::open(config, Arc::new(SystemClock::new())).unwrap();
    let _inside = runtime.enter();
    engine.serve_ssh();
    Arc::new(engine)
}

async fn close(engine: Arc<Engine>) {
    if let Ok(engine) = Arc::try_unwrap(engine) {
        engine.close().await;
    }
}

/// A lease in a directory of its own below `place`.
fn order(place: &Path, identity: usize) -> LeaseRequest {
    let lease = format!("{:032x}", fastrand::u128(..));
    let directory = place.join(format!("lease-{lease}"));
    let request = serde_json::json!({"lease": lease, "identity": format!("bench{identity}"), "directory": directory});
    LeaseRequest::from(AcquireRequest::from_json(request.to_string().as_bytes()).unwrap().0)
}

/// Takes a lease and ends it; microseconds for each.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn lease(engine: &Engine, place: &Path) -> (Duration, Duration) {
    let order = order(place, 0);
    let id = order.lease.clone();
    let start = Instant::now();
    engine.acquire(order).await.unwrap();
    let taken = start.elapsed();
    engine.release(&id).await.unwrap();
    (taken, start.elapsed() - taken)
}

/// Between two leases of an agent that has much to do.
const PACE: Duration = Duration::from_millis(50);

fn latency(place: &Place, runtime: &Runtime, engine: &Engine, report: &mut Report) {
    let at = place.directory.path();
    let leases = |count, pause| {
        runtime.block_on(async move {
            let mut times = Vec::new();
            for _ in 0..count {
                times.push(lease(engine, at).await);
                tokio::time::sleep(pause).await;
            }
            times
        })
    };
    leases(1, Duration::ZERO);
    // Rested: what was deleted a moment ago makes ext4 search for a while.
    let paced = leases(place.rounds(400), PACE);
    let times = leases(place.rounds(2000), Duration::ZERO);
    let taken =
        |times: &[(Duration, Duration)]| Sample::new(times.iter().map(|(taken, _)| in_milliseconds(*taken)).collect());
    let (paced, all) = (taken(&paced), taken(&times));
    let ended = Sample::new(times.iter().map(|(_, ended)| in_milliseconds(*ended)).collect());
    report.alone("warm acquire: all files of a lease, 20 per second", "ms", &paced, "");
    report.alone("  at the 99th percentile", "ms", &Sample::once(paced.at(0.99)), "budget 1 ms");
    report.alone("warm acquire: all files of a lease, one after the other", "ms", &all, "");
    report.alone("  at the 99th percentile", "ms", &Sample::once(all.at(0.99)), "budget 1 ms");
    report.alone("warm release", "ms", &ended, "");
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn throughput(place: &Place, runtime: &Runtime, engine: &Arc<Engine>, report: &mut Report) {
    for tasks in [1_u32, 8, 64] {
        let over = Arc::new(AtomicBool::new(false));
        let start = Instant::now();
        let counts = runtime.block_on(async {
            let mut all = tokio::task::JoinSet::new();
            for _ in 0..tasks {
                let (engine, over, at) = (Arc::clone(engine), Arc::clone(&over), place.directory.path().to_owned());
                all.spawn(async move {
                    let mut count = 0_u32;
                    // Each ends the lease that it has taken.
                    while !over.load(Ordering::Relaxed) {
                        lease(&engine, &at).await;
                        count += 1;
                    }
                    count
                });
            }
            tokio::time::sleep(Duration::from_secs(if place.quick { 1 } else { 3 })).await;
            over.store(true, Ordering::Relaxed);
            all.join_all().await
        });
        let rate = Sample::once(f64::from(counts.iter().sum::<u32>()) / start.elapsed().as_secs_f64());
        report.alone(&format!("leases taken and ended, {tasks} at once"), "1/s", &rate, "files written each time");
    }
}

fn single_flight(place: &Place, runtime: &Runtime, report: &mut Report) {
    let Some(double) = place.double() else { return };
    let engine = open(runtime, &configuration(place, 1));
    let before = double.counters().impersonated;
    runtime.block_on(async {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (engine, at) = (Arc::clone(&engine), place.directory.path().to_owned());
            all.spawn(async move {
                let order = order(&at, 0);
                let id = order.lease.clone();
                engine.acquire(order).await.unwrap();
                engine.release(&id).await.unwrap();
            });
        }
        while all.join_next().await.is_some() {}
        close(engine).await;
    });
    let issued = double.counters().impersonated - before;
    report.alone(
        "certificates issued for 1,000 leases at once",
        "",
        &Sample::once(f64::from(u32::try_from(issued).unwrap())),
        "cold",
    );
}

/// Memory is measured in a process of its own: here the double lives, too.
fn memory(place: &Place, report: &mut Report) {
    for count in [1, 10] {
        let config = configuration(place, count);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("resident").arg(config);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let added: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        let note = if count == 10 { "budget 8 MiB" } else { "" };
        report.alone(&format!("memory added by the library, identities: {count}"), "MiB", &Sample::once(added), note);
    }
}

/// The part that [`memory`] runs.
pub(crate) fn resident(config: &Path) {
    let before = resident_memory("self");
    let at = config.parent().unwrap();
    let count = EngineConfig::from_json(&std::fs::read(config).unwrap()).unwrap().identities.len();
    let runtime = runtime();
    let engine = open(&runtime, config);
    runtime.block_on(async {
        engine.keep_fresh();
        let mut leases = Vec::new();
        for identity in 0..count {
            let order = order(at, identity);
            leases.push(order.lease.clone());
            engine.acquire(order).await.unwrap();
        }
        println!("{:.3}", resident_memory("self") - before);
        for lease in leases {
            engine.release(&lease).await.unwrap();
        }
    });
}

fn instructions(place: &Place, config: &Path, report: &mut Report) {
    const WHAT: &str = "instructions of a warm acquire and release";
    if Command::new("valgrind").arg("--version").output().is_err() {
        return report.missing(WHAT, "valgrind isn't installed");
    }
    let count = |times: u32| -> f64 {
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args(["warm"])
            .arg(config)
            .arg(times.to_string())
            .current_dir(place.directory.path());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let line =
            text.lines().find_map(|line| line.split_once("Collected :").map(|(_, count)| count.trim().to_owned()));
        line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("callgrind: {text}"))
    };
    let (few, many) = (20, 120);
    let each = (count(many) - count(few)) / f64::from(many - few) / 1e3;
    report.alone(WHAT, "10³", &Sample::once(each), "callgrind, user mode");
}

/// The part that [`instructions`] runs.
pub(crate) fn warm(config: &Path, times: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = open(&runtime, config);
    let at = config.parent().unwrap();
    runtime.block_on(async {
        for _ in 0..times {
            lease(&engine, at).await;
        }
    });
}
