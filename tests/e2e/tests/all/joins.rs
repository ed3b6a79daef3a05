//! Joins that are exchanges: bound keys by each way, and rejoins that keep the bot's instance.

use e2e::join::{OFTEN, due, now};
use e2e::{Cluster, Machine};
use teleport_double::{BoundKeypairOptions, Builder, Fault, Point, RecoveryMode, Times, TokenOptions};

/// Versions with their ways: streams, the new service first, the new service alone.
const WAYS: [(&str, bool); 5] =
    [("17.7.0", true), ("18.0.0", true), ("18.1.0", true), ("18.8.0", true), ("18.8.0", false)];

fn cluster(version: &str, legacy: bool) -> Cluster {
    let version = version.to_owned();
    Cluster::with(move |builder: Builder| builder.version(&version).legacy_joins(legacy))
}

fn bound(cluster: &Cluster, options: BoundKeypairOptions) -> String {
    cluster.token_with(TokenOptions { bound_keypair: Some(options), ..TokenOptions::default() })
}

/// Renewed a second after each join.
fn machine(cluster: &Cluster, token: &str, settings: &str) -> Machine {
    e2e::join::machine(cluster, token, "bound_keypair", settings, OFTEN)
}

fn with_secret(cluster: &Cluster, token: &str) -> Machine {
    let secret = cluster.bound_keypair(token).unwrap().registration_secret;
    let settings = format!("  bound_keypair: {{registration_secret: {secret}}}\n");
    machine(cluster, token, &settings)
}

fn forget_identity(machine: &Machine) {
    std::fs::remove_file(machine.path("bot/identity.json")).unwrap();
}

#[test]
fn a_bound_key_joins_renews_rotates_and_recovers_by_each_way() {
    for (version, legacy) in WAYS.into_iter().filter(|(version, _)| *version != "18.0.0") {
        let cluster = cluster(version, legacy);
        let token = bound(&cluster, BoundKeypairOptions { recovery_limit: 2, ..BoundKeypairOptions::default() });
        let machine = with_secret(&cluster, &token);
        machine.oneshot().succeeded();
        let first = cluster.bound_keypair(&token).unwrap();
        assert_eq!(first.recovery_count, 1, "{version}");
        for name in ["bkp_key_history.json", "bkp_state", "id_bkp", "id_bkp.pub"] {
            assert!(machine.names("bot").contains(&name.to_owned()), "{name}");
        }
        assert_eq!(machine.read("bot/id_bkp.pub").trim(), first.public_key.trim());
        due();
        machine.oneshot().succeeded();
        assert_eq!(cluster.bot_instances("api").into_values().collect::<Vec<_>>(), [2], "{version}");
        cluster.edit_bound_keypair(&token, |options, _| options.rotate_after = Some(now()));
        due();
        machine.oneshot().succeeded();
        let rotated = cluster.bound_keypair(&token).unwrap();
        assert_ne!(rotated.public_key, first.public_key);
        assert_eq!(machine.read("bot/id_bkp.pub").trim(), rotated.public_key.trim());
        assert_eq!((rotated.recovery_count, &rotated.bot_instance), (1, &first.bot_instance));
        forget_identity(&machine);
        machine.oneshot().succeeded();
        assert_eq!(cluster.bound_keypair(&token).unwrap().recovery_count, 2);
        forget_identity(&machine);
        let refused = machine.oneshot();
        assert!(refused.stderr.contains("join_rejected"), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("the cluster refuses the join with method bound_keypair: no rejoins remaining"),
            "{}",
            refused.stderr
        );
        assert_eq!(cluster.counters().locks, 0);
    }
}

#[test]
fn a_key_is_made_and_named_registered_and_used() {
    let cluster = cluster("18.1.0", true);
    let token = bound(&cluster, BoundKeypairOptions::default());
    let machine = machine(&cluster, &token, "");
    let unknown = machine.oneshot();
    assert!(unknown.stderr.contains("join_proof_missing"), "{}", unknown.stderr);
    let line = machine.read("bot/id_bkp.pub").trim().to_owned();
    assert!(unknown.stderr.contains(&line), "{}", unknown.stderr);
    // As long as nobody registers it, it is named.
    let again = machine.oneshot();
    assert!(again.stderr.contains("join_proof_missing") && again.stderr.contains(&line), "{}", again.stderr);
    cluster.edit_bound_keypair(&token, |options, _| options.initial_public_key = Some(line.clone()));
    machine.oneshot().succeeded();
    assert_eq!(cluster.bound_keypair(&token).unwrap().public_key, line);
}

#[test]
fn a_server_that_asks_without_end_is_left() {
    for (version, legacy) in [("18.1.0", true), ("18.8.0", false)] {
        let cluster = cluster(version, legacy);
        let token = bound(&cluster, BoundKeypairOptions { endless: true, ..BoundKeypairOptions::default() });
        let left = with_secret(&cluster, &token).oneshot();
        assert!(left.stderr.contains("it asks without end"), "{version}: {}", left.stderr);
        assert_eq!(cluster.counters().joined, 0, "{version}");
    }
}

