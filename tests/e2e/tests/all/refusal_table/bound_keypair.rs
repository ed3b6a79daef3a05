//! Method `bound_keypair` (join-methods 3.7), by the old stream (18.1; 17.7) and by the new service (18.8).

use std::time::Duration;

use e2e::advice::{CHALLENGE, METHOD, NAME as CHECK_NAME, OTHER, RECOVERIES, REGISTRATION, STATE, TOKEN_LOCK};
use e2e::join::{OFTEN, due, now};
use e2e::machine::put;
use e2e::{Cluster, Machine, join};
use teleport_double::RefusalKind::{BadParameter, CompareFailed, Denied};
use teleport_double::{BoundKeypairOptions, RecoveryMode, Refusal, RefusalKind, TokenOptions};

use super::row::{self, Made, NAME, cluster, id_token, rejected, row, set_token, show};

const BOTH: &[&str] = &["17.7.0", "18.1.0", "18.8.0"];
const SECRET: &str = "of-the-first-join";
const WITH_SECRET: &str = "  bound_keypair: {registration_secret: of-the-first-join}\n";

/// With what is changed about the token.
fn with(version: &str, settings: &str, edit: impl FnOnce(&mut BoundKeypairOptions)) -> (Cluster, Machine) {
    let cluster = cluster(version);
    let mut options =
        BoundKeypairOptions { registration_secret: Some(SECRET.to_owned()), ..BoundKeypairOptions::default() };
    edit(&mut options);
    set_token(&cluster, TokenOptions { bound_keypair: Some(options), ..TokenOptions::default() });
    let machine = join::machine(&cluster, NAME, "bound_keypair", settings, OFTEN);
    machine.keep_secret([SECRET.to_owned()]);
    (cluster, machine)
}

fn told(version: &str, kind: RefusalKind, text: &str) -> (Cluster, Machine) {
    let cluster = cluster(version);
    let bound_keypair = Some(BoundKeypairOptions::default());
    let refusal = Some(Refusal::new(kind, text));
    set_token(&cluster, TokenOptions { bound_keypair, refusal, ..TokenOptions::default() });
    let machine = row::machine(&cluster, "bound_keypair", WITH_SECRET);
    (cluster, machine)
}

/// One that has joined, and whose certificate is lost, as after it has expired.
fn recovering(version: &str, edit: impl FnOnce(&mut BoundKeypairOptions)) -> (Cluster, Machine) {
    let (cluster, machine) = with(version, WITH_SECRET, |options| {
        options.recovery_limit = 9;
        edit(options);
    });
    machine.oneshot().succeeded();
    forget(&machine);
    (cluster, machine)
}

/// Identity and outputs.
fn forget(machine: &Machine) {
    std::fs::remove_file(machine.path("bot/identity.json")).unwrap();
    std::fs::remove_dir_all(machine.path("out")).unwrap();
}

#[test]
fn a_first_join() {
    let secret = "a valid registration secret is required";
    let wrong: Made = |version| with(version, "  bound_keypair: {registration_secret: another}\n", |_| {});
    let late: Made = |version| {
        with(version, WITH_SECRET, |options| options.must_register_before = Some(now() - Duration::from_secs(60)))
    };
    let used: Made = |version| {
        let (cluster, machine) = with(version, WITH_SECRET, |_| {});
        machine.oneshot().succeeded();
        cluster.edit_bound_keypair(NAME, |_, stored| stored.bot_instance.clear());
        forget(&machine);
        (cluster, machine)
    };
    show([
        row("another secret", BOTH, wrong, rejected("bound_keypair", secret, REGISTRATION)),
        row("too late", BOTH, late, rejected("bound_keypair", secret, REGISTRATION)),
        row("a secret that was used", BOTH, used, rejected("bound_keypair", secret, REGISTRATION)),
        row(
            "no recovery for the first join",
            BOTH,
            |version| with(version, WITH_SECRET, |options| options.recovery_limit = 0),
            rejected("bound_keypair", "no recovery attempts remaining", RECOVERIES),
        ),
        row(
            "a certificate at the first join",
            BOTH,
            |version| told(version, BadParameter, "cannot perform first bound keypair join with existing credentials"),
            rejected(
                "bound_keypair",
                "cannot perform first bound keypair join with existing credentials",
                "the token was made anew: the bot joins afresh at once, as a new instance",
            ),
        ),
        row(
            "another bot's role",
            BOTH,
            |version| told(version, BadParameter, "bound keypair joining is only supported for bots"),
            rejected("bound_keypair", "bound keypair joining is only supported for bots", OTHER),
        ),
    ]);
}

