//! A cluster, an engine in this process, and its directories.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use machine_id::clock::SystemClock;
use machine_id::config::{
    AddressKind, CaSource, ClusterConfig, DirectoryConfig, EngineConfig, HelperConfig, HelperContent, IdentityConfig,
    IdentityOutput, JoinConfig, KeyAlgorithm, OutputConfig, OutputKind, TokenSource,
};
use machine_id::engine::{Acquired, Engine, LeaseRequest, Placement};
use machine_id::error::Error;
use machine_id::method::JoinMethod;
use teleport_double::{Double, Role};
use tempfile::TempDir;

use crate::Failure;
use crate::invariants::destination;
use crate::world::ROLE;

/// How long a caller waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// A second role of the bot.
pub const OTHER_ROLE: &str = "deployers";

/// A cluster, an engine, a directory.
#[derive(Debug)]
pub struct Stage {
    /// The cluster.
    pub double: Double,
    /// The engine.
    pub engine: Engine,
    /// Everything lies below.
    pub directory: TempDir,
    /// What certificates live.
    pub life: Duration,
}

impl Stage {
    /// With certificates of an hour.
    ///
    /// # Errors
    /// When something can't be made.
    pub async fn open() -> Result<Self, Failure> {
        Self::living(Duration::from_secs(3600)).await
    }

    /// With certificates of another life.
    ///
    /// # Errors
    /// When something can't be made.
    pub async fn living(life: Duration) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("machine-id-faults-").tempdir()?;
        let role = |name: &str| Role::new(name).max_session_ttl(life);
        let builder = Double::builder().role(role(ROLE)).role(role(OTHER_ROLE)).role(role("bot-api"));
        let builder = builder.bot("api", &[ROLE, OTHER_ROLE]).directory(directory.path().join("double"));
        let double = builder.start().await?;
        fs::write(directory.path().join("token"), double.new_token("api"))?;
        let engine = engine(&double, directory.path(), &directory.path().join("storage"), life)?;
        Ok(Self { double, engine, directory, life })
    }

    /// Another engine, as of another process, with a given storage.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn another(&self, storage: &Path) -> Result<Engine, Failure> {
        engine(&self.double, self.directory.path(), storage, self.life)
    }

    /// Acquires a standing lease with a lifetime of its own, so that nothing comes from the cache, and gives it back.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn use_once(&self) -> Result<Acquired, Error> {
        let mut order = LeaseRequest::standing("api", &self.output("out"));
        order.deadline = PATIENCE;
        order.ttl = Some(Duration::from_secs(fastrand::u64(600..3600)));
        let lease = order.lease.clone();
        let acquired = self.engine.acquire(order).await;
        let released = self.engine.release(&lease).await;
        let acquired = acquired?;
        released?;
        Ok(acquired)
    }

    /// A lease with a directory of its own, for one role.
    #[must_use]
    pub fn order(&self, role: &str) -> LeaseRequest {
        let lease = format!("{:032x}", fastrand::u128(..));
        let directory = DirectoryConfig::private(self.directory.path().join(&lease));
        LeaseRequest {
            placements: vec![Placement { kind: OutputKind::Identity(IdentityOutput::default()), directory }],
            lease,
            roles: vec![role.to_owned()],
            standing: false,
            deadline: PATIENCE,
            ..LeaseRequest::standing("api", &self.output("unused"))
        }
    }

    /// A standing output.
    #[must_use]
    pub fn output(&self, name: &str) -> OutputConfig {
        OutputConfig {
            tbot_type: "identity",
            kind: OutputKind::Identity(IdentityOutput::default()),
            destination: DirectoryConfig::private(self.directory.path().join(name)),
            roles: vec![ROLE.to_owned()],
            name: None,
            route_to_cluster: None,
            ttl: None,
        }
    }

    /// What an administrator does for a bot that is stuck.
    ///
    /// # Errors
    /// When the token can't be written.
    pub fn bring_fresh_token(&self) -> Result<(), Failure> {
        self.double.delete_bot("api");
        self.double.add_bot("api", &[ROLE, OTHER_ROLE]);
        Ok(fs::write(self.directory.path().join("token"), self.double.new_token("api"))?)
    }

    /// Whatever happened: files are whole, and nobody is locked because of us.
    pub fn check(&self, violations: &mut Vec<String>) {
        violations.extend(destination(&self.directory.path().join("out"), false).err());
        let locks = self.double.counters().locks;
        if locks > 0 {
            violations.push(format!("{locks} locks at the cluster"));
        }
    }
}

fn engine(double: &Double, directory: &Path, storage: &Path, life: Duration) -> Result<Engine, Failure> {
    let (host, port) = split(&double.proxy_address())?;
    let identity = IdentityConfig {
        id: "api".to_owned(),
        cluster: ClusterConfig {
            host,
            port,
            kind: AddressKind::Proxy,
            ca_pins: Vec::new(),
            ca: Some(CaSource::File(double.web_ca_pem().to_owned())),
            use_configured_address: false,
        },
        join: JoinConfig {
            method: JoinMethod::Token,
            token: TokenSource::File(directory.join("token")),
            settings: Arc::default(),
            given: None,
        },
        key_algorithm: Some(KeyAlgorithm::EcdsaP256),
        lifetime: life,
        renewal_interval: None,
        roles: vec![ROLE.to_owned(), OTHER_ROLE.to_owned()],
        max_ttl: life,
        storage: Some(DirectoryConfig::private(storage.to_owned())),
    };
    // Standing destinations name it in their files, and nothing runs it.
    let helper = HelperConfig { path: PathBuf::from("/bin/true"), content: HelperContent::ThisProcess };
    let config = EngineConfig { root: directory.join("root"), helper, identities: vec![identity] };
    Ok(Engine::open(config, Arc::new(SystemClock::new()))?)
}

fn split(address: &str) -> Result<(String, u16), Failure> {
    let (host, port) = address.rsplit_once(':').ok_or("no port")?;
    Ok((host.to_owned(), port.parse()?))
}
