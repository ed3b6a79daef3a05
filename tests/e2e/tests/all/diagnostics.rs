//! `diag_addr`: what is answered in which state, the metrics after things have happened, and who can't hold it up.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use e2e::probe::{Answer, ask, ask_within, free_address, get, samples};
use e2e::wait::{LONG, PROMPT, until};
use e2e::{Cluster, Database, Machine, Process, users};
use nix::sys::signal::Signal;
use teleport_double::Role;

/// A daemon with an output, and where its diagnostics are.
struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
    address: String,
}

fn stage(cluster: Cluster, more: &str) -> Stage {
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), &format!("{ANY_PORT}\n{more}"));
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    let address = until("the diagnostics", LONG, || served(&daemon.stderr()).pop());
    until("an answer", LONG, || ask(&address, "GET", "/livez"));
    Stage { cluster, machine, daemon, address }
}

/// A port that nobody else has.
const ANY_PORT: &str = "diag_addr: 127.0.0.1:0";

/// Where diagnostics are served, as a log says; the newest is the last.
fn served(log: &str) -> Vec<String> {
    let parts = log.split("diagnostics are served at http://").skip(1);
    parts.filter_map(|rest| Some(rest.split_once(": /livez")?.0.to_owned())).collect()
}

impl Stage {
    fn ready(&self) -> Answer {
        until("readiness", LONG, || Some(get(&self.address, "/readyz")).filter(|answer| answer.status == 200))
    }

    fn samples(&self) -> BTreeMap<String, f64> {
        let answer = get(&self.address, "/metrics");
        assert_eq!((answer.status, answer.kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
        samples(&answer.body)
    }

    /// Waits until a sample has at least a value.
    fn at_least(&self, series: &str, value: f64) {
        until(&format!("{series} >= {value}"), LONG, || {
            self.samples().get(series).filter(|found| **found >= value).map(drop)
        });
    }

    fn state(&self, service: &str) -> String {
        get(&self.address, "/readyz").json()["services"][service]["status"].as_str().unwrap_or("none").to_owned()
    }
}

/// Asks what `docs/metrics.md` has for a state, and compares with what it says of us.
fn assert_probes(address: &str, state: &str) {
    let page = include_str!("../../../../docs/metrics.md");
    let (_, rest) = page.split_once("<!-- probes: a test plays the last column -->").unwrap();
    let (table, _) = rest.split_once("<!-- end of probes -->").unwrap();
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect()).collect();
    let rows: Vec<_> = rows.iter().filter(|cells| cells[0] == state).collect();
    assert!(!rows.is_empty(), "{state}");
    for cells in rows {
        let (method, path) = cells[1].trim_matches('`').split_once(' ').unwrap();
        let answer = ask(address, method, path);
        let said = cells[4];
        let status = answer.as_ref().map_or("no answer".to_owned(), |answer| answer.status.to_string());
        assert!(said.starts_with(&status), "{state}: {method} {path}: {said}, but {answer:?}");
        let kind = answer.map(|answer| answer.kind).unwrap_or_default();
        assert_eq!(said.contains("JSON"), kind == "application/json", "{state}: {method} {path}: {said}, but {kind}");
    }
}

/// Role certificates that live for seconds.
fn short_lived(cluster: Cluster, seconds: u64) -> Cluster {
    cluster.set_role(Role::new("api-workers").logins(&[&users::login()]).max_session_ttl(Duration::from_secs(seconds)));
    cluster
}

#[test]
fn ready_is_said_when_everything_is_written_and_each_service_by_its_name() {
    let stage = stage(Cluster::start(), "");
    let answer = stage.ready();
    assert_eq!(answer.kind, "application/json");
    let said = answer.json();
    assert_eq!(said["status"], "healthy");
    let names: Vec<&String> = said["services"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["ca-rotation", "heartbeat", "identity", "identity-1"]);
    assert!(stage.machine.path("out/key").exists());
    let one = get(&stage.address, "/readyz/identity-1");
    assert_eq!((one.status, &one.json()["status"]), (200, &"healthy".into()));
    assert!(one.json()["updated_at"].as_str().unwrap().ends_with('Z'));

    let unknown = get(&stage.address, "/readyz/nosuch");
    assert_eq!((unknown.status, unknown.kind.as_str()), (404, "application/json"));
    assert_eq!(unknown.json()["error"], "Service named \"nosuch\" not found.");
    assert_eq!(get(&stage.address, "/elsewhere").status, 404);
    assert_eq!(get(&stage.address, "/livez").body, "OK");
    // The method doesn't matter, as with tbot.
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(ask(&stage.address, method, "/livez").unwrap().body, "OK", "{method}");
    }
    let head = ask(&stage.address, "HEAD", "/readyz").unwrap();
    assert_eq!((head.status, head.body.as_str()), (200, ""));

