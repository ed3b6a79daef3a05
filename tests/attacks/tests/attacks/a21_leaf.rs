//! A leaf cluster's CA against the root's proxy and hosts.

use e2e::{Cluster, Machine};

#[test]
fn a21_a_leafs_ca_vouches_for_neither_the_proxy_nor_the_roots_hosts() {
    // The second one lies above the root, so that its wildcard covers the root's hosts.
    for leaf in ["leaf.test", "test"] {
        let cluster = Cluster::with(|builder| builder.leaf(leaf));
        let machine = Machine::new(&cluster);
        machine.configure(&cluster, &cluster.token(), "");
        machine.oneshot().succeeded();
        let root = cluster.host_ca_ssh_line();
        for host in ["localhost", "example.test", "node1.example.test"] {
            let found = machine.tool("ssh-keygen", &["-F", host, "-f", "out/known_hosts"]).succeeded().stdout;
            let lines: Vec<&str> = found.lines().filter(|line| line.starts_with("@cert-authority")).collect();
            assert!(!lines.is_empty(), "{host}");
            for line in lines {
                assert!(line.contains(&root), "a CA of {leaf} vouches for {host}: {line}");
            }
        }
        let own = machine.tool("ssh-keygen", &["-F", &format!("node1.{leaf}"), "-f", "out/known_hosts"]).succeeded();
        assert!(!own.stdout.contains(&root), "{}", own.stdout);
    }
}

#[test]
fn a21_a_leaf_that_chooses_a_name_vouches_for_nobody_else_and_breaks_nothing() {
    let long = "l".repeat(250);
    for leaf in ["Example.TEST", "a,*", ".lock-a", long.as_str()] {
        let cluster = Cluster::with(|builder| builder.leaf(leaf));
        let machine = Machine::new(&cluster);
        machine.configure(&cluster, &cluster.token(), "");
        machine.oneshot().succeeded();
        let root = cluster.host_ca_ssh_line();
        for host in ["localhost", "example.test", "node1.example.test", "node1.EXAMPLE.test"] {
            let found = machine.tool("ssh-keygen", &["-F", host, "-f", "out/known_hosts"]).succeeded().stdout;
            let lines: Vec<&str> = found.lines().filter(|line| line.starts_with("@cert-authority")).collect();
            assert!(!lines.is_empty(), "{host}");
            for line in lines {
                assert!(line.contains(&root), "a CA of {leaf:?} vouches for {host}: {line}");
            }
        }
    }
}
