//! What a lease has held is told to the end: refreshed certificates, and those of a process that is gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use e2e::Cluster;
use serde_json::{Value, json};
use teleport_double::Phase;

use crate::agent::{self, Agent, lease};

/// The fingerprints of all certificates of one kind in a reply; none stands there twice.
fn fingerprints(reply: &Value, kind: &str) -> BTreeSet<String> {
    let told: Vec<&Value> =
        reply["certificates"].as_array().unwrap().iter().filter(|one| one["kind"] == kind).collect();
    let all: BTreeSet<String> = told.iter().map(|one| one["fingerprint"].as_str().unwrap().to_owned()).collect();
    assert_eq!(all.len(), told.len(), "{reply}");
    all
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's clock and thread")]
fn a13_every_certificate_that_a_lease_held_is_told_when_it_ends_even_by_another_process() {
    let cluster = Cluster::start();
    let agent = Agent::at(&cluster);
    let directory = agent.path("workspace/lease");
    let first = serde_json::to_value(agent.acquire(1, &directory).unwrap()).unwrap();
    assert_eq!((fingerprints(&first, "ssh").len(), fingerprints(&first, "x509").len()), (1, 1));
    agent.runtime.block_on(async { agent.engine.keep_fresh() });
    // A rotation refreshes the lease long before its time.
    for phase in [Phase::Init, Phase::UpdateClients] {
        cluster.rotate(phase).unwrap();
    }
    let (started, mut held) = (Instant::now(), Value::Null);
    while held["certificates"].as_array().is_none_or(|all| all.len() < 4) {
        assert!(started.elapsed() < Duration::from_secs(60), "never refreshed: {held}");
        std::thread::sleep(Duration::from_millis(50));
        let status = agent.runtime.block_on(agent.engine.status()).unwrap();
        held = serde_json::to_value(status).unwrap()["leases"][0].clone();
    }
    assert!(fingerprints(&held, "x509").is_superset(&fingerprints(&first, "x509")));
    // The process ends; what it knew is in the table.
    let Agent { runtime, directory: scratch, engine } = agent;
    runtime.block_on(engine.close());
    let request = json!({"root": scratch.path().join("agent"), "lease": lease(1), "directory": directory});
    let ended = serde_json::to_value(agent::discarded(&request).unwrap()).unwrap();
    for kind in ["ssh", "x509"] {
        assert!(fingerprints(&ended, kind).is_superset(&fingerprints(&held, kind)), "{ended} against {held}");
    }
    assert_eq!(ended["certificates_dropped"], 0);
}
