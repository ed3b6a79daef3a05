//! A proxy in the middle, whose web certificate every machine trusts, against CA pins.

use e2e::{Cluster, Machine};
use teleport_double::{AuthorityKind, Double, Fault, HostileProxy, Phase, Point, Times, Tunnel};

/// A machine that is led to `proxy` and has the pin of the real cluster.
fn pinned(cluster: &Cluster, proxy: &HostileProxy) -> (Machine, String) {
    let (machine, token) = (Machine::new(cluster), cluster.token());
    configure(&machine, &proxy.address(), &token, &[cluster.ca_pin()]);
    (machine, token)
}

fn configure(machine: &Machine, proxy: &str, token: &str, pins: &[String]) {
    machine.configure_address(proxy, token, "");
    let config = machine.read("tbot.yaml");
    machine.write_config(&config.replace("onboarding:\n", &format!("onboarding:\n  ca_pins: {pins:?}\n")));
}

fn foreign(other: &Double) -> Fault {
    Fault::ForeignAuthority { pem: other.host_ca_pem(), ssh_line: other.host_ca_ssh_line() }
}

/// The attacker's own cluster, which calls itself by the real one's name.
fn attackers() -> Cluster {
    Cluster::start()
}

#[track_caller]
fn token_is_safe(cluster: &Cluster, other: Option<&Cluster>, proxy: &HostileProxy, token: &str) {
    assert!(!proxy.saw(token), "the proxy in the middle has seen the token");
    assert!(cluster.token_exists(token), "the token is used up");
    if let Some(other) = other {
        assert_eq!(other.counters().seen(Point::Join), 0, "the attacker's cluster was asked to join");
    }
}

#[test]
fn a08_a_proxy_that_passes_the_pins_test_on_sees_no_token_in_any_version() {
    for version in ["9.3.26", "10.3.16", "12.4.11", "15.4.3", "16.4.0", "17.2.1", "18.1.0", "19.0.0"] {
        let cluster = Cluster::with(|builder| builder.version(version));
        let proxy = cluster.hostile_proxy(Tunnel::Through);
        let (machine, token) = pinned(&cluster, &proxy);
        machine.oneshot().succeeded();
        assert!(!proxy.saw(&token), "{version}: the proxy in the middle has seen the token");
        assert_eq!(cluster.counters().joined, 1, "{version}");
        assert!(proxy.tunnels() > 0, "{version}");
    }
}

#[test]
fn a08_with_separate_ports_the_token_stays_in_the_tunnel_too() {
    for version in ["10.3.16", "15.4.3", "17.2.1"] {
        let cluster = Cluster::with(|builder| builder.version(version).separate_ports());
        let proxy = cluster.hostile_proxy(Tunnel::Through);
        let (machine, token) = pinned(&cluster, &proxy);
        // From 13 on a member goes another way than who joins, which the double doesn't have.
        let ended = machine.oneshot();
        assert_eq!(cluster.counters().joined, 1, "{version}: {}", ended.stderr);
        assert!(!proxy.saw(&token), "{version}: the proxy in the middle has seen the token");
    }
}

#[test]
fn a08_who_shows_the_pinned_ca_and_not_its_key_gets_no_token() {
    let (cluster, other) = (Cluster::start(), attackers());
    let proxy = cluster.hostile_proxy(Tunnel::FirstThrough(other.proxy_address()));
    let (machine, token) = pinned(&cluster, &proxy);
    machine.oneshot().refused(1, "tls_untrusted", &["CA pins", "no token was sent"]);
    token_is_safe(&cluster, Some(&other), &proxy, &token);
    machine.assert_nothing_left();
}

#[test]
fn a08_a_list_that_holds_the_attackers_ca_beside_the_pinned_one_is_refused() {
    let (cluster, other) = (Cluster::start(), attackers());
    other.faults().inject(Point::CaCert, foreign(&cluster), Times::Always);
    let proxy = cluster.hostile_proxy(Tunnel::To(other.proxy_address()));
    let (machine, token) = pinned(&cluster, &proxy);
    machine.oneshot().refused(1, "ca_pin_mismatch", &[&cluster.ca_pin(), &other.ca_pin(), "no token was sent"]);
    token_is_safe(&cluster, Some(&other), &proxy, &token);
    machine.assert_nothing_left();
}

#[test]
fn a08_a_proxy_without_a_way_to_the_auth_server_gets_no_token() {
    let cluster = Cluster::start();
    let proxy = cluster.hostile_proxy(Tunnel::Closed);
    let (machine, token) = pinned(&cluster, &proxy);
    machine.oneshot().refused(
        1,
        "cluster_unreachable",
        &["CA pins", "no auth server can be recognised", "no token was sent"],
    );
    token_is_safe(&cluster, None, &proxy, &token);
    machine.assert_nothing_left();
}

#[test]
fn a08_a_reply_with_a_ca_that_is_not_pinned_is_refused() {
    for version in ["15.4.3", "17.2.1"] {
        let (cluster, other) = (Cluster::with(|builder| builder.version(version)), attackers());
        cluster.faults().inject(Point::Join, foreign(&other), Times::Always);
        let machine = Machine::new(&cluster);
        configure(&machine, &cluster.proxy_address(), &cluster.token(), &[cluster.ca_pin()]);
        machine.oneshot().refused(1, "ca_pin_mismatch", &[&other.ca_pin()]);
        machine.assert_nothing_left();
    }
}

/// Who slept through a rotation of the host authority asks who the cluster is now; the web is no answer to that.
#[test]
fn a08_after_a_missed_rotation_the_pins_decide_and_not_the_web() {
    let (cluster, other) = (Cluster::start(), attackers());
    let (machine, token) = (Machine::new(&cluster), cluster.token());
    configure(&machine, &cluster.proxy_address(), &token, &[cluster.ca_pin()]);
    machine.oneshot().succeeded();
    let before = machine.read("out/known_hosts");
    for phase in [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby] {
        cluster.rotate_authority(AuthorityKind::Host, phase).unwrap();
    }
    // The web's answer names the pinned CA and the attacker's; the tunnel leads to the attacker.
    cluster.faults().inject(Point::Export, foreign(&other), Times::Always);
    let proxy = cluster.hostile_proxy(Tunnel::To(other.proxy_address()));
    configure(&machine, &proxy.address(), &token, &[cluster.ca_pin()]);
    machine.oneshot().refused(1, "ca_pin_mismatch", &[&other.ca_pin(), &cluster.ca_pin()]);
    assert_eq!(machine.read("out/known_hosts"), before);
    assert_eq!(other.counters().seen(Point::Impersonate), 0);
}

#[test]
fn a08_behind_a_balancer_the_token_travels_inside_the_upgraded_connection() {
    for version in ["15.4.3", "17.2.1"] {
        let cluster = Cluster::with(|builder| builder.version(version).behind_balancer());
        let proxy = cluster.hostile_proxy(Tunnel::Through);
        let (machine, token) = pinned(&cluster, &proxy);
        machine.oneshot().succeeded();
        assert_eq!(cluster.counters().joined, 1, "{version}");
        assert!(proxy.saw("connectionupgrade"), "{version}: no connection was upgraded");
        assert!(!proxy.saw(&token), "{version}: the balancer has seen the token");
    }
}
