//! Ending a lease of a process that is gone: with the lease table, and nothing that an identity has.

use std::fs;

use e2e::Cluster;
use machine_id::config::DiscardRequest;
use serde_json::{Value, json};

use crate::agent::{self, Agent, lease};

fn discarded(request: &Value) -> Value {
    serde_json::to_value(agent::discarded(request).unwrap()).unwrap()
}

#[test]
fn a07_a_release_needs_the_lease_table_and_nothing_else() {
    let cluster = Cluster::start();
    let agent = Agent::at(&cluster);
    let directory = agent.path("workspace/lease");
    agent.acquire(1, &directory).unwrap();
    let Agent { runtime, directory: scratch, engine } = agent;
    runtime.block_on(engine.close());
    // Neither the stored identity nor the helper nor the cluster is there any more.
    fs::remove_dir_all(scratch.path().join("agent/identities")).unwrap();
    fs::remove_dir_all(scratch.path().join("agent/lib")).unwrap();
    let joined = cluster.counters().joined;
    let request = json!({"root": scratch.path().join("agent"), "lease": lease(1), "directory": directory});
    let reply = discarded(&request);
    assert_eq!((&reply["released"], &reply["directory"]), (&json!(true), &json!("removed")));
    assert!(!directory.exists() && !scratch.path().join("agent/identities").exists());
    assert_eq!(discarded(&request)["directory"], "absent");
    assert_eq!(cluster.counters().joined, joined);
}

#[test]
fn a07_a_request_to_end_a_lease_takes_no_identity() {
    let request = json!({"root": "/r", "lease": lease(1), "identities": [], "token": "t"});
    let error = DiscardRequest::from_json(request.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.diagnostics().len(), 2, "{error}");
}
