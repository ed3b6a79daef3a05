//! *Test connection*: tells what it found, keeps nothing, uses no token up.

use std::path::Path;
use std::sync::Arc;

use e2e::Cluster;
use machine_id::clock::SystemClock;
use machine_id::config::EngineConfig;
use machine_id::engine::{Checked, IdentityState, check};
use machine_id::error::{Code, Error};

fn checked(
    cluster: &Cluster,
    root: &Path,
    address: &str,
    kind: &str,
    pin: &str,
    token: &str,
) -> Result<Checked, Error> {
    // The web's CA for a proxy; an auth server is recognised by its pin alone.
    let ca = (kind == "proxy").then(|| std::fs::read_to_string(cluster.web_ca_pem()).unwrap());
    let config = serde_json::json!({
        "abi": machine_id::vocabulary::ABI, "root": root, "helper": "/bin/true", "helper_sha256": "0".repeat(64),
        "identities": [{"id": "api", "join": {"method": "token", "token": token},
            "cluster": {"address": address, "kind": kind, "ca_pins": [pin], "ca_pem": ca.unwrap_or_default()}}],
    });
    let config = EngineConfig::from_json(config.to_string().as_bytes()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(check(&config.identities[0], Arc::new(SystemClock::new())))
}

#[test]
fn it_finds_the_cluster_by_proxy_and_by_auth_server_and_leaves_no_trace() {
    let cluster = Cluster::start();
    let (scratch, token) = (tempfile::tempdir().unwrap(), cluster.token());
    let root = scratch.path().join("root");
    for (address, kind) in [(cluster.proxy_address(), "proxy"), (cluster.auth_address(), "auth")] {
        let found = checked(&cluster, &root, &address.to_string(), kind, &cluster.ca_pin(), &token).unwrap();
        let seen = (found.cluster.as_str(), found.address_kind.as_str(), found.identity);
        assert_eq!(seen, ("example.test", kind, IdentityState::New));
        assert_eq!(found.ca_pins, [cluster.ca_pin()]);
    }
    assert!(!root.exists());
    assert_eq!(cluster.counters().joined, 0);
}

#[test]
fn a_wrong_pin_is_told_with_what_was_seen() {
    let cluster = Cluster::start();
    let scratch = tempfile::tempdir().unwrap();
    let pin = format!("sha256:{}", "1".repeat(64));
    for (address, kind) in [(cluster.proxy_address(), "proxy"), (cluster.auth_address(), "auth")] {
        let error = checked(&cluster, scratch.path(), &address.to_string(), kind, &pin, &cluster.token()).unwrap_err();
        assert_eq!(error.code(), Code::CaPinMismatch, "{error}");
        assert!(error.message().contains(&cluster.ca_pin()) && error.message().contains(&pin), "{error}");
    }
}
