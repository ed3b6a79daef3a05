//! CA rotations, for who is only there now and then.

use e2e::{Cluster, Machine};
use teleport_double::{AuthorityKind, Double, Phase};

const PHASES: [Phase; 4] = [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby];

/// The kind of configuration that the Machine ID guide for Jenkins shows.
fn pinned(machine: &Machine, address: &str, token: &str, pin: &str) -> String {
    format!(
        "auth_server: {address}\nonboarding: {{join_method: token, token: {token}, ca_pins: [\"{pin}\"]}}\n\
         storage: {{directory: {}}}\ndestinations: [{{directory: {}}}]\n",
        machine.path("bot").display(),
        machine.path("out").display()
    )
}

#[test]
fn one_shots_between_the_phases_come_through_a_rotation_of_all_authorities() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        cluster.rotate(phase).unwrap();
        let outcome = machine.oneshot().succeeded();
        // A renewal that the servers' restart cuts would cost the identity.
        let waited = outcome.stderr.contains("when its servers have settled");
        assert_eq!(waited, matches!(phase, Phase::UpdateClients), "{phase:?}: {}", outcome.stderr);
    }
    // Once, when another key began to sign: its old certificate would have gone with the last phase.
    assert_eq!(cluster.generation("api"), Some(2));
}

#[test]
fn pins_are_for_the_first_contact_and_may_grow_stale() {
    for address in [Double::proxy_address, Double::auth_address] {
        let cluster = Cluster::start();
        let machine = Machine::new(&cluster);
        machine.write_config(&pinned(&machine, &address(&cluster), &cluster.token(), &cluster.ca_pin()));
        machine.oneshot().succeeded();
        for phase in PHASES {
            cluster.rotate(phase).unwrap();
            machine.oneshot().succeeded();
        }
        assert_eq!(cluster.generation("api"), Some(2));
    }
}

#[test]
fn who_slept_through_a_rotation_with_a_pin_needs_the_new_pin_but_no_token() {
    let ways = [Double::proxy_address, Double::auth_address];
    for (version, address) in ["12.4.11", "15.4.3"].into_iter().flat_map(|version| ways.map(|way| (version, way))) {
        let cluster = Cluster::with(|builder| builder.version(version));
        let machine = Machine::new(&cluster);
        let (token, old) = (cluster.token(), cluster.ca_pin());
        machine.write_config(&pinned(&machine, &address(&cluster), &token, &old));
        machine.oneshot().succeeded();
        for phase in PHASES {
            cluster.rotate_authority(AuthorityKind::Host, phase).unwrap();
        }
        machine.oneshot().refused(1, "ca_pin_mismatch", &[&old, &cluster.ca_pin()]);
        machine.write_config(&pinned(&machine, &address(&cluster), &token, &cluster.ca_pin()));
        machine.oneshot().succeeded();
    }
}

#[test]
fn one_look_between_update_clients_and_standby_is_enough() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    for phase in &PHASES[..3] {
        cluster.rotate_authority(AuthorityKind::User, *phase).unwrap();
    }
    machine.oneshot().succeeded();
    cluster.rotate_authority(AuthorityKind::User, Phase::Standby).unwrap();
    machine.oneshot().succeeded();
    assert_eq!(cluster.generation("api"), Some(2));
}

#[test]
fn who_slept_through_a_rotation_of_the_host_authority_finds_the_cluster_by_the_proxys_export() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        cluster.rotate_authority(AuthorityKind::Host, phase).unwrap();
    }
    let old = machine.read("out/known_hosts");
    machine.oneshot().succeeded();
    assert_ne!(machine.read("out/known_hosts"), old);
}

#[test]
fn who_slept_through_a_rotation_of_the_user_authority_needs_a_fresh_token() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        cluster.rotate_authority(AuthorityKind::User, phase).unwrap();
    }
    machine.oneshot().refused(1, "identity_needs_rejoin", &["fresh token"]);
}
