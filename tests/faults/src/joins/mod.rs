//! Joins that are exchanges: the connection is cut, silent or nonsense at each message. The program itself joins, as
//! its last line is what somebody has to understand.

mod after;
mod bot;
mod cases;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Failure;
use crate::table::Row;
use cases::{Case, Kind, cases};

/// How many clusters run at once where much is computed, and where most is waited for.
const AT_ONCE: (usize, usize) = (6, 40);

/// All faults at all messages.
///
/// # Errors
/// When the suite itself fails.
pub async fn suite(quick: bool) -> Result<Vec<Row>, Failure> {
    let all = cases(quick);
    let mut rows: Vec<(Row, Vec<Kind>)> = Vec::new();
    for case in &all {
        match rows.iter_mut().find(|(row, _)| row.name == case.family()) {
            Some((_, kinds)) => kinds.push(case.kind()),
            None => rows.push((Row::new(case.family()), vec![case.kind()])),
        }
    }
    let (computing, waiting) = (Arc::new(Semaphore::new(AT_ONCE.0)), Arc::new(Semaphore::new(AT_ONCE.1)));
    let mut running = JoinSet::new();
    for case in all {
        let waits = case.kind() == Kind::Stall || case.exchange.has_identity();
        let permits = Arc::clone(if waits { &waiting } else { &computing });
        running.spawn(async move {
            let _permit = permits.acquire_owned().await?;
            Ok::<_, Failure>((case.family(), violations(case).await?))
        });
    }
    while let Some(done) = running.join_next().await {
        let (name, violations) = done??;
        if let Some((row, _)) = rows.iter_mut().find(|(row, _)| row.name == name) {
            row.case(violations);
        }
    }
    let noted = |(mut row, kinds): (Row, Vec<Kind>)| {
        row.note = note(&kinds);
        row
    };
    Ok(rows.into_iter().map(noted).collect())
}

fn note(kinds: &[Kind]) -> String {
    let named =
        [(Kind::Reset, "resets"), (Kind::Stall, "stalls"), (Kind::Garbage, "garbage"), (Kind::Status, "failures")];
    let count = |kind| kinds.iter().filter(|one| **one == kind).count();
    let parts = named.into_iter().map(|(kind, name)| format!("{} {name}", count(kind)));
    parts.collect::<Vec<_>>().join(", ")
}

async fn violations(case: Case) -> Result<Vec<String>, Failure> {
    let place = format!("{:?} at {:?}", case.fault, case.point);
    let violations = after::one(&case).await?;
    Ok(violations.into_iter().map(|violation| format!("{place}: {violation}")).collect())
}