    assert_probes(&stage.address, "ready");
    stage.daemon.signal(Signal::SIGTERM);
    stage.daemon.wait(PROMPT).succeeded();
    assert_probes(&stage.address, "stopped");
}

#[test]
fn without_a_cluster_it_lives_and_is_not_ready_and_then_it_is() {
    let cluster = Cluster::start();
    cluster.open_proxy(false);
    let stage = stage(cluster, "");
    assert_eq!(get(&stage.address, "/livez").status, 200);
    let answer = until("the cause", LONG, || {
        // By each of the four services.
        Some(get(&stage.address, "/readyz")).filter(|answer| answer.body.matches("[cluster_unreachable]").count() == 4)
    });
    assert_eq!((answer.status, &answer.json()["status"]), (503, &"unhealthy".into()));
    for service in ["identity", "identity-1", "heartbeat", "ca-rotation"] {
        assert_eq!(stage.state(service), "unhealthy", "{service}");
        let one = get(&stage.address, &format!("/readyz/{service}"));
        assert!(one.status == 503 && one.body.contains("[cluster_unreachable]"), "{one:?}");
    }
    stage.at_least("machine_id_identity_trouble{identity=\"default\",code=\"cluster_unreachable\"}", 1.0);
    assert!(stage.samples().keys().all(|series| !series.contains("remaining")), "nothing has been issued");
    assert_probes(&stage.address, "first start, cluster away");
    stage.cluster.open_proxy(true);
    stage.ready();
    let samples = stage.samples();
    assert!(!samples.keys().any(|series| series.contains("trouble")), "{samples:?}");
    assert_eq!(samples["machine_id_joins_total{identity=\"default\",method=\"token\",code=\"ok\"}"], 1.0);
}

#[test]
fn a_cluster_that_goes_away_is_said_while_the_output_is_still_fresh() {
    let stage = stage(Cluster::start(), "certificate_ttl: 10m\nrenewal_interval: 2s\n");
    stage.ready();
    let before = get(&stage.address, "/readyz").json()["services"]["identity"]["updated_at"].clone();
    stage.cluster.open_proxy(false);
    until("what is said", LONG, || (get(&stage.address, "/readyz").status == 503).then_some(()));
    until("the identity", LONG, || (stage.state("identity") == "unhealthy").then_some(()));
    let said = get(&stage.address, "/readyz").json();
    assert_ne!(said["services"]["identity"]["updated_at"], before);
    assert!(said["services"]["identity"]["reason"].as_str().unwrap().contains("[cluster_unreachable]"), "{said}");
    assert_eq!(get(&stage.address, "/livez").status, 200);
    assert!(stage.samples()["machine_id_lease_remaining_seconds{identity=\"default\"}"] > 0.0);
    assert_probes(&stage.address, "cluster away");
    stage.cluster.open_proxy(true);
    // By itself it waits for minutes, since nobody needs the cluster: the signal is such a need.
    until("readiness", LONG, || {
        stage.daemon.signal(Signal::SIGUSR1);
        (get(&stage.address, "/readyz").status == 200).then_some(())
    });
}

#[test]
fn a_lock_is_seen_in_readiness_and_metrics() {
    let stage = stage(short_lived(Cluster::start(), 20), "certificate_ttl: 1m\nrenewal_interval: 2s\n");
    stage.ready();
    stage.cluster.lock_user("bot-api", "stolen");
    stage.at_least("machine_id_identity_state{identity=\"default\",state=\"locked\"}", 1.0);
    let identity =
        until("the lock", LONG, || Some(get(&stage.address, "/readyz/identity")).filter(|one| one.status == 503));
    assert!(identity.body.contains("[bot_locked]"), "{identity:?}");
    assert_probes(&stage.address, "locked");
    assert_eq!(stage.samples()["machine_id_identity_state{identity=\"default\",state=\"ready\"}"], 0.0);
}

