//! `status`, as text and as JSON.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use e2e::{Cluster, Machine};
use serde_json::Value;

fn json(machine: &Machine) -> Value {
    let ended = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]).succeeded();
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn before_the_first_start_there_is_nothing_and_looking_makes_nothing() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let report = json(&machine);
    assert_eq!(report["identity"]["state"], "new");
    assert_eq!(report["destinations"][0]["state"], "absent");
    assert!(!machine.path("bot").exists() && !machine.path("out").exists(), "looking has made a directory");
}

#[test]
fn afterwards_both_forms_tell_bot_expiry_generation_roles_and_access() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let report = json(&machine);
    assert_eq!(report["identity"]["state"], "ready");
    assert_eq!(report["identity"]["bot"], "bot-api");
    assert_eq!(report["identity"]["cluster"], "example.test");
    assert_eq!(report["identity"]["generation"], 1);
    assert_eq!(report["identity"]["renewable"], true);
    let destination = &report["destinations"][0];
    assert_eq!(destination["state"], "valid");
    assert_eq!(destination["roles"][0], "api-workers");
    assert_eq!(destination["acl"], "as asked");
    let text = machine.machine_id(&["status", "-c", "tbot.yaml"]).succeeded().stdout;
    let expires = destination["expires_at"].as_str().unwrap();
    for fact in ["ready", "bot-api on example.test", "generation  1", "api-workers", "as asked", expires] {
        assert!(text.contains(fact), "{fact:?} is missing: {text}");
    }
}

#[test]
fn a_destination_that_was_opened_to_all_is_a_problem_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    // Whom it lets list the directory is told; nobody reads the files by that.
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let listed = &json(&machine)["destinations"][0];
    assert!(listed["state"] == "valid" && listed["acl"].as_str().unwrap().contains("everybody has r-x"), "{listed}");
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let report = json(&machine);
    let destination = &report["destinations"][0];
    assert_eq!(destination["state"], "problem");
    let problem = destination["problem"].as_str().unwrap();
    assert!(problem.contains("0777") && problem.ends_with("[destination_unsafe]"), "{problem}");
}

#[test]
fn an_identity_file_that_is_no_identity_is_a_problem_not_a_crash() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    e2e::machine::put(&machine.path("bot/identity.json"), "{\"half\":");
    let report = json(&machine);
    assert_eq!(report["identity"]["state"], "problem");
    assert!(report["identity"]["reason"].as_str().unwrap().ends_with("[identity_corrupt]"), "{report}");
}
