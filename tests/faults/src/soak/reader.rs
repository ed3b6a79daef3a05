//! Opens the standing destination over and over, and logs in with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::task::JoinHandle;

use super::weather::Away;
use crate::Failure;
use crate::invariants::destination;
use crate::table::Row;

/// Before the first files are there.
const START: Duration = Duration::from_secs(60);

pub(super) struct Reader(Vec<JoinHandle<Row>>);

impl Reader {
    pub(super) fn start(directory: PathBuf, target: String, away: Away, stop: Arc<AtomicBool>) -> Self {
        let looks = tokio::spawn(look(directory.clone(), Arc::clone(&stop)));
        let logins = tokio::spawn(log_in(directory, target, away, stop));
        Self(vec![looks, logins])
    }

    pub(super) async fn end(self) -> Result<Row, Failure> {
        let mut row = Row::new("reader");
        let mut notes = Vec::new();
        for task in self.0 {
            let part = task.await?;
            row.count += part.count;
            notes.push(part.note);
            row.violations.extend(part.violations);
        }
        row.note = notes.join(", ");
        Ok(row)
    }
}

async fn ready(directory: &std::path::Path) {
    let started = Instant::now();
    while destination(directory, true).is_err() && started.elapsed() < START {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What `ssh_config` names must match at every instant.
async fn look(directory: PathBuf, stop: Arc<AtomicBool>) -> Row {
    ready(&directory).await;
    let mut row = Row::default();
    while !stop.load(Ordering::Relaxed) {
        let path = directory.clone();
        let seen = tokio::task::spawn_blocking(move || destination(&path, true)).await;
        row.case(seen.unwrap_or_else(|error| Err(error.to_string())).err());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    row.note = format!("{} looks", row.count);
    row
}

async fn log_in(directory: PathBuf, target: String, away: Away, stop: Arc<AtomicBool>) -> Row {
    ready(&directory).await;
    let mut row = Row::default();
    let mut excused = 0_usize;
    while !stop.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(directory.join("ssh_config"));
        ssh.args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=20", &target, "echo", "in"]).kill_on_drop(true);
        let violation = match tokio::time::timeout(Duration::from_secs(40), ssh.output()).await {
            Ok(Ok(output)) if output.status.success() && output.stdout == b"in\n" => None,
            Ok(Ok(output)) => Some(String::from_utf8_lossy(&output.stderr).trim().replace('\n', " | ")),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("ssh hangs".to_owned()),
        };
        let excuse = violation.is_some() && away.touches(begun);
        excused += usize::from(excuse);
        row.case(violation.filter(|_| !excuse));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    row.note = format!("{} logins, {excused} of them in an outage failed", row.count);
    row
}
