//! Clusters that refuse, hang, cut, lie and slow down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use machine_id::error::Code;
use teleport_double::{CertificateFault, Fault, Point, Times};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Failure;
use crate::stage::Stage;
use crate::table::Row;

/// How many clusters run at once.
const AT_ONCE: usize = 8;
/// A well cluster is recognised as such again within one step of the back-off and a margin for a busy machine.
const RECOVERY: Duration = Duration::from_secs(75);

/// One cluster, one fault.
#[derive(Clone, Debug)]
struct Case {
    point: Point,
    fault: Fault,
    slow: bool,
}

/// All faults at all points.
///
/// # Errors
/// When the suite itself fails.
pub async fn suite(quick: bool) -> Result<Vec<Row>, Failure> {
    let cases: Vec<Case> = cases().into_iter().filter(|case| !quick || !case.slow).collect();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases {
        let permits = Arc::clone(&permits);
        running.spawn(async move {
            let _permit = permits.acquire_owned().await?;
            let name = family(&case);
            let place = format!("{:?} at {:?}", case.fault, case.point);
            let violations = Box::pin(one(case)).await?;
            let violations: Vec<String> =
                violations.into_iter().map(|violation| format!("{place}: {violation}")).collect();
            Ok::<_, Failure>((name, violations))
        });
    }
    let mut rows: Vec<Row> = Vec::new();
    while let Some(done) = running.join_next().await {
        let (name, violations) = match done {
            Ok(outcome) => outcome?,
            Err(error) => ("the suite", vec![format!("a case panicked: {error}")]),
        };
        let index = rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            rows.push(Row::new(name));
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(index) {
            row.case(violations);
        }
    }
    rows.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(rows)
}

const fn family(case: &Case) -> &'static str {
    match case.fault {
        Fault::Refuse => "cluster: refuses",
        Fault::Hang | Fault::HangBeforeTls => "cluster: hangs",
        Fault::ResetAfter(_) | Fault::DropReply => "cluster: cuts the connection",
        Fault::Delay(_) => "cluster: is slow",
        Fault::Http { .. } => "cluster: answers with an HTTP failure",
        Fault::Grpc { .. } => "cluster: answers with a gRPC failure",
        Fault::Garbage | Fault::Truncated => "cluster: answers with garbage",
        Fault::Certificate(_) => "cluster: gives a wrong certificate",
        Fault::NoAuthorities | Fault::ManyAuthorities(_) => "cluster: gives no CA, or too many",
        _ => "cluster: does something else",
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |points: &[Point], fault: &Fault, slow: bool| {
        for &point in points {
            cases.push(Case { point, fault: fault.clone(), slow });
        }
    };
    let requests = [Point::Find, Point::Join, Point::Ping, Point::CertAuthority, Point::Renew, Point::Impersonate];
    let calls = [Point::Ping, Point::CertAuthority, Point::Renew, Point::Impersonate];
    let connections = [Point::ProxyConnection];
    add(&requests, &Fault::Refuse, false);
    add(&connections, &Fault::Refuse, false);
    add(&connections, &Fault::HangBeforeTls, true);
    add(&requests, &Fault::Hang, true);
    add(&connections, &Fault::Hang, true);
    for bytes in [0, 1, 5, 50, 100, 500, 1000, 1500, 2000, 3000, 5000, 10_000] {
        add(&connections, &Fault::ResetAfter(bytes), false);
    }
    add(&[Point::Join, Point::Renew, Point::Impersonate], &Fault::DropReply, false);
    add(&requests, &Fault::Delay(Duration::from_secs(2)), false);
    for status in [429, 500, 502, 503, 504] {
        for retry_after in [None, Some(1)] {
            add(&requests, &Fault::Http { status, retry_after }, false);
        }
    }
    for code in [1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 16] {
        add(&calls, &Fault::Grpc { code, message: "access is a strange word".to_owned() }, false);
    }
    add(&calls, &Fault::Grpc { code: 7, message: "access denied".to_owned() }, false);
    let conflict = "Database comparison failed, try the request again".to_owned();
    add(&[Point::Renew], &Fault::Grpc { code: 9, message: conflict }, false);
    let limited = "max rate reached: retry-in 1s".to_owned();
    add(&[Point::Renew, Point::Impersonate], &Fault::Grpc { code: 8, message: limited }, false);
    add(&requests, &Fault::Garbage, false);
    add(&requests, &Fault::Truncated, false);
    let wrong = [
        CertificateFault::WrongKey,
        CertificateFault::Expired,
        CertificateFault::NotYetValid,
        CertificateFault::Principals(vec!["root".to_owned()]),
        CertificateFault::User("bot-other".to_owned()),
        CertificateFault::WrongAuthority,
    ];
    for fault in wrong {
        add(&[Point::Join, Point::Renew, Point::Impersonate], &Fault::Certificate(fault), false);
    }
    add(&[Point::Join, Point::CertAuthority], &Fault::NoAuthorities, false);
    add(&[Point::Join, Point::CertAuthority], &Fault::ManyAuthorities(1000), false);
    cases
}

