//! The calls without a JVM. The same in a JVM: `native/jni/tests/java`, run by `.ci/test-jni`; over pipes:
//! `tests/e2e/tests/all/bridge`.

mod contract;
mod lifecycle;
mod messages;
mod refusals;

use std::net::TcpListener;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use machine_id::destination::digest_of;
use serde_json::{Value, json};

use crate::calls::{self, Call};

/// Whoever serves ends all engines of the process when it ends.
static ENGINES: RwLock<()> = RwLock::new(());

/// For tests that open engines.
fn with_others() -> RwLockReadGuard<'static, ()> {
    ENGINES.read().unwrap_or_else(PoisonError::into_inner)
}

/// For tests that serve.
fn alone() -> RwLockWriteGuard<'static, ()> {
    ENGINES.write().unwrap_or_else(PoisonError::into_inner)
}

/// A configuration whose cluster is at `address`, with the identity `api`.
fn config(root: &Path, address: &str) -> Vec<u8> {
    written(root, address, &json!({"method": "token", "token": "t"}))
}

/// What Test connection sends: no token.
fn check_config(root: &Path, address: &str) -> Vec<u8> {
    written(root, address, &json!({"method": "token"}))
}

fn written(root: &Path, address: &str, join: &Value) -> Vec<u8> {
    let identity = json!({"id": "api", "cluster": {"address": address}, "join": join});
    // Any program does.
    let (root, helper) = (root.to_str().unwrap(), "/usr/bin/true");
    let digest: String = digest_of(Path::new(helper)).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"abi": machine_id::vocabulary::ABI, "root": root, "helper": helper, "helper_sha256": digest, "identities": [identity]})
        .to_string()
        .into_bytes()
}

/// Somebody who accepts connections and never says a word.
fn silence() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn order(lease: &str, directory: &Path) -> Vec<u8> {
    let directory = directory.to_str().unwrap();
    json!({"lease": lease, "identity": "api", "directory": directory, "standing": true}).to_string().into_bytes()
}

fn parse(reply: &[u8]) -> Value {
    serde_json::from_slice(reply).expect("every reply is JSON")
}

fn ok(reply: &[u8]) -> Value {
    let reply = parse(reply);
    reply.get("ok").cloned().unwrap_or_else(|| panic!("not ok: {reply}"))
}

fn code(reply: &[u8]) -> String {
    let reply = parse(reply);
    reply["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {reply}")).to_owned()
}

fn opened(config: &[u8]) -> i64 {
    ok(&calls::wait(Call::Open, 0, config))["engine"].as_i64().unwrap()
}
