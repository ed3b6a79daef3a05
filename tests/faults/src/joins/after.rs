//! What has to hold after a fault.

use std::time::{Duration, Instant};

use teleport_double::{Fault, Times};

use super::bot::Subject;
use super::cases::{Case, Exchange, Kind};
use crate::Failure;
use crate::invariants::{Stored, stored};
use crate::run::Finished;

/// How long certificates live that a test outlives; longer than a stalled answer where there is one.
const LIVES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(65));

/// One fault, and what comes after it.
pub(super) async fn one(case: &Case) -> Result<Vec<String>, Failure> {
    let mut subject = Subject::new(case).await?;
    if case.exchange == Exchange::Member {
        member(case, &mut subject).await?;
    } else if case.exchange.has_identity() {
        rejoin(case, &mut subject).await?;
    } else {
        join(case, &mut subject).await?;
    }
    if matches!(case.exchange, Exchange::Token | Exchange::Iam | Exchange::Member) {
        return Ok(subject.violations);
    }
    // Key and state are whole again: both are shown once more.
    subject.bot.forget_identity()?;
    subject.works("a further recovery has to work").await?;
    Ok(subject.violations)
}

async fn struck(case: &Case, subject: &mut Subject) -> Result<(Finished, bool), Failure> {
    let before = subject.joins();
    subject.double().faults().inject(case.point, case.fault.clone(), Times::Always);
    let ended = subject.start().await?;
    subject.double().faults().clear();
    let committed = subject.joins() > before;
    let loses = matches!(case.fault, Fault::DropReply | Fault::StallReply | Fault::Truncated);
    if committed != loses && !case.may_be_stood_in_for() {
        subject.wrong(format!("the suite itself: the cluster has committed: {committed}"));
    }
    Ok((ended, committed))
}

/// Without an identity the fault is told, and nothing but a lost answer costs anything.
async fn join(case: &Case, subject: &mut Subject) -> Result<(), Failure> {
    if case.exchange == Exchange::Recovery {
        subject.works("it has to work without a fault").await?;
        subject.bot.forget_identity()?;
    }
    let (ended, committed) = struck(case, subject).await?;
    if ended.is_success() && committed && case.may_be_stood_in_for() {
        return Ok(());
    }
    if ended.is_success() {
        subject.wrong("it says that it has joined");
    }
    match case.exchange {
        Exchange::Token if committed => {
            let refused = subject.start().await?;
            if !refused.errors.contains("[join_rejected]") {
                subject.wrong(format!("a token that was used up is no reason: {}", refused.last_line()));
            }
            subject.world().bring_fresh_token(&subject.bot)?;
            subject.works("a fresh token has to work").await
        }
        Exchange::Token => {
            if !subject.double().token_exists(&subject.bot.resource) {
                subject.wrong("the suite itself: the token is gone");
            }
            subject.works("the token wasn't used, so it has to work").await
        }
        Exchange::Iam => subject.works("the method needs nothing that can be used up").await,
        _ => recover(case, subject, &ended, committed).await,
    }
}

/// A bound key without an identity. Where its state may be lost, that is told, and nothing happens before somebody helps.
async fn recover(case: &Case, subject: &mut Subject, ended: &Finished, committed: bool) -> Result<(), Failure> {
    let told = ended.errors.contains("[identity_needs_rejoin]");
    if told && !ended.errors.contains("was lost") {
        subject.wrong(format!("it isn't said what is lost: {}", ended.last_line()));
    }
    if case.is_early() && told {
        subject.wrong(format!("nothing was signed, and yet: {}", ended.last_line()));
    }
    if committed && !told {
        subject.wrong(format!("a lost answer isn't told: {}", ended.last_line()));
    }
    let next = subject.start().await?;
    if next.is_success() {
        if committed {
            subject.wrong("the suite itself: it works without the state that was lost");
        }
        return Ok(());
    }
    let registered = case.exchange != Exchange::First || committed;
    if !told || !registered {
        subject.wrong(format!("nothing was lost, but the next start fails: {}", next.last_line()));
    }
    for again in [next, subject.start().await?] {
        let says = "the state of the last join was lost with the answer to the join of";
        if !again.errors.contains(says) || !again.errors.contains("[identity_needs_rejoin]") {
            subject.wrong(format!("it isn't said what is lost: {}", again.last_line()));
        }
    }
    subject.world().recover_without_state(&subject.bot, true);
    subject.works("an administrator has helped").await?;
    subject.world().recover_without_state(&subject.bot, false);
    Ok(())
}

/// With an identity the fault is no reason to stop: it serves on, and after its end the bot is back by itself.
async fn rejoin(case: &Case, subject: &mut Subject) -> Result<(), Failure> {
    let life = if case.kind() == Kind::Stall { LIVES.1 } else { LIVES.0 };
    subject.world().shorten_life(&subject.bot, life);
    subject.works("it has to work without a fault").await?;
    let expired_at = Instant::now() + life;
    subject.until_due().await?;
    if case.exchange == Exchange::Rotation {
        subject.world().ask_for_rotation(&subject.bot);
    }
    let (ended, committed) = struck(case, subject).await?;
    if !ended.is_success() {
        subject.wrong(format!("the identity at hand doesn't serve on: {}", ended.last_line()));
    }
    if committed && case.may_be_stood_in_for() {
        if !matches!(stored(&subject.bot), Stored::Ready(_)) {
            subject.wrong(format!("it has joined the other way, but the store says {:?}", stored(&subject.bot)));
        }
        return Ok(());
    }
    let before = subject.joins();
    if matches!(stored(&subject.bot), Stored::Ready(_)) {
        subject.works("it has to work").await?;
        if subject.joins() == before {
            subject.wrong("the identity is ready, but not renewed");
        }
        return Ok(());
    }
    if case.is_early() {
        subject.wrong(format!("nothing was signed, and yet the identity is {:?}", stored(&subject.bot)));
    }
    for _ in 0..2 {
        subject.works("it has to serve on").await?;
        if subject.joins() > before && Instant::now() < expired_at {
            subject.wrong("a certificate that may be used up was shown again");
        }
    }
    tokio::time::sleep_until((expired_at + Duration::from_secs(1)).into()).await;
    subject.works("its certificate has expired, so it has to join without it").await?;
    if !matches!(stored(&subject.bot), Stored::Ready(_)) {
        subject.wrong(format!("after that the store says {:?}", stored(&subject.bot)));
    }
    Ok(())
}

/// What joins again by itself does so, with the certificate at hand or as a new instance, and serves meanwhile.
async fn member(case: &Case, subject: &mut Subject) -> Result<(), Failure> {
    const PATIENCE: Duration = Duration::from_secs(90);
    let daemon = subject.daemon()?;
    let twice = subject.until_joined(2, PATIENCE).await;
    if !twice || subject.double().bot_instances(&subject.bot.name).len() != 1 {
        subject.wrong("without a fault it has to stay one instance");
    }
    subject.double().faults().inject(case.point, case.fault.clone(), Times::Once);
    let joined = subject.joins();
    // One of them may be the one whose answer is lost.
    if !subject.until_joined(joined + 2, PATIENCE).await {
        subject.wrong(format!("it doesn't join again: {} joins", subject.joins()));
    }
    subject.terminate(daemon).await
}
