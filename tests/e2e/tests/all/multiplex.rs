//! Many `ssh` over one connection, while a daemon keeps the identity.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::time::Duration;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Outcome, Process, users};
use nix::sys::signal::Signal;
use teleport_double::Point;

struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
}

/// A daemon whose destination is `out`, and a node.
fn stage() -> Stage {
    stage_with("")
}

fn stage_with(destination: &str) -> Stage {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    if destination.is_empty() {
        machine.configure(&cluster, &cluster.token(), "");
    } else {
        machine.write_config(&format!(
            "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
             storage: {{type: directory, path: {}}}\noutputs:\n- type: identity\n  destination: {{type: directory, \
             path: {destination}}}\n",
            cluster.proxy_address(),
            cluster.token(),
            machine.path("bot").display(),
        ));
    }
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    let config = if destination.is_empty() { "out" } else { destination };
    until("the first ssh_config", LONG, || machine.path(config).join("ssh_config").exists().then_some(()));
    Stage { cluster, machine, daemon }
}

impl Stage {
    fn arguments<'a>(&self, config: &'a str, target: &'a str) -> Vec<&'a str> {
        vec!["-F", config, "-o", "BatchMode=yes", target]
    }

    fn ssh(&self, config: &str, command: &str) -> Outcome {
        let target = format!("{}@node1.example.test", users::login());
        let mut arguments = self.arguments(config, &target);
        arguments.push(command);
        self.machine.tool("ssh", &arguments)
    }

    fn start_ssh(&self, command: &str) -> Process {
        let target = format!("{}@node1.example.test", users::login());
        let mut ssh = self.machine.command("ssh");
        ssh.args(self.arguments("out/ssh_config", &target)).arg(command);
        Process::spawn(ssh)
    }

    fn connections(&self) -> u64 {
        self.cluster.counters().seen(Point::ProxyConnection)
    }
}

#[test]
fn ten_ssh_share_one_connection_and_no_helper_stays() {
    let stage = stage();
    stage.ssh("out/ssh_config", "true").succeeded();
    let before = stage.connections();
    let running: Vec<Process> = (0..10).map(|_| stage.start_ssh("echo here; cat /dev/zero | head -c 300000")).collect();
    for ssh in running {
        let ended = ssh.wait(LONG).succeeded();
        assert_eq!(ended.stdout.len(), "here\n".len() + 300_000);
    }
    assert_eq!(stage.connections(), before);
    let socket = stage.machine.path("out/ssh.sock");
    let seen = std::fs::symlink_metadata(&socket).unwrap();
    assert!(seen.file_type().is_socket());
    assert_eq!(seen.permissions().mode() & 0o777, 0o600);
}

#[test]
fn while_ssh_runs_nothing_of_ours_stands_between_it_and_the_daemon() {
    let stage = stage();
    let mut ssh = stage.start_ssh("echo here; sleep 60");
    until("the session", LONG, || ssh.stdout().contains("here").then_some(()));
    let helpers = stage.machine.tool("pgrep", &["-P", &ssh.id().to_string(), "-l"]);
    assert_eq!(helpers.stdout, "", "ssh has children");
    assert!(ssh.runs());
}

#[test]
fn when_the_daemon_was_killed_ssh_connects_by_itself() {
    let stage = stage();
    stage.ssh("out/ssh_config", "true").succeeded();
    stage.daemon.signal(Signal::SIGKILL);
    let Stage { cluster, machine, daemon } = stage;
    daemon.wait(LONG);
    assert!(machine.path("out/ssh.sock").exists());
    let before = cluster.counters().seen(Point::ProxyConnection);
    let target = format!("{}@node1.example.test", users::login());
    let arguments = ["-F", "out/ssh_config", "-o", "BatchMode=yes", &target, "echo here"];
    assert_eq!(machine.tool("ssh", &arguments).succeeded().stdout, "here\n");
    assert_eq!(cluster.counters().seen(Point::ProxyConnection), before + 1);
}

#[test]
fn a_daemon_that_ends_takes_its_socket_along_and_ssh_still_works() {
    let stage = stage();
    stage.daemon.signal(Signal::SIGTERM);
    let Stage { machine, daemon, .. } = &stage;
    let _ = daemon;
    until("the socket's end", LONG, || (!machine.path("out/ssh.sock").exists()).then_some(()));
    assert_eq!(stage.ssh("out/ssh_config", "echo here").succeeded().stdout, "here\n");
}

#[test]
fn sessions_that_are_cut_say_why_and_new_ones_work_at_once() {
    let stage = stage();
    let open: Vec<Process> = (0..20).map(|_| stage.start_ssh("echo here; sleep 60")).collect();
    for ssh in &open {
        until("a session", LONG, || ssh.stdout().contains("here").then_some(()));
    }
    // The proxy cuts the connection of a locked identity, as it does when it restarts.
    stage.cluster.lock_user("bot-api", "restart");
    for ssh in open {
        let ended = ssh.wait(LONG);
        assert_eq!(ended.status, Some(255));
        assert!(ended.stderr.contains("machine-id: the connection to node1.example.test was cut"), "{}", ended.stderr);
    }
    stage.cluster.unlock_all();
    let again = stage.ssh("out/ssh_config", "echo here");
    assert_eq!(again.succeeded().stdout, "here\n");
}

