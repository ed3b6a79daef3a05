//! The bot's stored identity: several processes, locks, lost replies.

use std::time::{Duration, Instant};

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine};
use serde_json::Value;
use teleport_double::{BoundKeypairOptions, Fault, Point, RecoveryMode, Times, TokenOptions};

fn ready(more: &str) -> (Cluster, Machine) {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), more);
    (cluster, machine)
}

fn identity(machine: &Machine) -> Value {
    let ended = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]);
    serde_json::from_str::<Value>(&ended.stdout).unwrap()["identity"].clone()
}

/// Renewed a second after each join.
const OFTEN: &str = "certificate_ttl: 1m\nrenewal_interval: 1s\n";

/// A machine whose bot joins with a bound key.
fn bound(more: &str) -> (Cluster, Machine) {
    let cluster = Cluster::with(|builder| builder.version("18.8.0"));
    let machine = Machine::new(&cluster);
    let options = BoundKeypairOptions { recovery_mode: RecoveryMode::Relaxed, ..BoundKeypairOptions::default() };
    let token = cluster.token_with(TokenOptions { bound_keypair: Some(options), ..TokenOptions::default() });
    let secret = cluster.bound_keypair(&token).unwrap().registration_secret;
    machine.configure(&cluster, &token, more);
    machine.configure_method(&format!("bound_keypair\n  bound_keypair: {{registration_secret: {secret}}}"));
    (cluster, machine)
}

#[test]
fn twenty_processes_at_once_join_once() {
    let (cluster, machine) = ready("");
    let config = machine.read("tbot.yaml");
    let all: Vec<_> = (0..20)
        .map(|number| {
            // One store, a destination for each.
            let (out, own) = (machine.path("out"), machine.path(&format!("out{number}")));
            let name = format!("tbot{number}.yaml");
            e2e::machine::put(&machine.path(&name), &config.replace(out.to_str().unwrap(), own.to_str().unwrap()));
            machine.start(&["start", "--oneshot", "-c", &name])
        })
        .collect();
    for process in all {
        process.wait(LONG).succeeded();
    }
    let counters = cluster.counters();
    assert_eq!((counters.joined, counters.seen(Point::Join)), (1, 1));
    assert_eq!((counters.impersonated, counters.locks), (20, 0));
}

#[test]
fn twenty_processes_at_once_renew_one_after_the_other_and_lock_nothing() {
    let (cluster, machine) = ready(OFTEN);
    machine.oneshot().succeeded();
    let config = machine.read("tbot.yaml");
    for number in 0..20 {
        let (out, own) = (machine.path("out"), machine.path(&format!("out{number}")));
        e2e::machine::put(
            &machine.path(&format!("tbot{number}.yaml")),
            &config.replace(out.to_str().unwrap(), own.to_str().unwrap()),
        );
    }
    until("a renewal is due", LONG, || {
        machine.oneshot().succeeded();
        (cluster.counters().renewed > 0).then_some(())
    });
    let all: Vec<_> =
        (0..20).map(|number| machine.start(&["start", "--oneshot", "-c", &format!("tbot{number}.yaml")])).collect();
    for process in all {
        process.wait(LONG).succeeded();
    }
    let counters = cluster.counters();
    assert_eq!((counters.joined, counters.locks), (1, 0));
    assert_eq!(cluster.generation("api"), Some(1 + counters.renewed));
}

