//! A build agent whose leases bring the proof of their join along, as builds do that a controller vouches for.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use machine_id::clock::SystemClock;
use machine_id::config::{AcquireRequest, EngineConfig};
use machine_id::engine::{Acquired, Engine};
use machine_id::error::Error;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Stage;

/// The id of its one lease.
pub const LEASE: &str = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";

/// An engine of the library with one identity, as a JVM has it.
pub struct Agent {
    /// Where it runs.
    pub runtime: Runtime,
    /// The engine.
    pub engine: Engine,
    config: Value,
    directory: tempfile::TempDir,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("directory", &self.directory).finish_non_exhaustive()
    }
}

fn open(runtime: &Runtime, config: &Value) -> Engine {
    let config = EngineConfig::from_json(config.to_string().as_bytes()).unwrap();
    runtime.block_on(async {
        let engine = Engine::open(config, Arc::new(SystemClock::new())).unwrap();
        engine.keep_fresh();
        engine
    })
}

impl Agent {
    /// One whose identity joins a cluster by a token resource.
    ///
    /// # Panics
    /// When it can't be opened.
    #[must_use]
    pub fn of(cluster: &dyn Stage, method: &str, token: &str, settings: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let helper = directory.path().join("helper");
        crate::machine::put(&helper, "");
        let ca = fs::read_to_string(cluster.web_ca()).unwrap();
        let config = json!({
            "abi": machine_id::vocabulary::ABI, "root": directory.path().join("root"), "helper": helper,
            // Of nothing.
            "helper_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "identities": [{
                "id": "api", "cluster": {"address": cluster.proxy_address(), "ca_pem": ca},
                "join": {"method": method, "token": token, "settings": settings},
            }],
        });
        let runtime = Runtime::new().unwrap();
        let engine = open(&runtime, &config);
        Self { runtime, engine, config, directory }
    }

    /// Its JVM is lost, and another one has its place.
    #[must_use]
    pub fn restarted(self) -> Self {
        let Self { runtime, engine, config, directory } = self;
        runtime.block_on(engine.close());
        let engine = open(&runtime, &config);
        Self { runtime, engine, config, directory }
    }

    /// A further engine of the same JVM, as for a configuration that was changed: the first one serves what it holds.
    #[must_use]
    pub fn reconfigured(&self) -> Engine {
        let mut config = self.config.clone();
        config["identities"][0]["max_ttl_seconds"] = json!(3599);
        open(&self.runtime, &config)
    }

    /// What it has for itself; leases may lie there.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of its lease.
    #[must_use]
    pub fn lease(&self) -> PathBuf {
        self.directory.path().join("lease")
    }

    /// Asks for the lease, or for fresh certificates of it.
    ///
    /// # Errors
    /// What the engine says.
    ///
    /// # Panics
    /// When the request can't be read.
    pub fn acquire(&self, statement: Option<&str>) -> Result<Acquired, Error> {
        self.acquire_with(&json!({}), statement)
    }

    /// The same, with other members of the request, or further ones.
    ///
    /// # Errors
    /// What the engine says.
    ///
    /// # Panics
    /// When the request can't be read.
    pub fn acquire_with(&self, members: &Value, statement: Option<&str>) -> Result<Acquired, Error> {
        self.acquire_on(&self.engine, members, statement)
    }

    /// The same, by another engine.
    ///
    /// # Errors
    /// What the engine says.
    ///
    /// # Panics
    /// When the request can't be read.
    pub fn acquire_on(&self, engine: &Engine, members: &Value, statement: Option<&str>) -> Result<Acquired, Error> {
        let mut request = json!({"lease": LEASE, "identity": "api", "directory": self.lease()});
        for (name, value) in members.as_object().unwrap() {
            request[name] = value.clone();
        }
        if let Some(statement) = statement {
            request["id_token"] = json!(statement);
        }
        let (order, id_token) = AcquireRequest::from_json(request.to_string().as_bytes()).unwrap();
        self.runtime.block_on(async {
            match id_token {
                Some(id_token) => engine.acquire_given(order.into(), id_token).await,
                None => engine.acquire(order.into()).await,
            }
        })
    }

    /// Ends the lease.
    ///
    /// # Panics
    /// When it can't.
    pub fn release(&self) {
        self.runtime.block_on(self.engine.release(LEASE)).unwrap();
    }

    /// The lease's private key.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn key(&self) -> String {
        fs::read_to_string(self.lease().join("key")).unwrap()
    }

    /// Files of the agent's own directory.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn kept(&self) -> Vec<PathBuf> {
        fn below(directory: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { below(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        below(&self.directory.path().join("root/identities"), &mut found);
        found
    }
}
