//! Leases whose identity is their own: whoever asks for one brings a statement about it, by which it joins.

use std::os::fd::AsFd;
use std::path::PathBuf;

use e2e::Cluster;
use e2e::given::{Agent, LEASE};
use e2e::wait::{LONG, until};
use machine_id::config::AcquireRequest;
use machine_id::error::Code;
use machine_id::proxy::multiplex::{Answer, connect};
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
fn a_standing_destination_is_renewed_in_its_place_and_outlives_its_lease() {
    let cluster = cluster("kubernetes", "15.0.0");
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &given());
    let acquire = || {
        let request = json!({
            "lease": LEASE, "identity": "api", "directory": agent.lease(), "standing": true, "id_token": STATEMENT,
        });
        let (order, id_token) = AcquireRequest::from_json(request.to_string().as_bytes()).unwrap();
        agent.runtime.block_on(agent.engine.acquire_given(order.into(), id_token.unwrap())).unwrap()
    };
    acquire();
    let before = agent.key();
    acquire();
    assert_ne!(agent.key(), before);
    assert_eq!(cluster.counters().joined, 2);
    assert_eq!(agent.kept(), Vec::<PathBuf>::new());
    // As before it is taken with another configuration: the files stay meanwhile.
    agent.runtime.block_on(agent.engine.release(LEASE)).unwrap();
    assert!(agent.lease().join("ssh_config").exists());
    acquire();
    assert_eq!(cluster.counters().joined, 3);
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

/// A lease's identity is forgotten as soon as its certificates are there: nobody asks the cluster about it any more.
#[test]
fn a_lock_that_only_ssh_met_is_told_until_somebody_is_let_in() {
    let cluster = cluster("kubernetes", "18.9.1").and_node();
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &given());
    agent.engine.serve_ssh();
    agent.acquire(Some(STATEMENT)).unwrap();
    let status = || serde_json::to_value(agent.runtime.block_on(agent.engine.status()).unwrap()).unwrap();
    let ssh = || match connect(&agent.lease(), "example.test", "node1.example.test", 3022, std::io::stderr().as_fd()) {
        Answer::Connected(_) => String::new(),
        Answer::Refused(why) => why,
        Answer::Absent => panic!("nobody serves"),
    };
    assert_eq!(ssh(), "");
    let before = status();
    assert_eq!((&before["identities"][0]["failure"], &before["leases"][0]["usable"]), (&Value::Null, &json!(true)));
    cluster.lock_user("bot-api", "stolen");
    // The first one may only see that the proxy cuts the connection.
    until("a refusal with the lock's words", LONG, || ssh().contains("[bot_locked]").then_some(()));
    let locked = status();
    assert_eq!(locked["identities"][0]["failure"]["code"], "bot_locked", "{locked}");
    assert_eq!(locked["leases"][0]["usable"], false, "{locked}");
    assert!(locked["leases"][0]["problem"].as_str().unwrap().contains("[bot_locked]"), "{locked}");
    cluster.unlock_all();
    until("a connection", LONG, || ssh().is_empty().then_some(()));
    let after = status();
    assert_eq!((&after["identities"][0]["failure"], &after["leases"][0]["usable"]), (&Value::Null, &json!(true)));
}

/// One build's failure is no trouble of the identity any more when another one joins as it.
#[test]
fn a_refused_statement_is_told_until_the_next_lease_is_taken() {
    let cluster = cluster("kubernetes", "18.9.1");
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &given());
    let failure = || {
        let status = serde_json::to_value(agent.runtime.block_on(agent.engine.status()).unwrap()).unwrap();
        status["identities"][0]["failure"]["code"].clone()
    };
    agent.acquire(Some("eyJ.of-another.build")).unwrap_err();
    assert_eq!(failure(), "join_rejected");
    agent.acquire(Some(STATEMENT)).unwrap();
    assert_eq!(failure(), Value::Null);
}

/// Parallel branches of one build.
#[test]
fn leases_of_one_holder_that_are_taken_at_once_share_a_join() {
    const SHARE: &str = "00112233445566778899aabbccddeeff";
    let cluster = cluster("kubernetes", "15.0.0");
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &given());
    let take = |numbers: std::ops::Range<usize>, share: &dyn Fn(usize) -> String| {
        agent.runtime.block_on(futures_util::future::join_all(numbers.map(|number| {
            let request = json!({
                "lease": format!("{number:032x}"), "identity": "api", "id_token": STATEMENT, "share": share(number),
                "directory": agent.directory().join(format!("lease-{number}")),
            });
            let (order, given) = AcquireRequest::from_json(request.to_string().as_bytes()).unwrap();
            agent.engine.acquire_given(order.into(), given.unwrap())
        })))
    };
    for acquired in take(0..5, &|_| SHARE.to_owned()) {
        assert!(acquired.unwrap().directory.join("ssh_config").exists());
    }
    assert_eq!(cluster.counters().joined, 1);
    // It is forgotten with the last of them.
    take(5..6, &|_| SHARE.to_owned()).pop().unwrap().unwrap();
    assert_eq!(cluster.counters().joined, 2);
    // Another build's is another one.
    for acquired in take(6..9, &|number| format!("{number:032}")) {
        acquired.unwrap();
    }
    assert_eq!(cluster.counters().joined, 5);
}

#[test]
fn one_refusal_is_that_of_all_who_share_it() {
    let cluster = cluster("kubernetes", "15.0.0");
    let agent = Agent::of(&cluster, "kubernetes", "jenkins", &given());
    let share = "00112233445566778899aabbccddeeff";
    let outcomes = agent.runtime.block_on(futures_util::future::join_all((0..2).map(|number| {
        let request = json!({
            "lease": format!("{number:032x}"), "identity": "api", "id_token": "eyJ.another.one", "share": share,
            "directory": agent.directory().join(format!("lease-{number}")),
        });
        let (order, given) = AcquireRequest::from_json(request.to_string().as_bytes()).unwrap();
        agent.engine.acquire_given(order.into(), given.unwrap())
    })));
    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().code(), Code::JoinRejected);
    }
    assert_eq!(cluster.counters().joined, 0);
    // Nothing is kept of it either.
    agent.acquire(Some(STATEMENT)).unwrap();
}

#[test]
fn who_shares_needs_a_statement() {
    let text = json!({"lease": LEASE, "identity": "api", "directory": "/x/y", "share": LEASE}).to_string();
    assert!(AcquireRequest::from_json(text.as_bytes()).unwrap_err().to_string().contains("id_token"));
}
