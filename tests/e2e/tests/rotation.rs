//! CA rotations, for who is only there now and then.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use e2e::{Cluster, Machine};
use teleport_double::{AuthorityKind, Phase};

const PHASES: [Phase; 4] = [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby];

#[test]
fn one_shots_between_the_phases_come_through_a_rotation_of_all_authorities() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        cluster.rotate(phase).unwrap();
        machine.oneshot().succeeded();
    }
    // Once, when another key began to sign: its old certificate would have gone with the last phase.
    assert_eq!(cluster.generation("api"), Some(2));
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