#[test]
fn processes_that_write_one_destination_at_once_leave_a_matching_pair() {
    let (cluster, machine) = ready("");
    let all: Vec<_> = (0..8).map(|_| machine.start(&["start", "--oneshot", "-c", "tbot.yaml"])).collect();
    let mut delivered = 0;
    for process in all {
        let ended = process.wait(LONG);
        if ended.status == Some(0) {
            delivered += 1;
        } else {
            ended.refused(1, "lease_conflict", &[]);
        }
    }
    assert!(delivered > 0);
    assert_eq!(cluster.counters().joined, 1);
    let derived = machine.tool("ssh-keygen", &["-y", "-f", "out/key"]).succeeded().stdout;
    let certified = machine.tool("ssh-keygen", &["-L", "-f", "out/key-cert.pub"]).succeeded().stdout;
    e2e::machine::put(&machine.path("derived.pub"), &derived);
    let print = machine.tool("ssh-keygen", &["-l", "-f", "derived.pub"]).succeeded().stdout;
    let fingerprint = print.split_whitespace().nth(1).unwrap();
    assert!(certified.contains(fingerprint), "{fingerprint} isn't the certified key: {certified}");
}

#[test]
fn a_locked_role_is_told_by_its_name() {
    let (cluster, machine) = ready("");
    cluster.lock_role("api-workers", "role frozen");
    machine.oneshot().refused(1, "bot_locked", &["api-workers", "role frozen"]);
}

#[test]
fn a_lost_renewal_reply_locks_nobody_out_and_a_fresh_token_mends_it() {
    let (cluster, machine) = ready(OFTEN);
    machine.oneshot().succeeded();
    cluster.faults().inject(Point::Renew, Fault::DropReply, Times::Once);
    until("the renewal whose reply is lost", LONG, || {
        machine.oneshot().succeeded();
        (cluster.counters().renewed > 0).then_some(())
    });
    assert_eq!(cluster.generation("api"), Some(2), "the renewal took effect at the cluster");
    let status = identity(&machine);
    assert_eq!((&status["state"], &status["generation"]), (&"needs_rejoin".into(), &1.into()), "{status}");
    assert!(!status["reason"].as_str().unwrap().is_empty());

    // It serves, and the old generation is never shown again.
    let before = machine.read("out/key");
    for _ in 0..3 {
        machine.oneshot().succeeded();
    }
    assert_ne!(machine.read("out/key"), before);
    assert_eq!(cluster.counters().seen(Point::Renew), 1);
    assert_eq!(cluster.counters().locks, 0);

    // Up to version 15 the bot is made anew; its fresh token is all that is needed here.
    cluster.delete_bot("api");
    cluster.add_bot("api", &["api-workers"]);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let status = identity(&machine);
    assert_eq!((&status["state"], &status["generation"]), (&"ready".into(), &1.into()), "{status}");
    assert_eq!((cluster.counters().joined, cluster.counters().locks), (2, 0));
}

#[test]
fn a_process_killed_while_it_renews_locks_nobody_out() {
    let (cluster, machine) = ready(OFTEN);
    machine.oneshot().succeeded();
    cluster.faults().inject(Point::Renew, Fault::Hang, Times::Once);
    until("a renewal on the way", LONG, || {
        let process = machine.start(&["start", "--oneshot", "-c", "tbot.yaml"]);
        let mut process = process;
        until("its end, or a renewal", LONG, || {
            (!process.runs() || cluster.counters().seen(Point::Renew) > 0).then_some(())
        });
        if cluster.counters().seen(Point::Renew) == 0 {
            return None;
        }
        process.signal(nix::sys::signal::Signal::SIGKILL);
        assert_eq!(process.wait(LONG).signal, Some(9));
        Some(())
    });
    assert_eq!(identity(&machine)["state"], "needs_rejoin");
    machine.oneshot().succeeded();
    assert_eq!((cluster.counters().seen(Point::Renew), cluster.counters().locks), (1, 0));
}

#[test]
fn a_renewal_that_the_cluster_is_too_busy_for_is_tried_again() {
    let (cluster, machine) = ready(OFTEN);
    machine.oneshot().succeeded();
    cluster.faults().inject(Point::ProxyConnection, Fault::Refuse, Times::Once);
    until("a renewal", LONG, || {
        let _ = machine.oneshot();
        (cluster.counters().renewed > 0).then_some(())
    });
    assert_eq!(identity(&machine)["state"], "ready");
    assert_eq!(cluster.counters().locks, 0);
}

