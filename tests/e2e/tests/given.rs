//! Leases whose identity is their own: whoever asks for one brings a statement about it, by which it joins.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::PathBuf;

use e2e::Cluster;
use e2e::given::Agent;
use machine_id::error::Code;
use serde_json::{Value, json};
use teleport_double::TokenOptions;

const STATEMENT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
/// Each method that takes one, and a version from which on.
const METHODS: [(&str, &str); 3] = [("kubernetes", "15.0.0"), ("gitlab", "17.4.0"), ("generic_oidc", "18.11.0")];

fn cluster(method: &str, version: &str) -> Cluster {
    let cluster = Cluster::with(|builder| builder.version(version));
    admit(&cluster, method);
    cluster
}

fn admit(cluster: &Cluster, method: &str) {
    let id_token = Some((method.to_owned(), STATEMENT.to_owned()));
    let _name =
        cluster.new_token_with("api", TokenOptions { name: "jenkins".to_owned(), id_token, ..TokenOptions::default() });
}

fn given() -> Value {
    json!({"given": true})
}

#[test]
fn a_lease_joins_by_its_statement_and_nothing_of_the_bot_stays() {
    for (method, version) in METHODS {
        let cluster = cluster(method, version);
        let agent = Agent::of(&cluster, method, "jenkins", &given());
        let acquired = agent.acquire(Some(STATEMENT)).unwrap();
        assert_eq!(cluster.counters().joined, 1, "{method}");
        assert!(agent.lease().join("ssh_config").exists());
        assert_eq!(agent.kept(), Vec::<PathBuf>::new(), "{method}");
        assert_eq!(acquired.directory, agent.lease());
        agent.release();
        assert!(!agent.lease().exists());
    }
}

#[test]
fn a_fresh_statement_renews_a_lease_in_its_place() {
    for (method, version) in METHODS {
        let cluster = cluster(method, version);
        let agent = Agent::of(&cluster, method, "jenkins", &given());
        agent.acquire(Some(STATEMENT)).unwrap();
        let before = agent.key();
        let renewed = agent.acquire(Some(STATEMENT)).unwrap();
        assert_ne!(agent.key(), before, "{method}");
        assert_eq!(cluster.counters().joined, 2, "each statement is a join of its own");
        // What it has held is told, all of it.
        assert_eq!(serde_json::to_value(&renewed).unwrap()["certificates"].as_array().unwrap().len(), 4);
        // Without a statement the lease's name is taken, as any lease's.
        assert_eq!(agent.acquire(None).unwrap_err().code(), Code::LeaseConflict);
    }
}

#[test]
fn a_renewal_that_is_refused_leaves_what_is_there() {
    let cluster = cluster("gitlab", "17.4.0");
    let agent = Agent::of(&cluster, "gitlab", "jenkins", &given());
    agent.acquire(Some(STATEMENT)).unwrap();
    let before = agent.key();
    let error = agent.acquire(Some("eyJ.another.one")).unwrap_err();
    assert_eq!(error.code(), Code::JoinRejected, "{error}");
    assert_eq!(agent.key(), before);
    agent.acquire(Some(STATEMENT)).unwrap();
    assert_ne!(agent.key(), before);
}

#[test]
fn a_refused_statement_leaves_nothing_and_is_not_repeated() {
    for (method, version) in METHODS {
        let cluster = cluster(method, version);
        let agent = Agent::of(&cluster, method, "jenkins", &given());
        let error = agent.acquire(Some("eyJ.of-another.build")).unwrap_err();
        assert_eq!(error.code(), Code::JoinRejected, "{method}: {error}");
        assert!(!error.to_string().contains("of-another"), "{error}");
        assert!(!agent.lease().exists());
        assert_eq!(agent.kept(), Vec::<PathBuf>::new());
        // The next statement isn't held back by the last one's refusal.
        agent.acquire(Some(STATEMENT)).unwrap();
    }
}

#[test]
fn a_statement_goes_with_identities_that_join_so_and_they_take_nothing_else() {
    for (method, version) in METHODS {
        let cluster = cluster(method, version);
        let agent = Agent::of(&cluster, method, "jenkins", &given());
        let error = agent.acquire(None).unwrap_err();
        assert_eq!(error.code(), Code::JoinProofMissing, "{method}: {error}");
        assert!(error.to_string().contains("the request for a lease"), "{error}");
        let elsewhere = if method == "kubernetes" { "token_path" } else { "file" };
        let agent = Agent::of(&cluster, method, "jenkins", &json!({elsewhere: "/nosuch"}));
        let error = agent.acquire(Some(STATEMENT)).unwrap_err();
        assert_eq!(error.code(), Code::RequestInvalid, "{method}: {error}");
        assert_eq!(cluster.counters().joined, 0);
    }
}
