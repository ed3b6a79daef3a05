//! Rotations every two minutes, restarts of the cluster at random.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use teleport_double::{Double, Phase};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::table::Row;

const EVERY: Duration = Duration::from_secs(120);
/// Between two phases.
const PHASE: Duration = Duration::from_secs(12);
/// The port is open a moment after it is told to be.
const AFTER: Duration = Duration::from_secs(1);

/// When the cluster was away last: milliseconds after the start.
#[derive(Clone, Debug)]
pub(super) struct Away {
    start: Instant,
    since: Arc<AtomicU64>,
    until: Arc<AtomicU64>,
}

impl Away {
    fn milliseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the cluster was away at some time since `begun`.
    pub(super) fn touches(&self, begun: Instant) -> bool {
        let begun = u64::try_from(begun.duration_since(self.start).as_millis()).unwrap_or(0);
        let (since, until) = (self.since.load(Ordering::SeqCst), self.until.load(Ordering::SeqCst));
        since > until || (until > 0 && begun < until)
    }
}

pub(super) struct Weather {
    tasks: Vec<JoinHandle<Result<usize, Failure>>>,
    away: Away,
}

impl Weather {
    pub(super) fn start(double: Arc<Double>, stop: Arc<AtomicBool>) -> Self {
        let away = Away { start: Instant::now(), since: Arc::default(), until: Arc::default() };
        let rotations = tokio::spawn(rotate(Arc::clone(&double), Arc::clone(&stop)));
        let restarts = tokio::spawn(restart(double, stop, away.clone()));
        Self { tasks: vec![rotations, restarts], away }
    }

    pub(super) fn away(&self) -> Away {
        self.away.clone()
    }

    pub(super) async fn end(self) -> Result<Row, Failure> {
        let mut row = Row::new("rotations and restarts");
        let mut counts = Vec::new();
        for (task, what) in self.tasks.into_iter().zip(["phases of rotations", "restarts"]) {
            let count = task.await??;
            row.count += count;
            counts.push(format!("{count} {what}"));
        }
        row.note = counts.join(", ");
        Ok(row)
    }
}

async fn nap(length: Duration, stop: &AtomicBool) -> bool {
    let end = Instant::now() + length;
    while Instant::now() < end {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    true
}

async fn rotate(double: Arc<Double>, stop: Arc<AtomicBool>) -> Result<usize, Failure> {
    let mut phases = 0;
    while nap(EVERY - PHASE * 3, &stop).await {
        for phase in [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby] {
            let rotated = Arc::clone(&double);
            tokio::task::spawn_blocking(move || rotated.rotate(phase)).await??;
            phases += 1;
            if phase != Phase::Standby && !nap(PHASE, &stop).await {
                return Ok(phases);
            }
        }
    }
    Ok(phases)
}

/// The cluster is in this process, so what is restarted is all that its clients see: both ports are closed, every
/// connection is cut, and after some seconds the ports are open again. What the cluster knows is kept.
async fn restart(double: Arc<Double>, stop: Arc<AtomicBool>, away: Away) -> Result<usize, Failure> {
    let mut restarts = 0;
    while nap(Duration::from_secs(fastrand::u64(15..60)), &stop).await {
        restarts += 1;
        away.since.store(away.milliseconds(), Ordering::SeqCst);
        open(&double, false);
        double.cut_connections();
        nap(Duration::from_secs(fastrand::u64(1..6)), &stop).await;
        open(&double, true);
        nap(AFTER, &stop).await;
        away.until.store(away.milliseconds(), Ordering::SeqCst);
    }
    Ok(restarts)
}

pub(super) fn open(double: &Double, open: bool) {
    double.open_proxy(open);
    double.open_auth(open);
}