#[test]
fn a_lock_that_only_ssh_met_is_known_to_the_status_within_seconds() {
    let stage = stage();
    stage.ssh("out/ssh_config", "true").succeeded();
    stage.cluster.lock_user("bot-api", "stolen");
    // The first one may only see that the proxy cuts the connection.
    until("a refusal with the lock's words", LONG, || {
        stage.ssh("out/ssh_config", "true").stderr.contains("[bot_locked]").then_some(())
    });
    // The engine looks by itself about once a minute.
    until("the status that tells of the lock", Duration::from_secs(20), || {
        let status = stage.machine.machine_id(&["status", "-c", "tbot.yaml"]);
        (status.status == Some(5)).then_some(())
    });
    stage.cluster.unlock_all();
}

#[test]
fn a_host_that_cant_be_reached_is_a_line_on_standard_error() {
    let stage = stage();
    let target = format!("{}@nosuch.example.test", users::login());
    let ended = stage.machine.tool("ssh", &stage.arguments("out/ssh_config", &target));
    assert!(ended.stderr.contains("machine-id: the cluster can't reach nosuch.example.test: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("[host_unreachable]"), "{}", ended.stderr);
}

#[test]
fn a_directory_longer_than_a_sockets_address_serves_too() {
    let stage = Machine::new(&Cluster::start());
    let long = stage.path(&"long-".repeat(40)).display().to_string();
    let stage = stage_with(&long);
    let config = format!("{long}/ssh_config");
    stage.ssh(&config, "true").succeeded();
    let before = stage.connections();
    assert_eq!(stage.ssh(&config, "echo here").succeeded().stdout, "here\n");
    assert_eq!(stage.connections(), before);
}

#[test]
fn a_session_that_doesnt_read_holds_up_nobody() {
    let stage = stage();
    let mut stuck = stage.start_ssh("echo here; cat /dev/zero");
    until("the session", LONG, || stuck.stdout().contains("here").then_some(()));
    stuck.signal(Signal::SIGSTOP);
    // It fills whatever can be filled meanwhile.
    for _ in 0..3 {
        let ended = stage.ssh("out/ssh_config", "head -c 20000000 /dev/zero | wc -c");
        assert_eq!(ended.succeeded().stdout.trim(), "20000000");
    }
    let bulk = stage.ssh("out/ssh_config", "head -c 20000000 /dev/zero");
    assert_eq!(bulk.succeeded().stdout.len(), 20_000_000);
    stuck.signal(Signal::SIGCONT);
    assert!(stuck.runs());
}

#[test]
fn oneshot_writes_nothing_that_needs_a_daemon() {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    assert!(!machine.read("out/ssh_config").contains("Fdpass"));
    assert!(!machine.path("out/ssh.sock").exists());
}

#[test]
fn a_client_that_says_nothing_or_nonsense_is_left_alone_without_harm() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    let stage = stage();
    let socket = stage.machine.path("out/ssh.sock");
    let mut silent = UnixStream::connect(&socket).unwrap();
    for nonsense in [&b"\xff\xff"[..], b"\0\x05hello", b"\0\x03\xff\xfe\xfd", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut client = UnixStream::connect(&socket).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(nonsense).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let mut said = Vec::new();
        let _ = client.read_to_end(&mut said);
        assert_eq!(said.first(), Some(&1), "the greeting");
    }
    let mut hello = [0];
    silent.read_exact(&mut hello).unwrap();
    assert_eq!(stage.ssh("out/ssh_config", "echo here").succeeded().stdout, "here\n");
}

#[test]
fn a_reader_may_connect_and_another_user_may_not() {
    if !users::root_for("other users at the socket") {
        return;
    }
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    let out = machine.path("out").display().to_string();
    machine.machine_id(&["init", "--destination-dir", &out, "--reader-user", "daemon"]).succeeded();
    machine.configure(&cluster, &cluster.token(), "");
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the socket", LONG, || machine.path("out/ssh.sock").exists().then_some(()));
    until("the first ssh_config", LONG, || machine.path("out/ssh_config").exists().then_some(()));
    let target = format!("{}@node1.example.test", users::login());
    let config = format!("{out}/ssh_config");
    let run = |user: &str| {
        let ssh = ["-F", &config, "-o", "BatchMode=yes", &target, "echo here"];
        let mut arguments = vec!["--reuid", user, "--regid", "65534", "--clear-groups", "ssh"];
        arguments.extend(ssh);
        machine.tool("setpriv", &arguments)
    };
    run("daemon").succeeded();
    let before = cluster.counters().seen(Point::ProxyConnection);
    assert_eq!(run("daemon").succeeded().stdout, "here\n");
    assert_eq!(cluster.counters().seen(Point::ProxyConnection), before, "the reader used the socket");
    assert_ne!(run("bin").status, Some(0));
}
