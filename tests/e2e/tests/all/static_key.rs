//! A bound key that comes with the configuration, as Jenkins sends one from a credential: nothing of it is on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use e2e::Cluster;
use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, EngineConfig};
use machine_id::engine::{Acquired, Engine};
use machine_id::error::{Code, Error};
use serde_json::json;
use teleport_double::{BoundKeypairOptions, RecoveryMode, TokenOptions};
use tokio::runtime::Runtime;

const KEY: &str = include_str!("../../../fixtures/teleport-15/keys/ed25519.key");
const PUBLIC: &str = include_str!("../../../fixtures/teleport-15/keys/ed25519.ssh.pub");
const OTHER: &str = include_str!("../../../fixtures/teleport-15/keys/ecdsa.key");

fn cluster(rotate_after: Option<std::time::SystemTime>) -> Cluster {
    let cluster = Cluster::with(|builder| builder.version("18.8.0"));
    let bound = BoundKeypairOptions {
        initial_public_key: Some(PUBLIC.trim().to_owned()),
        recovery_mode: RecoveryMode::Insecure,
        rotate_after,
        ..BoundKeypairOptions::default()
    };
    let options = TokenOptions { name: "jenkins".to_owned(), bound_keypair: Some(bound), ..TokenOptions::default() };
    let _name = cluster.new_token_with("api", options);
    cluster
}

/// One start of an agent, one lease, and its end.
fn joined(cluster: &Cluster, directory: &Path, key: &str) -> Result<Acquired, Error> {
    let helper = directory.join("helper");
    e2e::machine::put(&helper, "");
    let ca = fs::read_to_string(cluster.web_ca_pem()).unwrap();
    let config = json!({
        "abi": machine_id::vocabulary::ABI, "root": directory.join("root"), "helper": helper,
        // Of nothing.
        "helper_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "identities": [{
            "id": "api", "cluster": {"address": cluster.proxy_address().to_string(), "ca_pem": ca},
            "join": {"method": "bound_keypair", "token": "jenkins", "settings": {"static_key": key}},
        }],
    });
    let config = EngineConfig::from_json(config.to_string().as_bytes()).unwrap();
    let lease = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";
    let request = json!({"lease": lease, "identity": "api", "directory": directory.join("lease")});
    let (order, _) = AcquireRequest::from_json(request.to_string().as_bytes()).unwrap();
    Runtime::new().unwrap().block_on(async {
        let engine = Engine::open(config, Arc::new(SystemClock::new())).unwrap();
        let acquired = engine.acquire(order.into()).await;
        if acquired.is_ok() {
            assert!(directory.join("lease/ssh_config").exists());
            engine.release(lease).await.unwrap();
        }
        acquired
    })
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn it_joins_at_each_start_and_no_file_holds_it() {
    let cluster = cluster(None);
    let directory = tempfile::tempdir().unwrap();
    for starts in 1..=2 {
        joined(&cluster, directory.path(), KEY).unwrap();
        assert_eq!(cluster.counters().joined, starts);
        let mut found = Vec::new();
        files(directory.path(), &mut found);
        for path in found {
            let content = fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&content).contains("PRIVATE KEY"), "{}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(!["identity.json", "id_bkp", "bkp_state", "bkp_key_history.json"].contains(&name), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_with_it_is_one_sentence_that_shows_nothing_of_it() {
    let cluster = cluster(None);
    for (key, code, words) in [
        (
            "s3cret-and-no-key",
            Code::JoinProofMissing,
            "the static key in the configuration can't be used: not a private key: no PEM block",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\ns3cret\n-----END ENCRYPTED PRIVATE KEY-----",
            Code::JoinProofMissing,
            "put a private key without a passphrase there, as PEM",
        ),
        (OTHER, Code::JoinProofMissing, "the cluster asks for a key that isn't here: ssh-ed25519 "),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let error = joined(&cluster, directory.path(), key).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        let told = format!("{error} {error:?}");
        assert!(told.contains(words) && !told.contains("s3cret"), "{told}");
    }
    assert_eq!(cluster.counters().joined, 0);
}

#[test]
fn a_cluster_that_wants_another_key_is_refused() {
    let cluster = cluster(Some(e2e::join::now()));
    let directory = tempfile::tempdir().unwrap();
    let error = joined(&cluster, directory.path(), KEY).unwrap_err();
    assert_eq!(error.code(), Code::JoinRejected, "{error}");
    assert!(error.to_string().contains("the configured static key never changes"), "{error}");
}