#[test]
fn metrics_count_what_has_happened() {
    let cluster = Cluster::with(|builder| builder.version("18.1.0"));
    let stage = stage(short_lived(cluster, 8).and_node(), "certificate_ttl: 1m\nrenewal_interval: 2s\n");
    stage.ready();
    stage.machine.ssh_echo(&[], "node1.example.test").succeeded();
    stage.machine.ssh_echo(&[], "nosuch.example.test");
    for series in [
        "machine_id_renewals_total{identity=\"default\",code=\"ok\"}",
        "machine_id_refreshes_total{identity=\"default\",code=\"ok\"}",
        "machine_id_heartbeats_total{identity=\"default\",code=\"ok\"}",
    ] {
        stage.at_least(series, 1.0);
    }
    stage.at_least("machine_id_issuances_total{identity=\"default\",target=\"identity\",code=\"ok\"}", 2.0);
    until("the end of the sessions", LONG, || (stage.samples()["machine_id_ssh_sessions_open"] == 0.0).then_some(()));
    let samples = stage.samples();
    assert_eq!(samples["machine_id_joins_total{identity=\"default\",method=\"token\",code=\"ok\"}"], 1.0);
    assert_eq!(samples["machine_id_acquires_total{identity=\"default\",code=\"ok\"}"], 1.0);
    assert_eq!(samples["machine_id_acquire_duration_seconds_count{identity=\"default\",outcome=\"ok\"}"], 1.0);
    assert_eq!(samples["machine_id_ssh_sessions_total{code=\"ok\"}"], 1.0);
    assert_eq!(samples["machine_id_ssh_sessions_total{code=\"host_unreachable\"}"], 1.0);
    for direction in ["sent", "received"] {
        assert!(samples[&format!("machine_id_ssh_bytes_total{{direction=\"{direction}\"}}")] > 1000.0, "{samples:?}");
    }
    let left = samples["machine_id_identity_remaining_seconds{identity=\"default\"}"];
    assert!(left > 0.0 && left <= 60.0, "{left}");
    let (count, known) = (stage.cluster.counters(), stage.samples());
    assert!(
        known["machine_id_renewals_total{identity=\"default\",code=\"ok\"}"]
            <= f64::from(u32::try_from(count.renewed).unwrap()) + 1.0
    );
    // No host, user, file or secret is a label.
    let text = get(&stage.address, "/metrics").body;
    for word in ["node1", "nosuch", &users::login(), &stage.machine.path("").display().to_string()] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    e2e::secrets::assert_none("the metrics", &text, &stage.machine.secrets());
    let ready = get(&stage.address, "/readyz").body;
    e2e::secrets::assert_none("readiness", &ready, &stage.machine.secrets());
}

#[test]
fn a_tunnel_is_a_service_and_its_bytes_are_counted() {
    let cluster = Cluster::start();
    let Some(database) = Database::postgres(&cluster) else { return };
    cluster.add_database("pg", "postgres", &database.address);
    let stage = stage(
        cluster,
        "services:\n- {type: database-tunnel, name: orders, service: pg, username: orders, database: orders, listen: 'tcp://localhost:0'}\n",
    );
    stage.ready();
    assert_eq!(stage.state("orders"), "healthy");
    let log = stage.daemon.stderr();
    let port = log.split("tcp://127.0.0.1:").nth(1).unwrap().split([' ', '"']).next().unwrap().trim().to_owned();
    let arguments = [
        "-h",
        "127.0.0.1",
        "-p",
        &port,
        "-U",
        "orders",
        "-d",
        "orders",
        "-X",
        "-A",
        "-t",
        "-c",
        "select repeat('x', 5000)",
    ];
    stage.machine.tool("psql", &arguments).succeeded();
    stage.at_least("machine_id_tunnel_bytes_total{kind=\"database\",direction=\"received\"}", 5000.0);
    stage.at_least("machine_id_tunnel_connections_total{kind=\"database\",code=\"ok\"}", 1.0);
    until("the end of the connection", LONG, || {
        (stage.samples()["machine_id_tunnel_connections_open{kind=\"database\"}"] == 0.0).then_some(())
    });
}

#[test]
fn a_port_in_use_is_told_before_the_token_is_sent() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    machine.configure(&cluster, &cluster.token(), &format!("diag_addr: {address}\n"));
    let ended = machine.machine_id(&["start", "-c", "tbot.yaml"]);
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let said = ended.stderr.lines().last().unwrap();
    assert!(said.contains("tbot.yaml:10: diag_addr: diagnostics can't be served at"), "{said}");
    assert!(said.contains("another program has this port") && said.contains("write another port"), "{said}");
    assert_eq!(cluster.counters().joined, 0);
    machine.assert_nothing_left();
    // An option is told by its own name.
    machine.configure(&cluster, &cluster.token(), "");
    let ended = machine.machine_id(&["start", "-c", "tbot.yaml", "--diag-addr", &address.to_string()]);
    assert!(ended.stderr.lines().last().unwrap().contains("--diag-addr: diagnostics can't be served"), "{ended:?}");
    assert_eq!(cluster.counters().joined, 0);
}

