//! Clusters of several versions: what an administrator has doesn't follow what is newest.

use e2e::{Cluster, Machine};
use teleport_double::{Double, Point};

/// Oldest first: without a gRPC call for the CA, without one for authorities, without bot instances, with two keys.
const VERSIONS: [&str; 5] = ["10.3.16", "12.4.11", "15.4.3", "16.4.0", "17.2.1"];

fn auth_server(machine: &Machine, address: &str, token: &str, pin: &str) -> String {
    format!(
        "version: v2\nauth_server: {address}\nonboarding: {{join_method: token, token: {token}, ca_pins: [\"{pin}\"]}}\n\
         storage: {{type: directory, path: {}}}\noutputs:\n\
         - {{type: identity, destination: {{type: directory, path: {}}}}}\n",
        machine.path("bot").display(),
        machine.path("out").display()
    )
}

/// Up to version 15 a bot lives in one place only: a cluster for each way.
fn clusters(version: &str) -> [(Cluster, String); 2] {
    [Double::proxy_address, Double::auth_address].map(|address| {
        let cluster = Cluster::with(|builder| builder.version(version));
        let address = address(&cluster);
        (cluster, address)
    })
}

#[test]
fn every_version_gives_certificates_through_the_proxy_and_at_the_auth_server() {
    for version in VERSIONS {
        for (cluster, address) in clusters(version) {
            let machine = Machine::new(&cluster);
            machine.write_config(&auth_server(&machine, &address, &cluster.token(), &cluster.ca_pin()));
            machine.oneshot().succeeded();
            let known = machine.read("out/known_hosts");
            assert!(known.contains("*.example.test"), "{version} at {address}: {known}");
            assert!(machine.read("out/teleport-user-ca.crt").contains("BEGIN CERTIFICATE"), "{version} at {address}");
        }
    }
}

#[test]
fn with_separate_ports_the_pins_are_held_against_what_the_web_port_leads_to() {
    for version in ["10.3.16", "12.4.11"] {
        let cluster = Cluster::with(|builder| builder.version(version).separate_ports());
        let machine = Machine::new(&cluster);
        let config = auth_server(&machine, &cluster.proxy_address(), &cluster.token(), &cluster.ca_pin());
        machine.write_config(&config.replace("auth_server", "proxy_server"));
        machine.oneshot().succeeded();
    }
}

#[test]
fn a_wrong_pin_keeps_the_token_from_an_old_cluster_too() {
    let wrong = format!("sha256:{}", "11".repeat(32));
    for (cluster, address) in clusters("10.3.16") {
        let machine = Machine::new(&cluster);
        let token = cluster.token();
        machine.write_config(&auth_server(&machine, &address, &token, &wrong));
        machine.oneshot().refused(1, "ca_pin_mismatch", &[&wrong, &cluster.ca_pin()]);
        machine.assert_nothing_left();
        assert!(cluster.token_exists(&token));
    }
}

#[test]
fn three_outputs_ask_for_the_authorities_once() {
    let cluster = Cluster::with(|builder| builder.leaf("leaf.test"));
    let machine = Machine::new(&cluster);
    let more: String = ["two", "three"]
        .map(|name| {
            format!("- {{type: identity, destination: {{type: directory, path: {}}}}}\n", machine.path(name).display())
        })
        .concat();
    machine.configure(&cluster, &cluster.token(), &more);
    machine.oneshot().succeeded();
    let seen = |point| cluster.counters().seen(point);
    // Host authorities with those of leaves, user, database.
    assert_eq!(seen(Point::CertAuthority), 3);
    assert_eq!((seen(Point::Find), seen(Point::GetRole), seen(Point::Impersonate)), (1, 1, 1));
    assert!(machine.read("three/known_hosts").contains("*.leaf.test"));
}

#[test]
fn a_clock_that_is_off_by_minutes_costs_no_token() {
    for offset in [240, -240] {
        let cluster = Cluster::with(|builder| builder.clock_offset(offset));
        let machine = Machine::new(&cluster);
        machine.configure(&cluster, &cluster.token(), "");
        machine.oneshot().succeeded();
        machine.oneshot().succeeded();
        assert_eq!(cluster.generation("api"), Some(1), "{offset}");
    }
}
