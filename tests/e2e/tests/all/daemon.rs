//! `start` as a daemon: refreshing, reloading, ending, telling the service manager.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use e2e::wait::{LONG, PROMPT, until};
use e2e::{Cluster, Machine, Process};
use machine_id::clock::{Clock, SystemClock};
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
fn what_a_changed_configuration_cannot_have_costs_nothing_of_the_rest() {
    let cluster = short_lived(12);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    first(&machine);
    let more = format!(
        "- type: kubernetes\n  kubernetes_cluster: nosuch\n  destination: {{type: directory, path: {}}}\n",
        machine.path("kube").display()
    );
    machine.write_config(&format!("{}{more}", machine.read("tbot.yaml")));
    process.signal(Signal::SIGHUP);
    until("the complaint", LONG, || process.stderr().contains("[target_unknown]").then_some(()));
    let before = first(&machine);
    until("a refresh of the good one", LONG, || delivered(&machine).filter(|now| *now != before));
    process.signal(Signal::SIGTERM);
    let ended = process.wait(LONG);
    assert_eq!(ended.status, Some(1), "not all is fresh: {ended:?}");
}

#[test]
fn a_daemon_without_outputs_waits_for_its_cluster_too() {
    let cluster = Cluster::start();
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let socket = notify_socket(&mut machine);
    let config = machine.read("tbot.yaml");
    machine.write_config(config.split_once("outputs:").unwrap().0);
    cluster.open_proxy(false);
    let process = start(&machine);
    until("the complaint", LONG, || process.stderr().contains("[cluster_unreachable]").then_some(()));
    cluster.open_proxy(true);
    hear(&socket, "READY=1");
    assert!(machine.path("bot/identity.json").exists());
    assert_ends_cleanly_after_errors(process);
}

#[test]
fn the_service_manager_hears_ready_reloading_and_stopping() {
    let cluster = Cluster::start();
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let socket = notify_socket(&mut machine);
    let heard = |word: &str| hear(&socket, word);
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
fn both_of_tbots_signals_renew_at_once_and_the_daemon_lives() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let mut process = start(&machine);
    let mut before = first(&machine);
    until("the daemon at work", LONG, || process.stderr().contains("written").then_some(()));
    for (signal, renewed) in [(Signal::SIGUSR1, 1), (Signal::SIGHUP, 2)] {
        process.signal(signal);
        until("a renewal", LONG, || (cluster.counters().renewed >= renewed).then_some(()));
        before = until("a fresh certificate", LONG, || delivered(&machine).filter(|now| *now != before));
        assert!(process.runs());
    }
    assert_eq!((cluster.counters().joined, cluster.counters().locks), (1, 0));
    assert_ends_cleanly(&machine, process, Signal::SIGTERM);
}

#[test]
fn many_signals_at_once_are_few_renewals_and_none_is_lost() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    first(&machine);
    cluster.faults().inject(Point::Renew, Fault::Delay(Duration::from_millis(500)), Times::Count(1));
    for _ in 0..50 {
        process.signal(Signal::SIGUSR1);
    }
    until("the renewals", LONG, || (process.stderr().matches("renewed on demand").count() >= 1).then_some(()));
    process.signal(Signal::SIGTERM);
    process.wait(LONG).succeeded();
    assert!((1..=3).contains(&cluster.counters().renewed), "{}", cluster.counters().renewed);
    assert_eq!(cluster.counters().locks, 0);
}

#[test]
fn a_signal_during_the_start_ends_nothing() {
    for (signal, number) in [(Signal::SIGUSR1, 10), (Signal::SIGHUP, 1)] {
        let cluster = Cluster::start();
        let machine = Machine::new(&cluster);
        machine.configure(&cluster, &cluster.token(), "");
        let process = start(&machine);
        // From the first moment at which the program, and not the system, has a say.
        until("the program", LONG, || {
            (has("SigBlk:", process.id(), number) || has("SigCgt:", process.id(), number)).then_some(())
        });
        process.signal(signal);
        until("its listening", LONG, || has("SigCgt:", process.id(), number).then_some(()));
        process.signal(signal);
        first(&machine);
        until("the wish", LONG, || process.stderr().contains("renewed now").then_some(()));
        assert_ends_cleanly_after_errors(process);
    }
}

