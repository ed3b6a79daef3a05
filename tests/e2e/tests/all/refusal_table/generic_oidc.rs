//! Method `generic_oidc` (join-methods 3.8): on `teleport.join.v1` alone.

use e2e::advice::{AUDIENCE, ISSUER, METHOD, OTHER, RULES, SIGNATURE, TIME};
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{BadParameter, CompareFailed, Denied, Plain};

use super::row::{self, PROOF, Told, cluster, id_token, no_id_token, rejected, row, set_token, show, tell};

const SETTINGS: &str = "  generic_oidc: {env: CI_JWT}\n";

const ROWS: &[Told] = &[
    (
        "no key with an algorithm that can be used",
        BadParameter,
        &["static_jwks contains no keys with a usable signature algorithm"],
        "sign the ID token with RS256",
    ),
    (
        "another key's signature",
        Plain,
        &["go-jose/go-jose: error in cryptographic primitive", "validating jwt signature"],
        SIGNATURE,
    ),
    (
        "another audience",
        Plain,
        &["go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)", "validating standard claims"],
        AUDIENCE,
    ),
    (
        "another issuer",
        Plain,
        &["go-jose/go-jose/jwt: validation failed, invalid issuer claim (iss)", "validating standard claims"],
        ISSUER,
    ),
    (
        "too old",
        Plain,
        &["go-jose/go-jose/jwt: validation failed, token is expired (exp)", "validating standard claims"],
        TIME,
    ),
    ("a claim that isn't there", CompareFailed, &["claims missing expected key: job.name"], RULES),
    (
        "a claim with another value",
        CompareFailed,
        &["incorrect value in claim: branch must be \"main\" but got \"test\""],
        RULES,
    ),
    ("no rule of allow_any", Denied, &["claims matched no allow_any rules"], RULES),
    ("a token without rules", BadParameter, &["generic OIDC token has no rules configured"], OTHER),
];

fn machine(cluster: &Cluster) -> Machine {
    let mut machine = row::machine(cluster, "generic_oidc", SETTINGS);
    machine.set("CI_JWT", PROOF);
    machine
}

#[test]
fn each_check() {
    for version in ["18.11.0", "19.0.0", "20.0.0"] {
        tell("generic_oidc", version, ROWS, machine);
    }
}

fn on(cluster: Cluster) -> (Cluster, Machine) {
    set_token(&cluster, id_token("generic_oidc", None));
    let machine = machine(&cluster);
    (cluster, machine)
}

fn with(version: &str, settings: &str) -> (Cluster, Machine) {
    let cluster = cluster(version);
    let machine = row::machine(&cluster, "generic_oidc", settings);
    (cluster, machine)
}

#[test]
fn a_cluster_that_is_too_old_and_a_machine_without_a_token() {
    show([
        row(
            "before there was the new service",
            &["15.4.0", "17.4.0", "18.1.0"],
            |version| on(cluster(version)),
            "join method generic_oidc needs a newer cluster than one of version {version}; upgrade the cluster to 18.11 or \
             newer, or choose another join method [unsupported]"
                .to_owned(),
        ),
        row(
            "before the new service had it",
            &["18.2.0", "18.10.0"],
            |version| on(cluster(version)),
            rejected(
                "generic_oidc",
                "unknown join method \"generic_oidc\"",
                "method generic_oidc needs Teleport 18.11 or newer; choose another one",
            ),
        ),
        row(
            "the new service is switched off",
            &["18.11.0", "19.0.0"],
            |version| on(Cluster::with(|builder| builder.version(version).join_stream(false))),
            "the cluster doesn't know the join: unknown service teleport.join.v1.JoinService; method generic_oidc needs Teleport 18.11 or newer, with its join service switched on; choose another join method there [unsupported]".to_owned(),
        ),
        row(
            "the token is for gitlab",
            &["18.11.0"],
            |version| {
                let (cluster, machine) = on(cluster(version));
                set_token(&cluster, id_token("gitlab", None));
                (cluster, machine)
            },
            rejected(
                "generic_oidc",
                "client requested join method generic_oidc, provision token only supports method gitlab",
                METHOD,
            ),
        ),
        row(
            "no such variable",
            &["18.11.0"],
            |version| with(version, SETTINGS),
            no_id_token("generic_oidc", "the environment variable CI_JWT", "it isn't set"),
        ),
        row(
            "a program that fails",
            &["18.11.0"],
            |version| with(version, "  generic_oidc: {command: [/bin/false]}\n"),
            no_id_token("generic_oidc", "the program \"/bin/false\"", "it ends with exit status 1"),
        ),
        row(
            "a program that prints nothing",
            &["18.11.0"],
            |version| with(version, "  generic_oidc: {command: [/bin/true]}\n"),
            no_id_token("generic_oidc", "the program \"/bin/true\"", "it prints nothing"),
        ),
        row(
            "a program that isn't there",
            &["18.11.0"],
            |version| with(version, "  generic_oidc: {command: [/nosuch/program]}\n"),
            no_id_token(
                "generic_oidc",
                "the program \"/nosuch/program\"",
                "it can't be started: No such file or directory (os error 2)",
            ),
        ),
        row(
            "a program that takes too long",
            &["18.11.0"],
            |version| with(version, "  generic_oidc: {command: [/bin/sleep, 600], timeout: 1s}\n"),
            no_id_token("generic_oidc", "the program \"/bin/sleep\"", "it doesn't end within 1 s"),
        ),
    ]);
}
