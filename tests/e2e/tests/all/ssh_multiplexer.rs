//! tbot's service `ssh-multiplexer`, with stock ssh and ssh-add.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;

use e2e::multiplexer::{self, LOGIN, configure};
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Outcome, Process, users};
use nix::sys::signal::Signal;
use teleport_double::Point;

struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
}

/// A daemon whose multiplexer is `mux`, and a node.
fn stage_with(service: &str, more: &str) -> Stage {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), service, more);
    let daemon = multiplexer::start(&machine, &[]);
    Stage { cluster, machine, daemon }
}

impl Stage {
    fn ssh_with(&self, options: &[&str], host: &str, command: &str) -> Outcome {
        let target = format!("{}@{host}", users::login());
        let own = ["-F", "mux/ssh_config", "-o", "BatchMode=yes"];
        self.machine.tool("ssh", &[&own, options, &[&target, command]].concat())
    }

    fn ssh(&self, command: &str) -> Outcome {
        self.ssh_with(&[], "node1.example.test", command)
    }

    fn keys(&self) -> String {
        multiplexer::listed(&self.machine, "-l")
    }
}

#[test]
fn stock_ssh_goes_by_the_sockets_and_no_key_is_in_a_file() {
    let stage = stage_with("", "");
    assert_eq!(stage.ssh("echo here").succeeded().stdout, "here\n");
    let before = stage.cluster.counters().seen(Point::ProxyConnection);
    for _ in 0..3 {
        stage.ssh("true").succeeded();
    }
    assert_eq!(stage.cluster.counters().seen(Point::ProxyConnection), before, "they share one connection");
    let keys = stage.keys();
    assert_eq!(keys.lines().count(), 2, "{keys}");
    assert!(keys.contains("(ECDSA-CERT)") && keys.contains("(ECDSA)"), "{keys}");
    let mut names: Vec<String> = std::fs::read_dir(stage.machine.path("mux"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    assert_eq!(names, ["agent.sock", "known_hosts", "ssh_config", "v1.sock"]);
    for socket in ["agent.sock", "v1.sock"] {
        let seen = std::fs::symlink_metadata(stage.machine.path("mux").join(socket)).unwrap();
        assert!(seen.file_type().is_socket());
        assert_eq!(seen.permissions().mode() & 0o777, 0o600);
    }
    let status = || stage.machine.machine_id(&["status", "-c", "tbot.yaml"]);
    assert!(status().succeeded().stdout.contains("all is fresh"));
    stage.daemon.signal(Signal::SIGTERM);
    assert_eq!(stage.daemon.wait(LONG).status, Some(0));
    assert!(!stage.machine.path("mux/v1.sock").exists() && !stage.machine.path("mux/agent.sock").exists());
    let ended = status();
    assert_ne!(ended.status, Some(0));
    assert!(
        ended.stdout.contains("nobody serves v1.sock and agent.sock; is `machine-id start` running?"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_client_without_descriptor_passing_and_tbots_own_words_work() {
    let stage = stage_with("", "");
    let plain = stage.ssh_with(&["-o", "ProxyUseFdpass=no"], "node1.example.test", "echo here");
    assert_eq!(plain.succeeded().stdout, "here\n");
    for target in ["node1.example.test:3022|example.test\0", "node1:3022\0"] {
        let mut client = UnixStream::connect(stage.machine.path("mux/v1.sock")).unwrap();
        client.set_read_timeout(Some(LONG)).unwrap();
        // What follows at once belongs to the host.
        client.write_all(format!("{target}SSH-2.0-test\r\n").as_bytes()).unwrap();
        let mut banner = [0; 8];
        client.read_exact(&mut banner).unwrap();
        assert_eq!(&banner, b"SSH-2.0-");
    }
    for fdpass in ["yes", "no"] {
        let unknown = stage.ssh_with(&["-o", &format!("ProxyUseFdpass={fdpass}")], "nowhere.example.test", "true");
        assert_ne!(unknown.status, Some(0));
        let ours: Vec<&str> = unknown.stderr.lines().filter(|line| line.starts_with("machine-id: ")).collect();
        assert!(matches!(ours[..], [one] if one.ends_with("[host_unreachable]")), "{fdpass}: {}", unknown.stderr);
    }
}

#[test]
fn the_key_is_renewed_under_a_running_session() {
    let stage = stage_with("  credential_ttl: 1m\n", "");
    let target = format!("{}@node1.example.test", users::login());
    let go = stage.machine.path("go").display().to_string();
    let waits = format!("echo begun; until test -e '{go}'; do sleep 0.1; done; echo ended");
    let running = stage.machine.start_tool("ssh", &["-F", "mux/ssh_config", "-o", "BatchMode=yes", &target, &waits]);
    until("the session", LONG, || running.stdout().contains("begun").then_some(()));
    let before = stage.keys();
    stage.daemon.signal(Signal::SIGUSR1);
    until("another key", LONG, || (stage.keys() != before).then_some(()));
    assert_eq!(stage.ssh("echo fresh").succeeded().stdout, "fresh\n");
    e2e::machine::put(&stage.machine.path("go"), "");
    assert_eq!(running.wait(LONG).succeeded().stdout, "begun\nended\n");
}

#[test]
fn an_agent_that_was_asked_before_a_renewal_signs_after_it() {
    let stage = stage_with("", "");
    // A client that has looked once.
    let key = multiplexer::key(&stage.machine);
    let signs = || multiplexer::signs(&mut multiplexer::agent(&stage.machine), &key, LOGIN);
    assert!(signs());
    for renewals in 1..3 {
        let shown = stage.keys();
        stage.daemon.signal(Signal::SIGUSR1);
        until("another key", LONG, || (stage.keys() != shown).then_some(()));
        assert_eq!(signs(), renewals < 2, "the key before signs, the one before that doesn't");
    }
}

#[test]
fn a_directory_whose_sockets_nobody_could_reach_is_refused_at_the_start() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let long = "d".repeat(100);
    configure(&cluster, &machine, &cluster.token(), "", "");
    let config = machine.read("tbot.yaml").replace("/mux", &format!("/{long}/mux"));
    machine.write_config(&config);
    let ended = machine.machine_id(&["start", "-c", "tbot.yaml"]);
    assert_ne!(ended.status, Some(0));
    assert!(ended.stderr.contains("take a shorter one") && ended.stderr.contains("agent.sock"), "{}", ended.stderr);
}

#[test]
fn in_one_pass_there_is_no_multiplexer_and_that_is_said() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), "", "oneshot: true\n");
    let ended = machine.machine_id(&["start", "-c", "tbot.yaml"]);
    assert_ne!(ended.status, Some(0));
    assert!(ended.stderr.contains("start without oneshot"), "{}", ended.stderr);
}
