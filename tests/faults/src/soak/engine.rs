//! The process under test: one identity, a standing destination, and leases that come and go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use machine_id::clock::SystemClock;
use machine_id::config::{
    AddressKind, ClusterConfig, DirectoryConfig, EngineConfig, HelperConfig, HelperContent, IdentityConfig,
    IdentityOutput, JoinConfig, KeyAlgorithm, OutputConfig, OutputKind, Scope, TokenSource,
};
use machine_id::destination::digest_of;
use machine_id::engine::{Engine, IdentityState, LeaseRequest, Placement};
use machine_id::method::JoinMethod;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::{LEASES, LIFE, Plan};
use crate::Failure;
use crate::invariants::complete;
use crate::table::Row;
use crate::world::ROLE;

/// An outage, and the way back from it.
const PATIENCE: Duration = Duration::from_secs(45);

#[derive(Debug, Default)]
struct Tally {
    acquired: usize,
    retried: usize,
    failed: Vec<String>,
    broken: Vec<String>,
}

/// Works for so long, then waits for SIGTERM, and prints what happened.
///
/// # Errors
/// When it can't start.
pub async fn work(directory: &Path, proxy: &str, length: Duration) -> Result<(), Failure> {
    let plan = Plan::at(directory);
    let mut terminate = signal(SignalKind::terminate())?;
    let engine = Arc::new(Engine::open(config(&plan, proxy)?, Arc::new(SystemClock::new()))?);
    engine.keep_fresh();
    let tally = Arc::new(Mutex::new(Tally::default()));
    let standing = LeaseRequest::standing("api", &output(plan.standing.clone()));
    let standing_lease = standing.lease.clone();
    acquire(&engine, &standing, &tally).await;
    let end = Instant::now() + length;
    let mut tasks = JoinSet::new();
    for _ in 0..LEASES {
        tasks.spawn(come_and_go(Arc::clone(&engine), plan.clone(), Arc::clone(&tally), end));
    }
    tasks.join_all().await;
    terminate.recv().await;
    let status = engine.status().await?;
    let engine = Arc::into_inner(engine).ok_or("the engine is still in use")?;
    engine.release(&standing_lease).await?;
    engine.close().await;
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    println!("acquired {}", tally.acquired);
    println!("retried {}", tally.retried);
    for failure in &tally.failed {
        println!("failed {failure}");
    }
    for fault in &tally.broken {
        println!("broken {fault}");
    }
    for lease in status.leases.iter().filter(|lease| !lease.problem.is_empty()) {
        println!("broken lease {}: {}", lease.lease, lease.problem);
    }
    for identity in
        status.identities.iter().map(|identity| &identity.status).filter(|status| status.state != IdentityState::Ready)
    {
        println!("broken identity {}: {}", identity.state, identity.reason);
    }
    Ok(())
}

async fn come_and_go(engine: Arc<Engine>, plan: Plan, tally: Arc<Mutex<Tally>>, end: Instant) {
    while Instant::now() < end {
        let lease = format!("{:032x}", fastrand::u128(..));
        let path = plan.leases.join(&lease);
        let scope = if fastrand::u8(..4) == 0 { Scope::Build } else { Scope::Agent };
        let placements = vec![Placement {
            kind: OutputKind::Identity(IdentityOutput::default()),
            directory: DirectoryConfig::private(path.clone()),
        }];
        let order = LeaseRequest {
            lease,
            placements,
            scope,
            standing: false,
            ..LeaseRequest::standing("api", &output(path.clone()))
        };
        if acquire(&engine, &order, &tally).await {
            // Long enough for one or two refreshes, or hardly any time at all.
            let stay = if fastrand::bool() { fastrand::u64(100..3_000) } else { fastrand::u64(3_000..90_000) };
            let left = end.saturating_duration_since(Instant::now());
            tokio::time::sleep(Duration::from_millis(stay).min(left)).await;
            if let Err(fault) = complete(&path) {
                note(&tally, |tally| tally.broken.push(fault));
            }
        }
        if let Err(error) = engine.release(&order.lease).await {
            note(&tally, |tally| tally.broken.push(format!("not released: {error}")));
        }
        if path.exists() {
            note(&tally, |tally| tally.broken.push(format!("{} is still there", path.display())));
        }
    }
}

/// Acquires, again and again while the cluster is away; true if it came off.
async fn acquire(engine: &Engine, order: &LeaseRequest, tally: &Mutex<Tally>) -> bool {
    let started = Instant::now();
    loop {
        match engine.acquire(order.clone()).await {
            Ok(_) => {
                note(tally, |tally| tally.acquired += 1);
                return true;
            }
            Err(error) if started.elapsed() > PATIENCE => {
                note(tally, |tally| tally.failed.push(error.to_string()));
                return false;
            }
            Err(_) => note(tally, |tally| tally.retried += 1),
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn note(tally: &Mutex<Tally>, change: impl FnOnce(&mut Tally)) {
    change(&mut tally.lock().unwrap_or_else(PoisonError::into_inner));
}

fn output(path: PathBuf) -> OutputConfig {
    OutputConfig {
        tbot_type: "identity",
        kind: OutputKind::Identity(IdentityOutput::default()),
        destination: DirectoryConfig::private(path),
        roles: Vec::new(),
        name: None,
        route_to_cluster: None,
        ttl: None,
    }
}

fn config(plan: &Plan, proxy: &str) -> Result<EngineConfig, Failure> {
    let (host, port) = proxy.rsplit_once(':').ok_or("no port")?;
    let cluster = ClusterConfig {
        host: host.to_owned(),
        port: port.parse()?,
        kind: AddressKind::Proxy,
        ca_pins: Vec::new(),
        ca: None,
        use_configured_address: false,
    };
    let identity = IdentityConfig {
        id: "api".to_owned(),
        cluster,
        join: JoinConfig {
            method: JoinMethod::Token,
            token: TokenSource::File(plan.token.clone()),
            settings: Arc::default(),
            given: None,
        },
        key_algorithm: Some(KeyAlgorithm::EcdsaP256),
        lifetime: LIFE,
        renewal_interval: None,
        roles: vec![ROLE.to_owned()],
        max_ttl: LIFE,
        storage: Some(DirectoryConfig::private(plan.storage.clone())),
    };
    let path = std::env::current_exe()?.with_file_name("machine-id");
    let content = HelperContent::Sha256(digest_of(&path)?);
    let helper = HelperConfig { path, content };
    Ok(EngineConfig { root: plan.root.clone(), helper, identities: vec![identity] })
}

/// The rows of what [`work`] printed.
pub(super) fn rows(report: &str) -> Vec<Row> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut leases = Row::new(format!("{LEASES} leases coming and going"));
    for line in report.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "failed" => leases.violations.push(format!("not acquired: {rest}")),
            "broken" => leases.violations.push(rest.to_owned()),
            word => drop(counts.insert(word, rest.parse().unwrap_or(0))),
        }
    }
    leases.count = counts.get("acquired").copied().unwrap_or(0);
    leases.note = format!("{} tries more while the cluster was away", counts.get("retried").copied().unwrap_or(0));
    if leases.count == 0 {
        leases.violations.push("nothing was acquired, or the report is missing".to_owned());
    }
    vec![leases]
}
