//! Method `gcp` (join-methods 3.4).

use e2e::advice::{AUDIENCE, ISSUER, NO_ID_TOKEN, RULES, TIME, UNKNOWN_KEY};
use e2e::{Cluster, Machine};
use teleport_double::RefusalKind::{BadParameter, CompareFailed, Denied, Plain};

use super::row::{self, PROOF, Told, cluster, no_id_token, tell};

const ROWS: &[Told] = &[
    ("an unknown key", Plain, &["failed to verify signature: failed to verify id token signature"], UNKNOWN_KEY),
    (
        "another audience",
        Plain,
        &["oidc: expected audience \"teleport.cluster.local\" got [\"https://example.test\"]"],
        AUDIENCE,
    ),
    ("too old", Plain, &["oidc: token is expired (Token Expiry: 2026-11-28 06:43:29 +0000 UTC)"], TIME),
    (
        "another issuer",
        Plain,
        &["oidc: id token issued by a different provider, expected \"https://accounts.google.com\" got \
             \"https://a.test\""],
        ISSUER,
    ),
    (
        "a project, account or place that no rule allows",
        Denied,
        &["id token claims did not match any allow rules"],
        RULES,
    ),
    (
        "the default account",
        BadParameter,
        &["default compute engine service account \"1-compute@developer.gserviceaccount.com\" is not supported"],
        "let the workload run as a service account of its own: Google's default ones aren't taken",
    ),
    (
        "a rule with locations, and a workload of GKE, which has none",
        CompareFailed,
        &["id token \"google.compute_engine.zone\" claim is empty and cannot be used to match the location"],
        "this identity names no place, as those of GKE don't: allow it by project and service account, without locations",
    ),
];

fn machine(cluster: &Cluster) -> Machine {
    let mut machine = row::machine(cluster, "gcp", "");
    let address = machine.serve(|head| head[0].contains("audience=teleport.cluster.local&").then(|| PROOF.to_owned()));
    machine.set("GCE_METADATA_HOST", &address);
    machine
}

#[test]
fn each_check() {
    for version in ["14.3.0", "17.4.0", "18.0.0", "18.8.0"] {
        tell("gcp", version, ROWS, machine);
    }
}

#[test]
fn no_service_or_no_account() {
    let cluster = cluster("18.8.0");
    let mut machine = row::machine(&cluster, "gcp", "");
    let address = machine.serve(|_| None::<(u16, String)>);
    machine.set("GCE_METADATA_HOST", &address);
    row::refused("no account", &machine, &no_id_token("gcp", "Google's metadata service", "it answers with HTTP 404"));
    machine.set("GCE_METADATA_HOST", "127.0.0.1:1");
    let nobody = format!(
        "join method gcp gets no ID token: cannot connect to 127.0.0.1:1: connection refused; {NO_ID_TOKEN} \
         [join_proof_missing]"
    );
    row::refused("nobody listens", &machine, &nobody);
}
