//! `ssh` along every road to a host that a double can show.

use e2e::{Cluster, Machine, users};
use teleport_double::Point;

fn ready(cluster: &Cluster) -> Machine {
    let machine = Machine::new(cluster);
    machine.configure(cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    machine
}

#[test]
fn behind_a_balancer_every_connection_is_upgraded() {
    // From 16 on it is a WebSocket.
    for (version, point) in [("15.0.2", Point::Upgrade), ("18.1.0", Point::WebSocket)] {
        let cluster = Cluster::with(|builder| builder.behind_balancer().version(version)).and_node();
        let machine = ready(&cluster);
        assert!(machine.read("out/ssh_config").contains(" --connection-upgrade "));
        let before = cluster.counters().seen(point);
        assert_eq!(machine.ssh_echo(&[], "node1.example.test").succeeded().stdout, "here\n");
        assert_eq!(cluster.counters().seen(point), before + 1, "{version}");
    }
}

#[test]
fn a_node_is_reached_by_name_by_its_port_and_by_its_id() {
    let mut cluster = Cluster::start().and_node();
    let node = cluster.node.take().unwrap();
    let id = cluster.add_node("node2", &node.address);
    let machine = ready(&cluster);
    let port = node.address.rsplit_once(':').unwrap().1;
    assert_eq!(machine.ssh_echo(&[], "node1.example.test").succeeded().stdout, "here\n");
    assert_eq!(machine.ssh_echo(&["-p", port], "node1.example.test").succeeded().stdout, "here\n");
    let named = machine.ssh_echo(&["-o", "HostKeyAlias=node1.example.test"], &format!("{id}.example.test"));
    assert_eq!(named.succeeded().stdout, "here\n");
    let refused = machine.ssh_echo(&["-p", "22"], "node1.example.test");
    assert!(refused.stderr.contains("[host_unreachable]"), "{}", refused.stderr);
}

#[test]
fn hosts_of_a_leaf_cluster_are_asked_for_in_it() {
    let cluster = Cluster::with(|builder| builder.leaf("leaf.example.test")).and_node();
    let address = cluster.node.as_ref().unwrap().address.clone();
    cluster.add_node_in("leaf.example.test", "node9", &address);
    let machine = ready(&cluster);
    // The double can't certify the leaf's hosts, so that is not what is looked at.
    let unchecked = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "HostKeyAlgorithms=rsa-sha2-512"];
    let unchecked = unchecked.map(|option| ["-o", option]).concat();
    let leaf = machine.ssh_echo(&unchecked, "node9.leaf.example.test");
    assert_eq!(leaf.succeeded().stdout, "here\n");
    let root = machine.ssh_echo(&unchecked, "node9.example.test");
    assert!(root.stderr.contains("[host_unreachable]"), "{}", root.stderr);
    let checked = machine.ssh_echo(&[], "node9.leaf.example.test");
    checked.refused_its_host();
}

#[test]
fn a_proxy_before_version_13_is_asked_by_stock_ssh() {
    let cluster = Cluster::start().and_node();
    let mut machine = ready(&cluster);
    let config = machine.read("out/ssh_config").replace(" '%r@%h:%p'", " --server-version=12 '%r@%h:%p'");
    e2e::machine::put(&machine.path("old_config"), &config);
    // The double is no SSH server. What is asked of one is seen by standing in for ssh.
    let fake = machine.path("ssh");
    e2e::machine::put(&fake, "#!/bin/sh\nprintf '%s\\n' \"$@\" >&2\nexit 7\n");
    users::prepare("chmod", &["755", fake.to_str().unwrap()]);
    let path = format!("{}:{}", machine.path("").display(), std::env::var("PATH").unwrap());
    machine.set("PATH", &path);
    let ssh = ["-F", "old_config", "-o", "BatchMode=yes", "jenkins@node1.example.test", "true"];
    let asked = machine.tool("/usr/bin/ssh", &ssh).stderr;
    for word in ["-s", "proxy:node1:0@example.test", "jenkins", "StrictHostKeyChecking=yes"] {
        assert!(asked.lines().any(|line| line == word), "{word}: {asked}");
    }
}

#[test]
fn a_host_that_another_cluster_certified_is_refused_on_every_road() {
    let other = Cluster::start();
    let cluster = Cluster::with(teleport_double::Builder::behind_balancer).and_node_certified_by(&other);
    let machine = ready(&cluster);
    let refused = machine.ssh_echo(&[], "node1.example.test");
    refused.refused_its_host();
}
