//! Method `kubernetes`: each check of join-methods 2.2, in the server's order, and 3.5.

use e2e::advice::{AUDIENCE, CLAIM, LIFETIME, METHOD, PROOF as PROOF_DUE, RULES, SIGNATURE, TIME, UNKNOWN_KEY};
use e2e::machine::put;
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{BadParameter, Denied, Plain};
use teleport_double::TokenOptions;

use super::row::{self, PROOF, Told, cluster, id_token, no_id_token, rejected, row, set_token, show, tell};

const REVIEW: &str = "reviewing kubernetes token with static_jwks";
const SIGNED: &str = "validating jwt signature";
const CLAIMS: &str = "validating jwt claims";
const JWKS: &str = "check the JWKS in the token resource on the cluster (`tctl get token/NAME`): a JSON text with the list \
                    `keys`, each of a kind that Teleport knows";

const BY_GIVEN_KEYS: &[Told] = &[
    ("no JWS", Plain, &["go-jose/go-jose: compact JWS format must have three parts", SIGNED, REVIEW], CLAIM),
    (
        "a JWKS that isn't JSON",
        Plain,
        &["invalid character 'k' looking for beginning of object key string", REVIEW],
        JWKS,
    ),
    ("a key of an unknown kind", Plain, &["unknown json web key type 'XX'", REVIEW], JWKS),
    (
        "no key id, or an unknown one",
        Plain,
        &["go-jose/go-jose: unsupported key type/format", SIGNED, REVIEW],
        UNKNOWN_KEY,
    ),
    (
        "another key's signature",
        Plain,
        &["go-jose/go-jose: error in cryptographic primitive", SIGNED, REVIEW],
        SIGNATURE,
    ),
    ("a date as text", Plain, &["expected number value to unmarshal NumericDate", SIGNED, REVIEW], CLAIM),
    (
        "another audience",
        Plain,
        &["go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)", CLAIMS, REVIEW],
        AUDIENCE,
    ),
    ("too old", Plain, &["go-jose/go-jose/jwt: validation failed, token is expired (exp)", CLAIMS, REVIEW], TIME),
    ("too early", Plain, &["go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)", CLAIMS, REVIEW], TIME),
    (
        "from the future",
        Plain,
        &["go-jose/go-jose/jwt: validation field, token issued in the future (iat)", CLAIMS, REVIEW],
        TIME,
    ),
    (
        "no pod",
        BadParameter,
        &["static_jwks joining requires the use of projected pod bound service account token", REVIEW],
        CLAIM,
    ),
    (
        "no end",
        BadParameter,
        &["static_jwks joining requires the use of a service account token with `exp`", REVIEW],
        CLAIM,
    ),
    (
        "no beginning",
        BadParameter,
        &["static_jwks joining requires the use of a service account token with `iat`", REVIEW],
        CLAIM,
    ),
    (
        "too long a life",
        BadParameter,
        &["static_jwks joining requires the use of a service account token with a TTL of less than 30m0s", REVIEW],
        LIFETIME,
    ),
    ("nobody whom a rule allows", Denied, &["kubernetes token did not match any allow rules"], RULES),
];

const OTHER_FORMS: &[Told] = &[
    (
        "in_cluster, and the auth server isn't in Kubernetes",
        Plain,
        &[
            "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined",
        ],
        "the auth server doesn't run in Kubernetes, as type in_cluster needs: give the token resource on the cluster (`tctl \
         get token/NAME`) type static_jwks",
    ),
    (
        "oidc, and too long a life",
        BadParameter,
        &["oidc joining requires the use of a service account token with a TTL of less than 30m0s"],
        LIFETIME,
    ),
    (
        "a version without the method",
        BadParameter,
        &["unsupported join method \"kubernetes\" for bot"],
        "method kubernetes needs Teleport 12 or newer; choose another one",
    ),
];

fn machine(cluster: &Cluster) -> Machine {
    let mut machine = row::machine(cluster, "kubernetes", "");
    put(&machine.path("id_token"), PROOF);
    machine.set("KUBERNETES_TOKEN_PATH", "id_token");
    machine
}

#[test]
fn of_a_token_that_lists_keys() {
    for version in ["14.3.0", "16.4.0", "18.0.0", "18.8.0"] {
        tell("kubernetes", version, BY_GIVEN_KEYS, machine);
    }
}

#[test]
fn of_the_other_forms() {
    for version in ["16.4.0", "18.8.0"] {
        tell("kubernetes", version, OTHER_FORMS, machine);
    }
}

#[test]
fn of_another_method_and_of_what_is_not_there() {
    show([
        row(
            "no ID token: method token is configured",
            &["16.4.0", "18.0.0"],
            |version| {
                let cluster = cluster(version);
                set_token(&cluster, id_token("kubernetes", None));
                let machine = row::machine(&cluster, "token", "");
                (cluster, machine)
            },
            rejected("token", "IDToken not provided for Kubernetes join request", PROOF_DUE),
        ),
        row(
            "the token is for iam",
            &["16.4.0", "18.0.0"],
            |version| {
                let cluster = cluster(version);
                set_token(&cluster, TokenOptions { iam: Some(Default::default()), ..TokenOptions::default() });
                let machine = machine(&cluster);
                (cluster, machine)
            },
            rejected(
                "kubernetes",
                "this token is only valid for the iam join method but the node has connected to the wrong endpoint",
                METHOD,
            ),
        ),
        row(
            "the token is for gitlab",
            &["18.8.0", "20.0.0"],
            |version| {
                let cluster = cluster(version);
                set_token(&cluster, id_token("gitlab", None));
                let machine = machine(&cluster);
                (cluster, machine)
            },
            rejected(
                "kubernetes",
                "client requested join method kubernetes, provision token only supports method gitlab",
                METHOD,
            ),
        ),
        row(
            "no file",
            &["18.8.0"],
            |version| {
                let cluster = cluster(version);
                let machine = row::machine(&cluster, "kubernetes", "  kubernetes: {token_path: /nosuch/token}\n");
                (cluster, machine)
            },
            no_id_token("kubernetes", "the file /nosuch/token", "No such file or directory (os error 2)"),
        ),
        row(
            "an empty file",
            &["18.8.0"],
            |version| {
                let cluster = cluster(version);
                let mut machine = row::machine(&cluster, "kubernetes", "");
                machine.set("KUBERNETES_TOKEN_PATH", "/dev/null");
                (cluster, machine)
            },
            no_id_token("kubernetes", "the file /dev/null", "it is empty"),
        ),
    ]);
}
