use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{ActiveLease, ActiveLeases};
use crate::clock::{FixedClock, SharedClock};
use crate::config::{DirectoryConfig, HelperConfig, HelperContent, IdentityOutput, OutputKind, Scope};
use crate::destination::Program;
use crate::engine::lease_request::{LeaseRequest, Placement};
use crate::error::Error;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn program() -> Program {
    Program::new(HelperConfig { path: "/nowhere/machine-id".into(), content: HelperContent::ThisProcess })
}

struct Agent {
    scratch: tempfile::TempDir,
    clock: Arc<FixedClock>,
}

impl Agent {
    fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Self { scratch: tempfile::tempdir().unwrap(), clock: Arc::new(FixedClock::at(now)) }
    }

    /// As an engine does that is opened anew.
    fn open(&self) -> ActiveLeases {
        let clock: SharedClock = Arc::<FixedClock>::clone(&self.clock);
        ActiveLeases::open(&self.scratch.path().join("root"), clock).unwrap()
    }

    fn lease(&self) -> PathBuf {
        self.scratch.path().join(format!("machine-id-{ID}"))
    }

    fn request(&self) -> LeaseRequest {
        LeaseRequest {
            lease: ID.to_owned(),
            identity: "api".to_owned(),
            roles: Vec::new(),
            ttl: None,
            placements: vec![Placement {
                kind: OutputKind::Identity(IdentityOutput::default()),
                directory: DirectoryConfig::private(self.lease()),
            }],
            standing: false,
            portable: false,
            given: false,
            scope: Scope::Agent,
            deadline: Duration::from_secs(60),
            route_to_cluster: None,
            tunnels: Vec::new(),
        }
    }
}

/// As an engine does.
async fn take(
    leases: &ActiveLeases,
    request: LeaseRequest,
    expires: Option<SystemTime>,
) -> Result<Arc<ActiveLease>, Error> {
    let live = leases.announce(request)?;
    leases.take(&live, &Arc::new(program()), expires).await.map(|()| live)
}

#[tokio::test]
async fn a_lease_that_could_not_be_filled_leaves_nothing() {
    let agent = Agent::new();
    let leases = agent.open();
    let live = take(&leases, agent.request(), None).await.unwrap();
    assert!(agent.lease().exists());
    leases.drop_failed(&live).await;
    assert!(!agent.lease().exists());
}

#[tokio::test]
async fn a_lease_that_could_not_be_taken_again_keeps_its_files_and_can_be_tried_once_more_and_released() {
    let agent = Agent::new();
    take(&agent.open(), agent.request(), None).await.unwrap();
    agent.clock.advance(Duration::from_secs(30));
    let leases = agent.open();
    for _ in 0..2 {
        let live = take(&leases, agent.request(), None).await.unwrap();
        leases.drop_failed(&live).await;
        assert!(agent.lease().exists());
    }
    assert!(leases.release(ID).await.unwrap().released);
    assert!(!agent.lease().exists());
}

#[tokio::test]
async fn the_table_says_when_the_certificates_are_expected_to_end() {
    let agent = Agent::new();
    let leases = agent.open();
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_001_234);
    take(&leases, agent.request(), Some(end)).await.unwrap();
    assert_eq!(leases.table.list().unwrap()[0].expires, end);
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_that_are_taken_and_released_at_once_leave_nothing() {
    let agent = Arc::new(Agent::new());
    let leases = Arc::new(agent.open());
    let mut all = tokio::task::JoinSet::new();
    for worker in 0..8_u32 {
        let (agent, leases) = (Arc::clone(&agent), Arc::clone(&leases));
        all.spawn(async move {
            for round in 0..20_u32 {
                let mut request = agent.request();
                request.lease = format!("{worker:016x}{round:016x}");
                request.placements[0].directory.path = agent.scratch.path().join(&request.lease);
                // Half of them are ended by another task while they are being taken.
                let id = request.lease.clone();
                let ended = (round % 2 == 0).then(|| {
                    let (leases, id) = (Arc::clone(&leases), id.clone());
                    tokio::spawn(async move { leases.release(&id).await.unwrap() })
                });
                let directory = request.directory().to_owned();
                let taken = take(&leases, request, None).await;
                if let Some(ended) = ended {
                    ended.await.unwrap();
                }
                drop(taken);
                leases.release(&id).await.unwrap();
                assert!(!directory.exists(), "{id}");
            }
        });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    assert!(leases.table.list().unwrap().is_empty());
}
