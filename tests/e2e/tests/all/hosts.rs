//! Hosts by their labels: `machine-id hosts`, and labels in place of a name.

use e2e::{Cluster, Machine, Outcome};
use teleport_double::Point;

/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:9";

fn ready(cluster: &Cluster) -> Machine {
    let mut machine = Machine::new(cluster);
    machine.configure(cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    machine.set("MACHINE_ID_DIR", machine.path("out").to_str().unwrap());
    machine.set("TELEPORT_PROXY", &cluster.proxy_address());
    machine
}

fn hosts(machine: &Machine, labels: &[&str]) -> Outcome {
    machine.machine_id(&[&["hosts"], labels].concat())
}

/// A cluster in which `node1` runs, and two more are known.
fn three() -> Cluster {
    let mut cluster = Cluster::start().and_node();
    let node = cluster.node.take().unwrap();
    cluster.add_labelled_node("db1", &node.address, &[("env", "prod"), ("role", "db"), ("os", "$linux")]);
    cluster.add_labelled_node("web1", NOWHERE, &[("env", "prod"), ("role", "web")]);
    cluster.add_node_in("leaf.example.test", "far", NOWHERE);
    cluster.node = Some(node);
    cluster
}

#[test]
fn hosts_are_listed_that_have_all_labels() {
    let cluster = three();
    let machine = ready(&cluster);
    for (labels, expected) in [
        (&[][..], "db1.example.test\nnode1.example.test\nweb1.example.test\n"),
        (&["env=prod"], "db1.example.test\nweb1.example.test\n"),
        (&["env=prod", "role=web"], "web1.example.test\n"),
        (&["os=linux"], "db1.example.test\n"),
    ] {
        let listed = hosts(&machine, labels).succeeded();
        assert_eq!((listed.stdout.as_str(), listed.stderr.as_str()), (expected, ""), "{labels:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&hosts(&machine, &["--json", "os=linux"]).stdout).unwrap();
    assert_eq!(json[0]["address"], "db1.example.test");
    assert_eq!(json[0]["labels"], serde_json::json!({"env": "prod", "role": "db", "os": "linux"}));
}

#[test]
fn a_command_loops_over_hosts_with_what_its_environment_says() {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let script = "for host in $(\"$MACHINE_ID_BIN\" hosts group=api); do \
                  ssh -F \"$MACHINE_ID_SSH_CONFIG\" -o BatchMode=yes \"$(whoami)@$host\" \"echo on $host\"; done";
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", script]).succeeded();
    assert_eq!(ended.stdout, "on node1.example.test\n");
}

#[test]
fn where_no_host_has_the_labels_those_that_there_are_are_named() {
    let cluster = three();
    let machine = ready(&cluster);
    let facts = ["env=test", "example.test", "3 hosts", "env=prod, group=api, os=linux, role=db, role=web"];
    hosts(&machine, &["env=test"]).refused(1, "target_unknown", &facts);
    let empty = Cluster::start();
    let machine = ready(&empty);
    hosts(&machine, &["env=test"]).refused(1, "target_unknown", &["see no host in cluster example.test"]);
    hosts(&machine, &[]).refused(1, "target_unknown", &["see no host in cluster example.test"]);
}

#[test]
fn what_is_missing_or_no_label_is_said() {
    let cluster = three();
    let mut machine = ready(&cluster);
    hosts(&machine, &["prod"]).refused(2, "request_invalid", &["\"prod\"", "LABEL=VALUE"]);
    hosts(&machine, &["env=a", "env=b"]).refused(2, "request_invalid", &["\"env\"", "two values"]);
    machine.set("TELEPORT_PROXY", "");
    hosts(&machine, &[]).refused(2, "request_invalid", &["--proxy", "TELEPORT_PROXY"]);
    machine.set("MACHINE_ID_DIR", "");
    hosts(&machine, &[]).refused(2, "request_invalid", &["--destination-dir", "MACHINE_ID_DIR"]);
}

#[test]
fn hosts_of_one_name_are_told_apart_by_uuid_even_if_only_one_has_the_labels() {
    let cluster = Cluster::start().and_node();
    let address = cluster.node.as_ref().unwrap().address.clone();
    let mut ids = [
        cluster.add_labelled_node("web", &address, &[("env", "prod")]),
        cluster.add_labelled_node("WEB", NOWHERE, &[("env", "test")]),
    ];
    let machine = ready(&cluster);
    let prod = hosts(&machine, &["env=prod"]).succeeded().stdout;
    assert_eq!(prod, format!("{}.example.test\n", ids[0]));
    let reached = machine.ssh_echo(&["-o", "HostKeyAlias=node1.example.test"], prod.trim_end());
    assert_eq!(reached.succeeded().stdout, "here\n");
    ids.sort();
    let [first, second] = &ids;
    let expected = format!("{first}.example.test\n{second}.example.test\nnode1.example.test\n");
    assert_eq!(hosts(&machine, &[]).succeeded().stdout, expected);
}

#[test]
fn a_host_can_be_given_no_name_that_a_shell_or_ssh_takes_for_something_else() {
    let cluster = Cluster::start();
    let hostile = ["-oProxyCommand=touch pwned", "a b", "a\n-oProxyCommand=x", "$(touch pwned)", "\u{1b}[2J", ""];
    let mut expected: Vec<String> = hostile
        .iter()
        .map(|name| cluster.add_labelled_node(name, NOWHERE, &[("env", "prod\n\u{1b}[2J"), ("-x", "$(id)")]))
        .map(|id| format!("{id}.example.test\n"))
        .collect();
    expected.sort();
    let machine = ready(&cluster);
    assert_eq!(hosts(&machine, &[]).succeeded().stdout, expected.concat());
    let refused = hosts(&machine, &["env=test"]);
    refused.refused(1, "target_unknown", &["env=prod [2J"]);
    assert!(!refused.stderr.contains('\u{1b}'));
    let json: serde_json::Value = serde_json::from_str(&hosts(&machine, &["--json"]).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), hostile.len());
}

#[test]
fn more_hosts_than_fit_a_page_are_all_listed_also_behind_a_balancer() {
    let cluster = Cluster::with(teleport_double::Builder::behind_balancer);
    for number in 0..1201 {
        cluster.add_node(&format!("node{number}"), NOWHERE);
    }
    let machine = ready(&cluster);
    let before = cluster.counters().seen(Point::Upgrade);
    assert_eq!(hosts(&machine, &["group=api"]).succeeded().stdout.lines().count(), 1201);
    assert!(cluster.counters().seen(Point::Upgrade) > before);
}

#[test]
fn labels_in_place_of_a_name_reach_the_one_host_that_has_them() {
    let cluster = three();
    let machine = ready(&cluster);
    let alias = ["-o", "HostKeyAlias=node1.example.test"];
    for host in ["role=db.example.test", "env=prod+role=db.example.test", "os=linux.example.test"] {
        assert_eq!(machine.ssh_echo(&alias, host).succeeded().stdout, "here\n", "{host}");
    }
    let unnamed = machine.ssh_echo(&[], "role=db.example.test");
    unnamed.refused_its_host();
    let several = machine.ssh_echo(&alias, "env=prod.example.test").stderr;
    assert!(
        several.contains("2 hosts have env=prod: db1.example.test, web1.example.test; name one of them"),
        "{several}"
    );
    assert!(several.contains("[target_unknown]"), "{several}");
    let none = machine.ssh_echo(&alias, "env=test.example.test").stderr;
    assert!(none.contains("no host that the roles see in cluster example.test has env=test; "), "{none}");
}

#[test]
fn labels_in_place_of_a_name_work_beside_a_multiplexer() {
    let cluster = three();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let script = "grep -q fdpass \"$MACHINE_ID_SSH_CONFIG\" && ssh -F \"$MACHINE_ID_SSH_CONFIG\" -o BatchMode=yes \
                  -o HostKeyAlias=node1.example.test \"$(whoami)@role=db.example.test\" echo there; \
                  ssh -F \"$MACHINE_ID_SSH_CONFIG\" -o BatchMode=yes \"$(whoami)@env=prod.example.test\" true";
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", script]);
    assert_eq!(ended.stdout, "there\n", "{}", ended.stderr);
    assert!(ended.stderr.contains("2 hosts have env=prod: db1.example.test, web1.example.test"), "{}", ended.stderr);
}
