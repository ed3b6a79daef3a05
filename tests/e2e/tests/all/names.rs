//! Names that people rely on for months: a copy of `ssh_config`, and what it names, over many renewals.

use std::time::Duration;

use e2e::machine::put;
use e2e::node::Node;
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, users};
use nix::sys::signal::Signal;
use teleport_double::Role;

const HOST: &str = "node1.example.test";

fn target() -> String {
    format!("{}@{HOST}", users::login())
}

/// The ways in which an `ssh_config` gets elsewhere, each made once.
fn copies(machine: &Machine) -> [&'static str; 3] {
    let text = machine.read("out/ssh_config");
    put(&machine.path("copied"), &text);
    put(&machine.path("pasted"), &format!("Host other\n    User somebody\n\n{text}\nHost *\n    LogLevel INFO\n"));
    put(&machine.path("including"), &format!("Include {}\n", machine.path("out/ssh_config").display()));
    ["copied", "pasted", "including"]
}

#[test]
fn a_copy_of_ssh_config_works_without_a_word_after_each_of_many_renewals() {
    let cluster = Cluster::start();
    let directory = tempfile::tempdir().unwrap();
    // Whoever offers more keys than this is thrown out.
    let node = Node::start_with(directory.path(), &cluster, &cluster, HOST, "MaxAuthTries 2\n");
    cluster.add_node("node1", &node.address);
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let copies = copies(&machine);
    machine
        .tool(
            "sh",
            &[
                "-ec",
                "git init -q source; cd source; echo hello > file; git add file; \
        git -c user.name=e2e -c user.email=e2e@example.test commit -qm one",
            ],
        )
        .succeeded();
    let url = format!("ssh://{}{}", target(), machine.path("source").display());
    let mut keys = vec![machine.read("out/key")];
    for round in 0..4 {
        for copy in copies {
            let ended = machine.tool("ssh", &["-F", copy, "-o", "BatchMode=yes", &target(), "echo", "here"]);
            assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("here\n", ""), "{copy}, round {round}");
        }
        let remote = format!("{}:{}", target(), machine.path("source/file").display());
        machine.tool("scp", &["-q", "-F", "copied", &remote, "fetched"]).succeeded();
        machine.set("GIT_SSH_COMMAND", "ssh -F pasted");
        machine.tool("git", &["clone", "-q", &url, &format!("clone-{round}")]).succeeded();
        machine.oneshot().succeeded();
        keys.push(machine.read("out/key"));
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5, "each renewal has a key of its own");
    assert_eq!(machine.read("out/ssh_config"), machine.read("copied"), "the text stays the same");
    assert!(!node.log().contains("Failed publickey"), "{}", node.log());
}

#[test]
fn a_shared_connection_outlives_renewals_as_ansible_uses_it() {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let [copy, ..] = copies(&machine);
    let master = format!("ControlPath={}", machine.path("tmp/%C").display());
    let shared =
        ["-F", copy, "-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", &master, "-o", "BatchMode=yes"];
    let target = target();
    for _ in 0..3 {
        let ended = machine.tool("ssh", &[&shared[..], &[&target, "echo", "here"]].concat());
        assert_eq!(ended.succeeded().stdout, "here\n");
        machine.oneshot().succeeded();
    }
    machine.tool("ssh", &["-F", copy, "-o", &master, "-O", "exit", &target]).succeeded();
}

#[test]
fn a_writer_that_was_killed_in_the_middle_of_a_slot_keeps_nobody_out() {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let [copy, ..] = copies(&machine);
    // Which one isn't in use: that has neither the certificate at the top nor its key.
    machine.oneshot().succeeded();
    let current = machine.read("out/key-cert.pub");
    let idle =
        [".ssh-a", ".ssh-b"].into_iter().find(|slot| machine.read(&format!("out/{slot}/key-cert.pub")) != current);
    let idle = idle.unwrap();
    for (file, text) in [("key", "half a key"), ("key.pub", "half a key"), ("key-cert.pub", "half a certificate")] {
        put(&machine.path(&format!("out/{idle}/{file}")), text);
        let ended = machine.tool("ssh", &["-F", copy, "-o", "BatchMode=yes", &target(), "echo", "here"]);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("here\n", ""), "{file}");
    }
    machine.oneshot().succeeded();
    let ended = machine.tool("ssh", &["-F", copy, "-o", "BatchMode=yes", &target(), "echo", "here"]);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("here\n", ""));
}

#[test]
fn a_loop_of_logins_with_a_copy_meets_no_failure_while_a_daemon_renews_again_and_again() {
    const RENEWALS: usize = 6;
    let cluster = Cluster::start().and_node();
    cluster.set_role(Role::new("api-workers").logins(&[&users::login()]).max_session_ttl(Duration::from_secs(12)));
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    let certificate = || std::fs::read_to_string(machine.path("out/key-cert.pub")).ok();
    let mut seen = vec![until("the first certificate", LONG, certificate)];
    let copies = copies(&machine);
    let mut logins = 0;
    until("six fresh certificates", LONG * 2, || {
        for copy in copies {
            let ended =
                machine.tool("ssh", &["-F", copy, "-o", "BatchMode=yes", &target(), "echo", "here"]).succeeded();
            assert_eq!(ended.stdout, "here\n");
            logins += 1;
        }
        let now = certificate()?;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        (seen.len() > RENEWALS).then_some(())
    });
    assert!(logins > RENEWALS, "{logins} logins");
    daemon.signal(Signal::SIGTERM);
    daemon.wait(LONG).succeeded();
}