#[test]
fn what_is_not_refreshed_is_told_early_and_loudly_and_takes_readiness_away() {
    let cluster = short_lived(20);
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let socket = notify_socket(&mut machine);
    let process = start(&machine);
    hear(&socket, "READY=1");
    cluster.faults().inject(Point::Impersonate, Fault::Refuse, Times::Always);
    let told = hear_status(&socket, "STATUS=not refreshed: ");
    assert!(!told.contains("RELOADING"), "{told}");
    assert!(process.stderr().contains(" WARN ") && !process.stderr().contains(" ERROR "), "{}", process.stderr());
    let late = hear(&socket, "RELOADING=1");
    assert!(late.contains("ERRNO=127") && late.contains("STATUS=1 of 1 outputs not fresh: "), "{late}");
    assert!(delivered_until(&machine) > SystemClock::new().now(), "told when it was too late");
    until("the error", LONG, || process.stderr().contains("half of the time to mend it is gone").then_some(()));
    cluster.faults().clear();
    let again = hear(&socket, "READY=1");
    assert!(again.contains("STATUS=all outputs are fresh"), "{again}");
    assert_ends_cleanly_after_errors(process);
}

#[test]
fn a_daemon_that_is_ended_while_an_output_is_not_fresh_fails() {
    let cluster = short_lived(12);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let process = start(&machine);
    first(&machine);
    cluster.faults().inject(Point::Impersonate, Fault::Refuse, Times::Always);
    until("the error", LONG, || process.stderr().contains("half of the time to mend it is gone").then_some(()));
    process.signal(Signal::SIGTERM);
    let ended = process.wait(LONG);
    assert_eq!(ended.status, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("not all outputs are fresh"), "{}", ended.stderr);
}

/// Whether a process has a signal wait (`SigBlk:`), or listens for it (`SigCgt:`).
fn has(line: &str, process: u32, signal: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (signal - 1)) != 0
}

fn delivered_until(machine: &Machine) -> std::time::SystemTime {
    machine_id::identity::TlsFacts::parse(&machine.read("out/tlscert")).unwrap().valid_until
}

fn notify_socket(machine: &mut Machine) -> UnixDatagram {
    let path = machine.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    machine.set("NOTIFY_SOCKET", path.to_str().unwrap());
    socket
}

/// The next message with this line.
fn hear(socket: &UnixDatagram, word: &str) -> String {
    hear_one(socket, word, |line| line == word)
}

/// The next message with a line that begins so.
fn hear_status(socket: &UnixDatagram, begin: &str) -> String {
    hear_one(socket, begin, |line| line.starts_with(begin))
}

fn hear_one(socket: &UnixDatagram, what: &str, is_it: impl Fn(&str) -> bool) -> String {
    loop {
        let mut buffer = [0; 4096];
        let count = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}"));
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if text.lines().any(&is_it) {
            return text;
        }
    }
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
    until("its word", LONG, || process.stderr().contains(" written ").then_some(()));
    assert_ends_cleanly_after_errors(process);
}

#[test]
fn a_fresh_token_is_noticed_once_while_the_cluster_is_away() {
    // From 16.2 on a bot may join again.
    let cluster = Cluster::with(|builder| builder.version("18.1.0"));
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    machine.configure(&cluster, &cluster.new_token("api"), "");
    machine.set("MACHINE_ID_LOG", "debug");
    cluster.open_proxy(false);
    let process = start(&machine);
    let said = |text: &str| process.stderr().matches(text).count();
    until("some tries", LONG, || (said("not usable as it should be") >= 4).then_some(()));
    assert_eq!(said("a fresh token is configured"), 1, "{}", process.stderr());
    cluster.open_proxy(true);
    until("the join", LONG, || (cluster.counters().joined == 2).then_some(()));
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
    // The daemon knows that all is well again a moment after the files are there.
    let refreshed = |line: &str| line.contains(" INFO ") && line.contains("refreshed");
    until("its word", LONG, || process.stderr().lines().any(refreshed).then_some(()));
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
