//! `start` as a daemon: refreshing, reloading, ending, telling the service manager.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use e2e::wait::{LONG, PROMPT, until};
use e2e::{Cluster, Machine, Process};
use nix::sys::signal::Signal;
use teleport_double::{Fault, Point, Role, Times};

/// Role certificates that live for seconds.
fn short_lived(seconds: u64) -> Cluster {
    let cluster = Cluster::start();
    let login = e2e::users::login();
    cluster.set_role(Role::new("api-workers").logins(&[&login]).max_session_ttl(Duration::from_secs(seconds)));
    cluster
}

fn start(machine: &Machine) -> Process {
    machine.start(&["start", "-c", "tbot.yaml"])
}

fn delivered(machine: &Machine) -> Option<String> {
    std::fs::read_to_string(machine.path("out/key-cert.pub")).ok()
}

fn first(machine: &Machine) -> String {
    until("the first certificate", LONG, || delivered(machine))
}

#[track_caller]
fn assert_ends_cleanly(machine: &Machine, process: Process, signal: Signal) {
    process.signal(signal);
    let ended = process.wait(PROMPT).succeeded();
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    assert!(machine.path("out/key").exists(), "the outputs stay");
}

#[test]
fn certificates_are_replaced_before_they_expire_and_the_old_ones_work_until_then() {
    let cluster = short_lived(15).and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    let target = format!("{}@node1.example.test", e2e::users::login());
    let before = first(&machine);
    // At every instant of two generations ssh finds a pair that the server accepts.
    let mut seen = vec![before];
    until("two fresh certificates", LONG, || {
        machine.tool("ssh", &["-F", "out/ssh_config", &target, "true"]).succeeded();
        let now = delivered(&machine)?;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        (seen.len() > 2).then_some(())
    });
    assert_eq!(cluster.counters().joined, 1);
    e2e::secrets::assert_ps_is_clean(&machine.secrets());
    assert_ends_cleanly(&machine, process, Signal::SIGTERM);
}

#[test]
fn the_bots_own_identity_is_renewed_on_schedule() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "certificate_ttl: 1m\nrenewal_interval: 1s\n");
    let process = start(&machine);
    until("two renewals", LONG, || (cluster.counters().renewed >= 2).then_some(()));
    assert_ends_cleanly(&machine, process, Signal::SIGINT);
    assert_eq!(cluster.counters().locks, 0);
    assert_eq!(cluster.generation("api"), Some(1 + cluster.counters().renewed));
    machine.oneshot().succeeded();
}

#[test]
fn without_outputs_it_joins_and_renews_all_the_same() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml");
    let (head, _) = config.split_once("outputs:").unwrap();
    machine.write_config(&format!("{head}certificate_ttl: 1m\nrenewal_interval: 1s\n"));
    let process = start(&machine);
    until("two renewals", LONG, || (cluster.counters().renewed >= 2).then_some(()));
    assert_ends_cleanly_after_errors(process);
    assert_eq!((cluster.counters().joined, cluster.counters().locks), (1, 0));
}

#[test]
fn a_hangup_reads_the_configuration_again() {
    let cluster = short_lived(12);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    first(&machine);
    let with_second = format!(
        "{}- type: identity\n  destination: {{type: directory, path: {}}}\n",
        machine.read("tbot.yaml"),
        machine.path("second").display()
    );
    machine.write_config("version: v2\nproxy_sever: typo\n");
    process.signal(Signal::SIGHUP);
    until("the complaint", LONG, || process.stderr().contains("the old one stays").then_some(()));
    // The daemon goes on with what it has.
    let before = first(&machine);
    until("a refresh with the old configuration", LONG, || delivered(&machine).filter(|now| *now != before));
    machine.write_config(&with_second);
    process.signal(Signal::SIGHUP);
    until("the second output", LONG, || machine.path("second/key").exists().then_some(()));
    assert_eq!(cluster.counters().joined, 1);
    let stderr = process.stderr();
    process.signal(Signal::SIGTERM);
    process.wait(LONG).succeeded();
    assert!(stderr.contains("proxy_sever"), "{stderr}");
}

#[test]
fn the_service_manager_hears_ready_reloading_and_stopping() {
    let cluster = Cluster::start();
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let path = machine.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    machine.set("NOTIFY_SOCKET", path.to_str().unwrap());
    let heard = |word: &str| loop {
        let mut buffer = [0; 4096];
        let count = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {word}: {error}"));
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if text.lines().any(|line| line == word) {
            return text;
        }
    };
    let process = start(&machine);
    heard("READY=1");
    assert!(machine.path("out/key").exists(), "ready before anything was written");
    process.signal(Signal::SIGHUP);
    assert!(heard("RELOADING=1").contains("MONOTONIC_USEC="));
    heard("READY=1");
    // systemd waits for this also when the configuration can't be used.
    machine.write_config("version: v2\n");
    process.signal(Signal::SIGHUP);
    heard("RELOADING=1");
    heard("READY=1");
    process.signal(Signal::SIGTERM);
    heard("STOPPING=1");
    process.wait(LONG).succeeded();
}

#[test]
fn while_the_cluster_is_away_it_waits_and_then_goes_on_by_itself() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    cluster.open_proxy(false);
    let process = start(&machine);
    until("the complaint", LONG, || process.stderr().contains("[cluster_unreachable]").then_some(()));
    cluster.open_proxy(true);
    first(&machine);
    assert_ends_cleanly_after_errors(process);
}

fn assert_ends_cleanly_after_errors(process: Process) {
    process.signal(Signal::SIGTERM);
    process.wait(PROMPT).succeeded();
}

#[test]
fn a_cluster_that_vanishes_later_leaves_what_is_valid_and_is_found_again() {
    let cluster = short_lived(12);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    let before = first(&machine);
    cluster.faults().inject(Point::Impersonate, Fault::DropReply, Times::Count(2));
    until("a failed refresh", LONG, || process.stderr().contains("not refreshed").then_some(()));
    until("a fresh certificate", LONG, || delivered(&machine).filter(|now| *now != before));
    assert_ends_cleanly_after_errors(process);
}

#[test]
fn a_daemon_with_a_wrong_token_ends_and_says_why() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, "wrong-token", "");
    start(&machine).wait(LONG).refused(1, "join_rejected", &[]);
    machine.assert_nothing_left();
}

#[test]
fn a_sigterm_while_it_still_joins_ends_it() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    cluster.faults().inject(Point::Find, Fault::Hang, Times::Always);
    let process = start(&machine);
    until("the first request", LONG, || (cluster.counters().seen(Point::Find) > 0).then_some(()));
    process.signal(Signal::SIGTERM);
    process.wait(PROMPT).succeeded();
    assert_eq!(machine.names("out"), [""; 0]);
    assert!(!machine.path("bot/identity.json").exists());
    cluster.faults().clear();
    machine.oneshot().succeeded();
}