#[test]
fn a_changed_token_means_a_fresh_join() {
    let (cluster, machine) = ready("");
    machine.oneshot().succeeded();
    cluster.delete_bot("api");
    cluster.add_bot("api", &["api-workers"]);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().joined, 2);
}

#[test]
fn a_wrong_new_token_is_told_and_the_old_identity_serves_on() {
    let (cluster, machine) = ready("");
    machine.oneshot().succeeded();
    let (config, stored) = (machine.read("tbot.yaml"), machine.read("bot/identity.json"));
    machine.configure(&cluster, "wrong-token", "");
    let ended = machine.oneshot().succeeded();
    let told: Vec<_> = ended.stderr.lines().filter(|line| line.contains("WARN")).collect();
    assert!(told.len() == 1 && told[0].contains("[join_rejected]"), "{}", ended.stderr);
    assert_eq!(machine.read("bot/identity.json"), stored);
    machine.write_config(&config);
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().joined, 1);
}

#[test]
fn a_damaged_store_is_set_aside_not_overwritten() {
    let (cluster, machine) = ready("");
    machine.oneshot().succeeded();
    let half: String = machine.read("bot/identity.json").chars().take(200).collect();
    e2e::machine::put(&machine.path("bot/identity.json"), &half);
    cluster.delete_bot("api");
    cluster.add_bot("api", &["api-workers"]);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let kept = machine.names("bot").into_iter().filter(|name| name.starts_with("identity.json.")).count();
    assert_eq!(kept, 1, "{:?}", machine.names("bot"));
}

#[test]
fn a_refused_renewal_is_not_taken_for_another_processs_and_not_tried_again_at_once() {
    let (cluster, machine) = ready(OFTEN);
    let limited = Fault::Grpc { code: 8, message: "max rate reached".to_owned() };
    cluster.faults().inject(Point::Renew, limited, Times::Always);
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the first refusal", LONG, || (cluster.counters().seen(Point::Renew) > 0).then_some(()));
    #[expect(clippy::disallowed_methods, reason = "a test's own deadline")]
    let (begin, time) = (Instant::now(), Duration::from_secs(5));
    until("five seconds", LONG, || {
        let tries = cluster.counters().seen(Point::Renew);
        // After each the next one waits longer, by chance between nothing and 1, 2, 4, … seconds.
        assert!(tries <= 8, "{tries} renewals in {:?}", begin.elapsed());
        (begin.elapsed() > time).then_some(())
    });
}

#[test]
fn a_state_that_could_not_be_written_is_written_as_soon_as_it_can_be() {
    let (cluster, machine) = bound("");
    cluster.faults().inject(Point::JoinResult, Fault::Delay(Duration::from_secs(5)), Times::Once);
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the join", LONG, || machine.path("bot/bkp_shown.json").exists().then_some(()));
    std::fs::create_dir(machine.path("bot/bkp_state")).unwrap();
    until("the output", LONG, || machine.path("out/key").exists().then_some(()));
    std::fs::remove_dir(machine.path("bot/bkp_state")).unwrap();
    until("the state", LONG, || machine.path("bot/bkp_state").is_file().then_some(()));
}

#[test]
fn a_valid_identity_serves_on_where_the_state_for_its_renewal_is_lost() {
    let (cluster, machine) = bound(OFTEN);
    machine.oneshot().succeeded();
    // As after a recovery without answer.
    let digest = machine.tool("sha256sum", &["bot/bkp_state"]).succeeded().stdout;
    let mut shown: Value = serde_json::from_str(&machine.read("bot/bkp_shown.json")).unwrap();
    shown["state_sha256"] = digest.split(' ').next().unwrap().into();
    e2e::machine::put(&machine.path("bot/bkp_shown.json"), &shown.to_string());
    until("a refused renewal", LONG, || {
        let ended = machine.oneshot().succeeded();
        ended.stderr.contains("was lost with the answer to the join of").then_some(())
    });
    assert_eq!(cluster.counters().locks, 0);
}
