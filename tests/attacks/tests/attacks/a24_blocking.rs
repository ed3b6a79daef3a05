//! Another process holds the locks of the lease table and doesn't let go: the runtime's threads go on.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, AddressKind, CaSource, ClusterConfig, EngineConfig};
use machine_id::connect::Connector;
use machine_id::engine::{Engine, LeaseRequest};
use machine_id::error::Code;
use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

const LEASES: usize = 12;
const DEADLINE: Duration = Duration::from_secs(2);
const BEAT: Duration = Duration::from_millis(5);

fn engine(root: &Path) -> Engine {
    let mut config: Value = serde_json::from_str(include_str!("../../../../contract/open.request.json")).unwrap();
    let identity =
        json!({"id": "api", "cluster": {"address": "127.0.0.1:1"}, "join": {"method": "token", "token": "t"}});
    config["root"] = json!(root);
    config["identities"] = json!([identity]);
    Engine::open(EngineConfig::from_json(config.to_string().as_bytes()).unwrap(), Arc::new(SystemClock::new())).unwrap()
}

fn order(root: &Path, number: usize, deadline: Duration) -> LeaseRequest {
    let request = json!({
        "lease": format!("{number:032x}"), "identity": "api", "standing": true,
        "directory": root.join(number.to_string()), "deadline_ms": u64::try_from(deadline.as_millis()).unwrap(),
    });
    LeaseRequest::from(AcquireRequest::from_json(request.to_string().as_bytes()).unwrap().0)
}

/// All locks there are, by descriptors of their own: to the kernel no different from another process.
fn hold_all(leases: &Path) -> Vec<Flock<File>> {
    let names = ["", "-*"].into_iter().map(str::to_owned).chain((0..16).map(|digit| format!("-{digit:x}")));
    let hold = |name: String| {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create(true).truncate(false).open(leases.join(format!(".lock{name}")));
        Flock::lock(file.unwrap(), FlockArg::LockExclusiveNonblock).unwrap()
    };
    names.map(hold).collect()
}

#[test]
fn a24_a_held_lock_stops_no_thread_of_the_runtime_and_an_acquire_no_longer_than_its_deadline() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().canonicalize().unwrap();
    // As few threads as an agent's library has of each kind, and fewer.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).max_blocking_threads(10).enable_all().build().unwrap();
    let engine = Arc::new(engine(&root));
    let _held = hold_all(&root.join("leases"));
    let beats = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&beats);
    let codes = runtime.block_on(runtime.spawn(async move {
        let beating = tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        // The last one is given all the time there is, and taken back.
        let (last, others) = (LEASES, 0..LEASES);
        let all: Vec<_> = others
            .map(|number| order(&root, number, DEADLINE))
            .chain([order(&root, last, Duration::from_secs(3600))])
            .map(|order| {
                let engine = Arc::clone(&engine);
                tokio::spawn(async move { engine.acquire(order).await.unwrap_err().code() })
            })
            .collect();
        tokio::time::sleep(BEAT * 20).await;
        let status = engine.status().await.unwrap();
        assert_eq!(status.identities.len(), 1);
        // A name is looked up meanwhile, and the store is written and read.
        let renewed = tokio::time::timeout(DEADLINE * 10, engine.renew("api")).await.expect("the store is locked out");
        assert_eq!(renewed.unwrap_err().code(), Code::ClusterUnreachable);
        let mut codes = Vec::new();
        let mut all = all.into_iter();
        for one in all.by_ref().take(LEASES) {
            codes.push(one.await.unwrap());
        }
        let last = format!("{last:032x}");
        let (cancelled, _released) = tokio::join!(all.next().unwrap(), engine.release(&last));
        codes.push(cancelled.unwrap());
        beating.abort();
        codes
    }));
    let (mut expected, codes) = (vec![Code::DeadlineExceeded; LEASES], codes.unwrap());
    expected.push(*codes.last().unwrap());
    assert_eq!(codes, expected);
    assert!(matches!(codes.last(), Some(Code::Cancelled | Code::DiskFailed)), "{codes:?}");
    // Some 400 fit into the time of the deadlines; none came while the one thread was asleep.
    let beats = beats.load(Ordering::Relaxed);
    assert!(beats > 40, "{beats} beats in {DEADLINE:?} and more");
}

/// A pipe into which nobody writes is read for as long as a disk that hangs.
#[test]
fn a24_a_ca_file_that_hangs_stops_no_thread_of_the_runtime() {
    const LONG: Duration = Duration::from_secs(20);
    for kind in [AddressKind::Proxy, AddressKind::AuthOrProxy] {
        let scratch = tempfile::tempdir().unwrap();
        let pipe = scratch.path().join("ca.pem");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let ca = Some(CaSource::File(pipe.clone()));
        let config = ClusterConfig {
            host: "127.0.0.1".to_owned(),
            port: 3025,
            kind,
            ca_pins: Vec::new(),
            ca,
            use_configured_address: false,
        };
        let (reading, begun) = tokio::sync::oneshot::channel();
        let (goes_on, seen) = std::sync::mpsc::channel();
        let disk = std::thread::spawn(move || {
            // Comes back when somebody reads.
            let held = OpenOptions::new().write(true).open(&pipe).unwrap();
            reading.send(()).unwrap();
            let outcome = seen.recv_timeout(LONG);
            drop(held);
            outcome
        });
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let error = runtime.block_on(runtime.spawn(async move {
            let connector = Connector::new(&config, Arc::new(SystemClock::new())).unwrap();
            let finding = tokio::spawn(async move { connector.discover().await.unwrap_err() });
            begun.await.unwrap();
            let _late = goes_on.send(());
            finding.await.unwrap()
        }));
        disk.join().unwrap().expect("the runtime's thread waits for a file");
        assert!(error.unwrap().to_string().contains("CA"), "{kind:?}");
    }
}