#[test]
fn nothing_listens_without_it_nor_in_one_pass() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let address = free_address();
    machine.configure(&cluster, &cluster.token(), &format!("diag_addr: {address}\n"));
    let taken = TcpListener::bind(&address).unwrap();
    machine.oneshot().succeeded();
    drop(taken);
    machine.configure(&cluster, "used", "");
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the output", LONG, || daemon.stderr().contains("written").then_some(()));
    if users::root_for("that a daemon listens nowhere") {
        assert_eq!(listeners(daemon.id()), 0);
    }
    assert_eq!(ask(&address, "GET", "/livez"), None);
}

/// TCP ports at which a process listens.
fn listeners(process: u32) -> usize {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap());
    let listening = |line: &&str| {
        let mut words = line.split_whitespace();
        words.nth(3) == Some("0A") && words.nth(5).is_some_and(|inode| sockets.iter().any(|socket| socket == inode))
    };
    tables.iter().flat_map(|table| table.lines()).filter(listening).count()
}

#[test]
fn a_hangup_keeps_the_port_or_moves_it() {
    let stage = stage(Cluster::start(), "");
    stage.ready();
    stage.daemon.signal(Signal::SIGHUP);
    until("the configuration read again", LONG, || stage.daemon.stderr().contains("read again").then_some(()));
    stage.ready();
    let config = stage.machine.read("tbot.yaml");
    // One that can't be had changes nothing.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let wish = |address: &str| stage.machine.write_config(&config.replace(ANY_PORT, &format!("diag_addr: {address}")));
    wish(&taken.local_addr().unwrap().to_string());
    stage.daemon.signal(Signal::SIGHUP);
    until("the complaint", LONG, || stage.daemon.stderr().contains("the old one stays").then_some(()));
    assert!(stage.daemon.stderr().contains("another program has this port"));
    stage.ready();
    wish("127.0.0.2:0");
    stage.daemon.signal(Signal::SIGHUP);
    let other =
        until("the news", LONG, || served(&stage.daemon.stderr()).pop().filter(|other| *other != stage.address));
    until("the other port", LONG, || ask(&other, "GET", "/livez"));
    until("the end of the first one", LONG, || ask(&stage.address, "GET", "/livez").is_none().then_some(()));
    until("readiness", LONG, || (get(&other, "/readyz").status == 200).then_some(()));
}

#[test]
fn clients_that_say_nothing_or_too_much_hold_up_nobody() {
    let stage = stage(Cluster::start(), "");
    stage.ready();
    // More than it takes at once, and sooner than any of them is let go for its silence: the oldest makes room.
    let patience = Duration::from_secs(3);
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.extend((0..40).map(|_| TcpStream::connect(&stage.address).unwrap()));
        let answer = ask_within(&stage.address, "GET", "/livez", patience);
        assert_eq!(answer.map(|answer| answer.body).as_deref(), Some("OK"));
    }
    drop(silent);
    let mut endless = TcpStream::connect(&stage.address).unwrap();
    endless.set_read_timeout(Some(LONG)).unwrap();
    let header = format!("X-Long: {}\r\n", "x".repeat(1000));
    // It may be cut while it is being sent.
    let _ = endless.write_all(format!("GET /livez HTTP/1.1\r\nHost: h\r\n{}", header.repeat(40)).as_bytes());
    let mut said = String::new();
    let read = endless.read_to_string(&mut said);
    assert!(read.is_err() || said.starts_with("HTTP/1.1 431"), "{said}");
    for nonsense in ["\x16\x03\x01\0\0", "GET /livez\r\n\r\n", "GET http://h/%zz HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n"] {
        let mut stream = TcpStream::connect(&stage.address).unwrap();
        let _ = stream.write_all(nonsense.as_bytes());
    }
    assert_eq!(get(&stage.address, "/readyz").status, 200);
    assert!(!stage.daemon.stderr().contains("panicked"));
}

/// `promtool`, if it is here.
fn promtool() -> bool {
    let here = Command::new("promtool").arg("--version").output().is_ok();
    if !here {
        users::skipped(
            "promtool isn't installed (Debian's package prometheus): the metrics and alerts weren't checked by it",
        );
    }
    here
}

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics");