async fn one(case: Case) -> Result<Vec<String>, Failure> {
    let stage = Stage::open().await?;
    let mut violations = Vec::new();
    let at_start = matches!(case.point, Point::Find | Point::Join | Point::ProxyConnection);
    if !at_start && let Err(error) = stage.use_once().await {
        return Ok(vec![format!("it doesn't even work without a fault: {error}")]);
    }
    stage.double.faults().inject(case.point, case.fault.clone(), Times::Always);
    let started = Instant::now();
    let outcome = if case.point == Point::Renew {
        stage.engine.renew("api").await.map(|_| ())
    } else {
        stage.use_once().await.map(|_| ())
    };
    if started.elapsed() > Duration::from_secs(95) {
        violations.push(format!("it took {:?}", started.elapsed()));
    }
    if outcome.is_ok() && is_lie(&case.fault) {
        violations.push("a wrong certificate was taken".to_owned());
    }
    if let Err(error) = &outcome
        && error.code() == Code::Internal
    {
        violations.push(format!("an internal error: {error}"));
    }
    stage.check(&mut violations);
    // Presenting the identity again, fault or not, must never lock the bot.
    for _ in 0..2 {
        drop(stage.engine.renew("api").await);
    }
    stage.double.faults().clear();
    drop(stage.engine.renew("api").await);
    stage.check(&mut violations);
    violations.extend(recovers(&stage).await?);
    stage.check(&mut violations);
    stage.engine.close().await;
    Ok(violations)
}

/// The cluster is well again: so are we, with a fresh token where we say that one is needed.
async fn recovers(stage: &Stage) -> Result<Option<String>, Failure> {
    let started = Instant::now();
    let mut last;
    let mut asked = false;
    loop {
        match stage.use_once().await {
            Ok(_) => break,
            Err(error) => {
                let needs = [Code::JoinRejected, Code::IdentityNeedsRejoin, Code::BotAlreadyJoined, Code::BotLocked];
                if !asked && needs.contains(&error.code()) {
                    stage.bring_fresh_token()?;
                    asked = true;
                }
                last = error;
            }
        }
        if started.elapsed() > RECOVERY {
            return Ok(Some(format!("it doesn't recover: {last}")));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let state = stage.engine.status().await?.identities.first().map(|identity| identity.status.state);
    if state == Some(machine_id::engine::IdentityState::NeedsRejoin) {
        stage.bring_fresh_token()?;
        if let Err(error) = stage.engine.renew("api").await {
            return Ok(Some(format!("a fresh token doesn't bring it back: {error}")));
        }
    }
    Ok(None)
}

/// Whether a certificate as the fault makes it must be refused.
const fn is_lie(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Certificate(CertificateFault::WrongKey | CertificateFault::Expired | CertificateFault::NotYetValid)
    )
}
