//! Many `ssh` that are open at the same time by one daemon.

use e2e::machine::put;
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Process, users};
use teleport_double::Point;

/// All of them wait for a file, say their number and end.
fn all_answer(cluster: &Cluster, count: usize) -> u64 {
    let machine = Machine::new(cluster);
    machine.configure(cluster, &cluster.token(), "");
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the first ssh_config", LONG, || machine.path("out/ssh_config").exists().then_some(()));
    let target = format!("{}@node1.example.test", users::login());
    let barrier = machine.path("barrier");
    let before = cluster.counters().seen(Point::ProxyConnection);
    let mut open = Vec::new();
    for number in 0..count {
        let wait = format!("echo open; until [ -e {} ]; do sleep 0.2; done; echo {number}", barrier.display());
        let mut ssh = machine.command("ssh");
        ssh.args(["-F", "out/ssh_config", "-o", "BatchMode=yes", &target, &wait]);
        open.push(Process::spawn(ssh));
        // Some at a time, as sshd takes them.
        if let Some(earlier) = number.checked_sub(5) {
            until("a session", LONG, || open[earlier].stdout().contains("open").then_some(()));
        }
    }
    for ssh in &open {
        until("a session", LONG, || ssh.stdout().contains("open").then_some(()));
    }
    let connections = cluster.counters().seen(Point::ProxyConnection) - before;
    put(&barrier, "");
    for (number, ssh) in open.into_iter().enumerate() {
        assert_eq!(ssh.wait(LONG).succeeded().stdout, format!("open\n{number}\n"));
    }
    connections
}

#[test]
fn fifty_sessions_at_the_same_time_all_end_as_they_should() {
    assert_eq!(all_answer(&Cluster::start().and_node(), 50), 1);
}

#[test]
fn sessions_beyond_what_the_proxy_takes_on_one_connection_get_another_one() {
    let cluster = Cluster::with(|builder| builder.streams(8)).and_node();
    assert_eq!(all_answer(&cluster, 20), 3);
}

#[test]
fn a_session_whose_host_ends_it_says_so_and_one_that_ends_by_itself_says_nothing() {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the first ssh_config", LONG, || machine.path("out/ssh_config").exists().then_some(()));
    let target = format!("{}@node1.example.test", users::login());
    let ssh = |command| machine.tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", &target, command]);
    for _ in 0..5 {
        assert_eq!(ssh("true").succeeded().stderr, "");
    }
    let ended = ssh("kill -9 $PPID; sleep 3");
    assert_eq!(ended.status, Some(255));
    assert!(ended.stderr.contains("machine-id: the connection to node1.example.test was cut"), "{}", ended.stderr);
}
