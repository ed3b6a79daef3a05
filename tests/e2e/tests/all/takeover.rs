//! A storage in which tbot keeps its identity, and `machine-id start` on the very same file. What tbot itself writes is
//! taken over in `tests/teleport`.

use std::fs::{File, OpenOptions};

use e2e::Cluster;
use e2e::left_by_tbot::{left_by_tbot, put};
use teleport_double::{Fault, Point, Times};

#[test]
fn it_goes_on_with_the_used_token_and_nothing_is_left_that_tbot_could_renew() {
    let cluster = Cluster::start();
    let machine = left_by_tbot(&cluster, "");
    let told = machine.machine_id(&["status", "-c", "tbot.yaml"]);
    assert_eq!(told.status, Some(4));
    assert!(told.stdout.contains("identity of tbot, which the next start takes over"), "{}", told.stdout);
    let first = machine.oneshot().succeeded();
    assert!(first.stderr.contains("tbot's identity in"), "{}", first.stderr);
    assert_eq!(cluster.counters().joined, 1, "no token is sent");
    assert!(machine.path("out/key").exists());
    assert!(!machine.path("bot/key").exists() && !machine.path("bot/tlscert").exists());
    let second = machine.oneshot().succeeded();
    assert!(!second.stderr.contains("tbot"), "said once: {}", second.stderr);
}

#[test]
fn what_was_taken_over_is_renewed_and_the_bot_is_never_locked() {
    let cluster = Cluster::start();
    let machine = left_by_tbot(&cluster, "certificate_ttl: 1m\nrenewal_interval: 1s\n");
    for expected in 1..=2 {
        e2e::wait::until("a renewal", e2e::wait::LONG, || {
            machine.oneshot().succeeded();
            (cluster.counters().renewed >= expected).then_some(())
        });
    }
    assert_eq!((cluster.counters().joined, cluster.counters().locks), (1, 0));
    assert_eq!(cluster.generation("api"), Some(1 + cluster.counters().renewed));
}

#[test]
fn a_renewal_whose_answer_is_lost_after_the_take_over_locks_nobody() {
    let cluster = Cluster::start();
    let machine = left_by_tbot(&cluster, "certificate_ttl: 1m\nrenewal_interval: 1s\n");
    cluster.faults().inject(Point::Renew, Fault::DropReply, Times::Count(1));
    e2e::wait::until("the lost renewal", e2e::wait::LONG, || {
        machine.oneshot();
        (cluster.counters().renewed > 0).then_some(())
    });
    machine.oneshot();
    machine.oneshot();
    assert_eq!((cluster.counters().renewed, cluster.counters().locks), (1, 0));
    assert!(!machine.path("bot/key").exists());
}

#[test]
fn while_tbot_runs_it_is_asked_to_be_stopped_and_nothing_is_touched() {
    let cluster = Cluster::start();
    let machine = left_by_tbot(&cluster, "");
    let file: File = OpenOptions::new().write(true).open(machine.path("bot/lock")).unwrap();
    let running = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusive).unwrap();
    machine.oneshot().refused(1, "identity_busy", &["stop the other process (tbot"]);
    assert!(machine.path("bot/key").exists() && !machine.path("bot/identity.json").exists());
    drop(running);
    machine.oneshot().succeeded();
}

#[test]
fn what_cannot_be_taken_over_is_named_before_its_used_token_is_sent() {
    let cluster = Cluster::with(|builder| builder.version("18.1.0"));
    let machine = left_by_tbot(&cluster, "");
    let half = machine.read("bot/tlscert");
    put(&machine, "tlscert", &half[..half.len() / 2]);
    machine.oneshot().refused(
        1,
        "identity_needs_rejoin",
        &["files of tbot that can't be taken over", "configure a fresh"],
    );
    assert_eq!(cluster.counters().seen(Point::Join), 1, "the token is sent once more");
    // A fresh token helps, and tbot's files are in nobody's way.
    machine.configure(&cluster, &cluster.token(), "");
    let joined = machine.oneshot().succeeded();
    assert!(joined.stderr.contains("a fresh token is configured"), "{}", joined.stderr);
}
