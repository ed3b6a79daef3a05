//! What the process that stands in for the library on an agent shows to the agent user's other processes, and leaves.

use std::fs;
use std::process::Command;

use e2e::bridge::{Bridge, config, order};
use e2e::{Cluster, Machine, secrets, users};

const LEASE: &str = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";

/// One that has a lease, and the token it has joined by.
fn at_work() -> (Cluster, Machine, Bridge, i64, String) {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    let mut bridge = Bridge::start(&machine);
    let engine = bridge.open(&config(&machine, &cluster, &token));
    bridge.ok("acquire", engine, &order(LEASE, &machine.path("lease")));
    (cluster, machine, bridge, engine, token)
}

#[test]
fn a30_the_child_has_no_secret_in_its_arguments_and_environment() {
    let (_cluster, machine, bridge, ..) = at_work();
    let pid = bridge.id();
    let shown: Vec<u8> = ["cmdline", "environ", "comm", "status"]
        .iter()
        .flat_map(|name| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default())
        .collect();
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert!(shown.contains("bridge"), "{shown}");
    secrets::assert_none("the child's arguments and environment", &shown, &machine.secrets());
}

#[test]
fn a30_the_child_writes_no_key_but_into_leases_and_its_store() {
    let (_cluster, machine, mut bridge, engine, token) = at_work();
    let outside: Vec<_> = machine.names("tmp");
    assert_eq!(outside, [""; 0], "left in the temporary directory");
    bridge.ok("release", engine, LEASE.as_bytes());
    assert!(!machine.path("lease").exists());
    bridge.close_input();
    let outcome = bridge.wait().succeeded();
    secrets::assert_none("the child's output", &outcome.stderr, &[machine.secrets(), vec![token]].concat());
}

#[test]
fn a30_the_child_dumps_no_core_and_hides_its_memory() {
    let name = "a30_the_child_dumps_no_core_and_hides_its_memory";
    let (_cluster, machine, bridge, ..) = at_work();
    let pid = bridge.id();
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    if !users::root_for(name) {
        return;
    }
    drop((bridge, machine));
    as_other_user();
}

/// Started by a user without rights, who then looks into it with another process.
fn as_other_user() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let as_user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let program = machine.path("program");
    e2e::program::copy(e2e::program::program(), &program);
    let mut command = machine.command("setpriv");
    command.args(as_user).arg(&program).arg("bridge");
    let bridge = Bridge::of(command);
    for name in ["mem", "environ", "maps", "fd/0"] {
        let path = format!("/proc/{}/{name}", bridge.id());
        let read =
            Command::new("setpriv").args(as_user).args(["head", "-c1", &path]).current_dir("/").output().unwrap();
        let said = String::from_utf8_lossy(&read.stderr);
        assert!(said.contains("Permission denied"), "{name}: {said}");
    }
}

#[test]
fn a30_a_token_that_was_used_is_not_in_the_childs_memory() {
    if !users::root_for("a30_a_token_that_was_used_is_not_in_the_childs_memory") {
        return;
    }
    let (_cluster, _machine, bridge, _, token) = at_work();
    assert!(crate::a04_memory::holds(bridge.id(), "bot-api"), "the memory can't be read");
    e2e::wait::until("the token is gone from memory", e2e::wait::LONG, || {
        (!crate::a04_memory::holds(bridge.id(), &token)).then_some(())
    });
}