/// It has made a key, and names it, the same each time, until somebody registers it.
#[test]
fn a_first_join_without_secret_names_the_key_to_register() {
    for version in BOTH {
        let (cluster, machine) = with(version, "", |_| {});
        let told = || {
            let ended = machine.oneshot();
            ended.refused(1, "join_proof_missing", &[]);
            ended.stderr.lines().last().unwrap().to_owned()
        };
        let line = told();
        let key = line
            .strip_prefix(
                "machine-id: join method bound_keypair: there is no registration secret, and the cluster doesn't know the \
                 bot's key: ",
            )
            .and_then(|rest| rest.split_once("; "));
        let (key, advice) = key.unwrap_or_else(|| panic!("{version}: {line}"));
        assert_eq!(
            advice,
            "set spec.bound_keypair.onboarding.initial_public_key of the token resource to that key, or configure the \
             registration secret (`tctl get token/NAME`: status.bound_keypair.registration_secret) [join_proof_missing]"
        );
        assert_eq!(told(), line, "{version}");
        cluster.edit_bound_keypair(NAME, |options, _| options.initial_public_key = Some(key.to_owned()));
        machine.oneshot().succeeded();
    }
}

#[test]
fn a_token_made_anew_takes_the_first_join_without_the_certificate() {
    for version in BOTH {
        let (cluster, machine) = with(version, WITH_SECRET, |options| options.recovery_limit = 9);
        machine.oneshot().succeeded();
        cluster.edit_bound_keypair(NAME, |_, stored| {
            stored.bot_instance.clear();
            SECRET.clone_into(&mut stored.registration_secret);
        });
        due();
        machine.oneshot().succeeded();
        assert_eq!(cluster.bound_keypair(NAME).unwrap().recovery_count, 2, "{version}");
        assert_eq!(cluster.counters().locks, 0);
    }
}

fn wrong_state(version: &str) -> (Cluster, Machine) {
    let (cluster, machine) = recovering(version, |_| {});
    let state = machine.read("bot/bkp_state");
    put(&machine.path("bot/bkp_state"), &format!("{}x", state.trim()));
    (cluster, machine)
}

#[test]
fn a_recovery() {
    let missing: Made = |version| {
        let (cluster, machine) = recovering(version, |_| {});
        put(&machine.path("bot/bkp_state"), "");
        (cluster, machine)
    };
    let locked: Made = |version| {
        let (cluster, machine) = wrong_state(version);
        assert!(machine.oneshot().stderr.contains("join state verification failed"));
        assert!(cluster.token_locked(NAME));
        (cluster, machine)
    };
    show([
        row(
            "none is left",
            BOTH,
            |version| recovering(version, |options| options.recovery_limit = 1),
            rejected("bound_keypair", "no rejoins remaining", RECOVERIES),
        ),
        row(
            "no state",
            BOTH,
            missing,
            rejected("bound_keypair", "previous join state is required but was not provided", STATE),
        ),
        row("a wrong state", BOTH, wrong_state, rejected("bound_keypair", "join state verification failed", STATE)),
        row(
            "after a wrong state",
            BOTH,
            locked,
            locked_line("The join token \"jenkins\" has been locked due to an invalid join state"),
        ),
        row(
            "a lock by hand",
            BOTH,
            |version| {
                let (cluster, machine) = recovering(version, |_| {});
                cluster.lock_token(NAME, "under investigation");
                (cluster, machine)
            },
            locked_line("under investigation"),
        ),
    ]);
}

#[test]
fn a_key_that_is_lost() {
    let bound = include_str!("../../../../fixtures/teleport-15/keys/ed25519.ssh.pub").trim();
    for version in BOTH {
        let (cluster, machine) = recovering(version, |_| {});
        cluster.edit_bound_keypair(NAME, |_, stored| bound.clone_into(&mut stored.public_key));
        let ours = machine.read("bot/id_bkp.pub").trim().to_owned();
        let line = format!(
            "join method bound_keypair: the cluster asks for a key that isn't here: {bound}; bring the bot's storage back, or \
             make the token resource anew and register this machine's key (here: {ours}) [join_proof_missing]"
        );
        row::refused(version, &machine, &line);
    }
}

fn locked_line(message: &str) -> String {
    format!(
        "the join token is locked: lock targeting JoinToken:\"jenkins\" is in force: {message}; {TOKEN_LOCK} [bot_locked]"
    )
}