#[test]
fn prometheus_own_tool_finds_nothing_against_metrics_and_alerts() {
    if !promtool() {
        return;
    }
    let stage = stage(Cluster::start().and_node(), "");
    stage.ready();
    stage.machine.ssh_echo(&[], "node1.example.test").succeeded();
    let text = get(&stage.address, "/metrics").body;
    e2e::machine::put(&stage.machine.path("metrics"), &text);
    let checked = stage.machine.tool("sh", &["-c", "promtool check metrics <metrics"]).succeeded();
    assert_eq!(checked.stdout.clone() + &checked.stderr, "", "{text}");
    let rules = stage.machine.tool("promtool", &["check", "rules", &format!("{DOCS}/alerts.yaml")]).succeeded();
    let alerts = std::fs::read_to_string(format!("{DOCS}/alerts.yaml")).unwrap();
    let count = alerts.matches("- alert: ").count();
    assert!(count > 20 && rules.stdout.contains(&format!("SUCCESS: {count} rules found")), "{}", rules.stdout);
}

/// A counter begins with its first event, which `increase()` alone doesn't see.
#[test]
fn alerts_see_the_first_event_of_a_kind_and_forget_it() {
    if !promtool() {
        return;
    }
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let joins =
        |code| format!("machine_id_joins_total{{instance=\"h\",identity=\"i\",method=\"iam\",code=\"{code}\"}}");
    let series = |name: &str| format!("  - {{series: '{name}', values: '_x3 1x30'}}\n");
    let fires = |minute, alerts: &[&str]| {
        let samples: String =
            alerts.iter().map(|alert| format!("    - {{labels: '{{alertname=\"{alert}\"}}', value: 1}}\n")).collect();
        let none = if alerts.is_empty() { " []" } else { "" };
        format!("  - expr: count by (alertname) (ALERTS)\n    eval_time: {minute}m\n    exp_samples:{none}\n{samples}")
    };
    let text = format!(
        "rule_files: [{DOCS}/alerts.yaml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{}  promql_expr_test:\n{}",
        [
            "machine_id_refusals_total{instance=\"h\",door=\"ssh\",reason=\"user\"}",
            &joins("join_rejected"),
            &joins("cluster_failed"),
            &joins("rate_limited"),
        ]
        .map(series)
        .concat(),
        [fires(2, &[]), fires(6, &["MachineIdJoinRefused", "MachineIdRefusals"]), fires(25, &[])].concat(),
    );
    e2e::machine::put(&machine.path("alerts-test.yaml"), &text);
    machine.tool("promtool", &["test", "rules", "alerts-test.yaml"]).succeeded();
}

#[test]
fn a_real_prometheus_scrapes_and_its_alerts_fire() {
    if !promtool() {
        return;
    }
    let stage = stage(short_lived(Cluster::start(), 20), "certificate_ttl: 1m\nrenewal_interval: 2s\n");
    stage.ready();
    let web = free_address();
    e2e::machine::put(
        &stage.machine.path("prometheus.yml"),
        &format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{DOCS}/alerts.yaml]\n\
             scrape_configs: [{{job_name: machine-id, static_configs: [{{targets: ['{}']}}]}}]\n",
            stage.address
        ),
    );
    let data = stage.machine.path("prometheus").display().to_string();
    let _prometheus = stage.machine.start_tool(
        "prometheus",
        &[
            "--config.file=prometheus.yml",
            &format!("--storage.tsdb.path={data}"),
            &format!("--web.listen-address={web}"),
        ],
    );
    let query = |expression: &str| {
        // It answers otherwise until it has started.
        let answer = ask(&web, "GET", &format!("/api/v1/query?query={expression}")).filter(|one| one.status == 200)?;
        let result = answer.json()["data"]["result"].clone();
        result[0]["value"][1].as_str().and_then(|value| value.parse::<f64>().ok())
    };
    until("the first scrape", LONG, || query("up").filter(|up| *up == 1.0));
    until("the identity", LONG, || query("machine_id_identity_remaining_seconds").filter(|left| *left > 0.0));
    until("the joins", LONG, || query("sum(machine_id_joins_total)").filter(|joins| *joins == 1.0));
    stage.cluster.lock_user("bot-api", "stolen");
    let firing = "ALERTS%7Balertname=%22MachineIdLocked%22,alertstate=%22firing%22%7D";
    until("the alert of the lock", LONG, || query(firing).filter(|fires| *fires == 1.0));
}
