//! A block with tunnels, and what its commands do in it.

use std::process::Command;

use e2e::given::Agent;
use e2e::wait::{LONG, until};
use e2e::{Cluster, Database, Outcome, Process};
use machine_id::engine::{Acquired, LeaseStatus};
use serde_json::{Value, json};

pub(super) const STATEMENT: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
pub(super) const LINES: [&str; 6] = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"];

pub(super) fn postgres(port: Option<u16>) -> Value {
    let mut tunnel = json!({"type": "database", "service": "pg", "username": "orders", "database": "orders"});
    if let Some(port) = port {
        tunnel["port"] = json!(port);
    }
    tunnel
}

pub(super) fn tunnels(all: &[Value]) -> Value {
    json!({ "tunnels": all })
}

pub(super) fn stage() -> Option<(Cluster, Database)> {
    let cluster = Cluster::start();
    let database = Database::postgres(&cluster)?;
    cluster.add_database("pg", "postgres", &database.address);
    Some((cluster, database))
}

pub(super) fn agent(cluster: &Cluster) -> Agent {
    Agent::of(cluster, "token", &cluster.token(), &json!({}))
}

/// What others have set where the block runs: with any of these left, its clients would go elsewhere or fail.
pub(super) const OTHERS: [(&str, &str); 12] = [
    ("PGHOST", "192.0.2.1"),
    ("PGHOSTADDR", "192.0.2.1"),
    ("PGSERVICE", "nowhere"),
    ("PGSSLMODE", "verify-full"),
    ("PGSSLROOTCERT", "system"),
    ("PGSSLCERTMODE", "require"),
    ("PGGSSENCMODE", "require"),
    ("PGCHANNELBINDING", "require"),
    ("PGREQUIREPEER", "nobody-of-that-name"),
    ("MYSQL_HOST", "192.0.2.1"),
    ("MYSQL_TCP_PORT", "9"),
    ("MYSQL_UNIX_PORT", "/nonexistent"),
];

/// A command of the block.
pub(super) fn command(acquired: &Acquired, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir("/").env("HOME", "/nonexistent").env_remove("PGPASSWORD").envs(OTHERS);
    for (name, value) in &acquired.environment {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    command
}

pub(super) fn run(acquired: &Acquired, words: &[&str]) -> Outcome {
    Process::spawn(command(acquired, words)).wait(LONG)
}

pub(super) fn query(acquired: &Acquired, statement: &str) -> Outcome {
    run(acquired, &[&LINES[..], &["-c", statement]].concat())
}

/// How many queries run that somebody has to end.
pub(super) fn active(acquired: &Acquired) -> usize {
    let count = "select count(*) from pg_stat_activity where query like '%/* ma' || 'rk */%' and state = 'active'";
    query(acquired, count).succeeded().stdout.trim().parse().unwrap()
}

/// A query that runs until somebody ends it.
pub(super) fn long_query(acquired: &Acquired, statement: &str) -> Process {
    let before = active(acquired);
    let marked = format!("{statement} /* mark */");
    let running = Process::spawn(command(acquired, &[&LINES[..], &["-c", &marked]].concat()));
    until("the query", LONG, || (active(acquired) > before).then_some(()));
    running
}

/// Ends those whose text has these words.
pub(super) fn end_queries(acquired: &Acquired, words: &str) {
    let (first, rest) = words.split_at(1);
    let statement = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like '%' || '{first}' || '{rest}%'"
    );
    assert_ne!(query(acquired, &statement).succeeded().stdout.trim(), "0");
}

/// What the agent says of its leases.
pub(super) fn status(agent: &Agent) -> Vec<LeaseStatus> {
    agent.runtime.block_on(agent.engine.status()).unwrap().leases
}

pub(super) fn held(acquired: &Acquired) -> Vec<String> {
    let reply = serde_json::to_value(acquired).unwrap();
    let notes = reply["certificates"].as_array().unwrap().clone();
    let x509 = notes.iter().filter(|note| note["kind"] == "x509");
    x509.map(|note| format!("{} {}", note["output"].as_str().unwrap(), note["target"].as_str().unwrap())).collect()
}