#[test]
fn the_exchange() {
    let static_key: Made = |version| {
        let line = include_str!("../../../../fixtures/teleport-15/keys/ed25519.ssh.pub").trim().to_owned();
        let (cluster, machine) = with(version, "  bound_keypair: {static_key_path: key.pem}\n", |options| {
            options.registration_secret = None;
            options.initial_public_key = Some(line);
            options.recovery_mode = RecoveryMode::Insecure;
            options.rotate_after = Some(now());
        });
        put(&machine.path("key.pem"), include_str!("../../../../fixtures/teleport-15/keys/ed25519.key"));
        (cluster, machine)
    };
    show([
        row(
            "a wrong signature",
            BOTH,
            |version| told(version, Denied, "failed to complete challenge"),
            rejected("bound_keypair", "failed to complete challenge", CHALLENGE),
        ),
        row(
            "the old key again after a rotation",
            BOTH,
            |version| told(version, BadParameter, "public key may not be reused after rotation"),
            rejected("bound_keypair", "public key may not be reused after rotation", CHALLENGE),
        ),
        row(
            "a new key in place of a static one",
            BOTH,
            static_key,
            "join method bound_keypair: the cluster asks for a new key, but the configured static key never changes; remove \
             spec.bound_keypair.rotate_after from the token resource, or let the bot keep its key in its storage \
             [join_rejected]"
                .to_owned(),
        ),
        row(
            "a token whose record is broken",
            BOTH,
            |version| told(version, BadParameter, "bad backend state, please recreate the join token"),
            rejected(
                "bound_keypair",
                "bad backend state, please recreate the join token",
                "make the token resource on the cluster (`tctl get token/NAME`) anew",
            ),
        ),
        row(
            "two joins at once",
            BOTH,
            |version| told(version, CompareFailed, "committing updated token state, please try again"),
            "the cluster failed to answer the join (gRPC FailedPrecondition): committing updated token state, please try again; \
             two joins with the same token met; it is tried again by itself [cluster_failed]"
                .to_owned(),
        ),
    ]);
}

#[test]
fn another_method_and_a_cluster_that_is_too_old() {
    let for_gitlab: Made = |version| {
        let cluster = cluster(version);
        set_token(&cluster, id_token("gitlab", None));
        let machine = row::machine(&cluster, "bound_keypair", WITH_SECRET);
        (cluster, machine)
    };
    let unknown: Made = |version| {
        let (cluster, machine) = with(version, WITH_SECRET, |_| {});
        join::configure(&machine, &cluster, "another", "bound_keypair", WITH_SECRET, "");
        (cluster, machine)
    };
    show([
        row(
            "for gitlab",
            &["18.1.0"],
            for_gitlab,
            rejected("bound_keypair", "specified join token is not for `bound_keypair` method", METHOD),
        ),
        row(
            "for gitlab",
            &["18.8.0"],
            for_gitlab,
            rejected(
                "bound_keypair",
                "client requested join method bound_keypair, provision token only supports method gitlab",
                METHOD,
            ),
        ),
        row(
            "an unknown token",
            &["18.1.0"],
            unknown,
            rejected(
                "bound_keypair",
                "\"\" can not join the cluster with role \"Bot\", token expired or not found",
                CHECK_NAME,
            ),
        ),
        row(
            "an unknown token",
            &["18.8.0"],
            unknown,
            rejected("bound_keypair", "can not join the cluster with role Bot, token expired or not found", CHECK_NAME),
        ),
        row(
            "no such method",
            &["16.4.0", "17.6.0", "18.0.0"],
            |version| with(version, WITH_SECRET, |_| {}),
            "the cluster doesn't know the join: unknown method RegisterUsingBoundKeypairMethod for service \
             proto.JoinService; method bound_keypair needs Teleport 17.7 (of 18: 18.1) or newer, with its join service \
             switched on; choose another join method there [unsupported]"
                .to_owned(),
        ),
    ]);
}

#[test]
fn nothing_on_the_machine() {
    let cluster = cluster("18.8.0");
    let gone = row::machine(&cluster, "bound_keypair", "  bound_keypair: {registration_secret_path: /nosuch/secret}\n");
    row::refused(
        "no secret's file",
        &gone,
        "join method bound_keypair: the registration secret can't be used (/nosuch/secret): No such file or directory (os \
         error 2); write it there, readable for the agent's user [join_proof_missing]",
    );
    let gone = row::machine(&cluster, "bound_keypair", "  bound_keypair: {static_key_path: /nosuch/key}\n");
    row::refused(
        "no static key",
        &gone,
        "join method bound_keypair: the static key can't be used (/nosuch/key): No such file or directory (os error 2); \
         write it there, readable for the agent's user [join_proof_missing]",
    );
}