#[test]
fn a_lost_answer_to_a_recovery_is_told_and_locks_nothing() {
    for (version, legacy) in [("18.1.0", true), ("18.8.0", false)] {
        let cluster = cluster(version, legacy);
        let options = BoundKeypairOptions { recovery_mode: RecoveryMode::Relaxed, ..BoundKeypairOptions::default() };
        let token = bound(&cluster, options);
        let machine = with_secret(&cluster, &token);
        machine.oneshot().succeeded();
        forget_identity(&machine);
        cluster.faults().inject(Point::JoinResult, Fault::DropReply, Times::Once);
        let lost = machine.oneshot();
        assert!(lost.stderr.contains("identity_needs_rejoin"), "{}", lost.stderr);
        let again = machine.oneshot();
        assert!(again.stderr.contains("was lost with the answer to the join of"), "{}", again.stderr);
        assert!(!cluster.token_locked(&token) && cluster.counters().locks == 0, "{version}");
        cluster.edit_bound_keypair(&token, |options, _| options.recovery_mode = RecoveryMode::Insecure);
        machine.oneshot().succeeded();
        cluster.edit_bound_keypair(&token, |options, _| options.recovery_mode = RecoveryMode::Relaxed);
        forget_identity(&machine);
        machine.oneshot().succeeded();
        assert_eq!(cluster.counters().locks, 0);
    }
}

#[test]
fn a_lost_answer_to_a_rejoin_is_not_repeated_with_the_same_certificate() {
    let cluster = cluster("18.8.0", true);
    let options = BoundKeypairOptions { recovery_mode: RecoveryMode::Relaxed, ..BoundKeypairOptions::default() };
    let token = bound(&cluster, options);
    let machine = with_secret(&cluster, &token);
    machine.oneshot().succeeded();
    due();
    cluster.faults().inject(Point::JoinResult, Fault::DropReply, Times::Once);
    machine.oneshot().succeeded();
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().locks, 0);
    forget_identity(&machine);
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().locks, 0);
}

#[test]
fn without_its_state_a_bot_is_refused_and_with_a_wrong_one_its_token_is_locked() {
    let cluster = cluster("18.1.0", true);
    let options = BoundKeypairOptions { recovery_limit: 9, ..BoundKeypairOptions::default() };
    let token = bound(&cluster, options);
    let machine = with_secret(&cluster, &token);
    machine.oneshot().succeeded();
    let state = machine.read("bot/bkp_state");
    e2e::machine::put(&machine.path("bot/bkp_state"), "");
    forget_identity(&machine);
    let refused = machine.oneshot();
    assert!(refused.stderr.contains("previous join state is required but was not provided"), "{}", refused.stderr);
    assert!(!cluster.token_locked(&token));
    e2e::machine::put(&machine.path("bot/bkp_state"), &format!("{state}x"));
    let refused = machine.oneshot();
    assert!(refused.stderr.contains("join state verification failed"), "{}", refused.stderr);
    let locked = machine.oneshot();
    assert!(
        locked.stderr.contains("bot_locked") && locked.stderr.contains("the join token is locked: "),
        "{}",
        locked.stderr
    );
}

#[test]
fn a_static_key_joins_from_a_file_and_is_never_replaced() {
    let cluster = cluster("18.8.0", true);
    let key = include_str!("../../../fixtures/teleport-15/keys/ed25519.key");
    let line = include_str!("../../../fixtures/teleport-15/keys/ed25519.ssh.pub").trim().to_owned();
    let options = BoundKeypairOptions {
        initial_public_key: Some(line),
        recovery_mode: RecoveryMode::Insecure,
        ..BoundKeypairOptions::default()
    };
    let token = bound(&cluster, options);
    let machine = machine(&cluster, &token, "  bound_keypair: {static_key_path: key.pem}\n");
    e2e::machine::put(&machine.path("key.pem"), key);
    machine.oneshot().succeeded();
    machine.oneshot().succeeded();
    assert!(!machine.path("bot/identity.json").exists() && !machine.path("bot/bkp_state").exists());
    cluster.edit_bound_keypair(&token, |options, _| options.rotate_after = Some(now()));
    let refused = machine.oneshot();
    assert!(refused.stderr.contains("the configured static key never changes"), "{}", refused.stderr);
}

#[test]
fn a_joining_uri_registers_a_key_from_the_configuration_and_from_a_tokens_file() {
    for in_a_file in [false, true] {
        let cluster = cluster("18.8.0", true);
        let token = bound(&cluster, BoundKeypairOptions::default());
        let secret = cluster.bound_keypair(&token).unwrap().registration_secret;
        let uri = format!("tbot+proxy+bound-keypair://{token}:{secret}@{}", cluster.proxy_address());
        let machine = machine(&cluster, &token, "");
        let text = machine.read("tbot.yaml");
        let file = machine.path("token");
        e2e::machine::put(&file, &uri);
        let written = if in_a_file { file.display().to_string() } else { uri };
        machine.write_config(&text.replace(&format!("token: {token}"), &format!("token: {written}")));
        machine.oneshot().succeeded();
        assert_eq!(cluster.bound_keypair(&token).unwrap().recovery_count, 1);
    }
}
