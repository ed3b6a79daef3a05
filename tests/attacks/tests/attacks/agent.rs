//! An agent as the Jenkins plugin sets it up: an engine opened by the JSON of the contract, leases in a workspace.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use e2e::Cluster;
use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, DiscardRequest, EngineConfig};
use machine_id::engine::{Acquired, Engine, LeaseRequest, Released, discard};
use machine_id::error::Error;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What the helper says when it is run.
pub(crate) const HELPER: &str = "#!/bin/sh\necho packaged\n";

/// Ends a lease that no engine has.
pub(crate) fn discarded(request: &Value) -> Result<Released, Error> {
    let request = DiscardRequest::from_json(request.to_string().as_bytes()).unwrap();
    Runtime::new().unwrap().block_on(discard(request, Arc::new(SystemClock::new())))
}

pub(crate) struct Agent {
    pub(crate) runtime: Runtime,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) engine: Engine,
}

impl Agent {
    /// At a cluster.
    pub(crate) fn at(cluster: &Cluster) -> Self {
        let ca = fs::read_to_string(cluster.web_ca_pem()).unwrap();
        Self::open(&json!({"address": cluster.proxy_address().to_string(), "ca_pem": ca}), &cluster.token())
    }

    /// Whose cluster can't be reached.
    pub(crate) fn alone() -> Self {
        Self::open(&json!({"address": "127.0.0.1:1"}), "token")
    }

    fn open(cluster: &Value, token: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let helper = directory.path().join("agent/lib/machine-id");
        fs::create_dir_all(helper.parent().unwrap()).unwrap();
        e2e::machine::put(&helper, HELPER);
        chmod(&helper, 0o755);
        chmod(helper.parent().unwrap().parent().unwrap(), 0o700);
        fs::create_dir(directory.path().join("workspace")).unwrap();
        let identity = json!({"id": "api", "cluster": cluster, "join": {"method": "token", "token": token}});
        let config = json!({
            "abi": machine_id::vocabulary::ABI, "root": helper.parent().unwrap().parent().unwrap(), "helper": helper,
            // Of the text above.
            "helper_sha256": "3317483cc5f4728ed66a4edea968b9a2a7f5b4c570a26f418fef58ce2655597a",
            "identities": [identity],
        });
        let config = EngineConfig::from_json(config.to_string().as_bytes()).unwrap();
        let runtime = Runtime::new().unwrap();
        let engine = runtime.block_on(async { Engine::open(config, Arc::new(SystemClock::new())) }).unwrap();
        Self { runtime, directory, engine }
    }

    pub(crate) fn helper(&self) -> PathBuf {
        self.path("agent/lib/machine-id")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Takes a lease in a directory, as a block of a pipeline does.
    pub(crate) fn acquire(&self, number: u32, directory: &Path) -> Result<Acquired, Error> {
        let request = json!({"lease": lease(number), "identity": "api", "directory": directory});
        let order = LeaseRequest::from(AcquireRequest::from_json(request.to_string().as_bytes()).unwrap().0);
        self.runtime.block_on(self.engine.acquire(order))
    }

    /// Ends a lease; the reply as JSON.
    pub(crate) fn release(&self, number: u32) -> Value {
        serde_json::to_value(self.runtime.block_on(self.engine.release(&lease(number))).unwrap()).unwrap()
    }
}

pub(crate) fn lease(number: u32) -> String {
    format!("{number:032x}")
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
