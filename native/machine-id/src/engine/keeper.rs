//! The task that keeps one identity and its leases fresh.

use std::sync::Arc;
use std::time::Duration;

use super::bot::{Bot, Session};
use super::live::Live;
use super::{Shared, authorities};
use crate::backoff::Backoff;
use crate::error::{Code, Error};

/// How often the clocks are looked at: the wall clock may jump, the machine may have slept, so no sleep is ever as
/// long as the time to the next renewal.
const TICK: Duration = Duration::from_secs(5);
/// How often the cluster is asked whether its authorities have changed.
const AUTHORITIES: Duration = Duration::from_secs(60);
/// How long leases of dead processes are left alone after the start: a build that goes on after an agent's restart
/// takes its lease again in that time.
const ADOPTION: Duration = Duration::from_secs(120);
const SWEEP: Duration = Duration::from_secs(600);
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));

/// Runs until the engine stops.
pub(super) async fn keep(shared: Arc<Shared>, bot: Arc<Bot>) {
    let mut stop = shared.stop.subscribe();
    let mut retry = Backoff::new(RETRY.0, RETRY.1);
    let start = shared.clock.monotonic();
    let (mut next_renewal, mut next_look, mut next_sweep) = (start, start + AUTHORITIES, start + ADOPTION);
    let first = shared.bots.keys().next() == Some(&bot.config.id);
    loop {
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = shared.clock.monotonic();
        if first && now >= next_sweep {
            shared.leases.sweep().await;
            next_sweep = now + SWEEP;
        }
        if now >= next_renewal {
            match renew_if_due(&bot).await {
                Ok(()) => retry.reset(),
                Err(error) => {
                    let delay = retry.next_delay(fastrand::f64());
                    tracing::warn!(identity = %bot.config.id, retry_in = ?delay, "not renewed: {error}");
                    next_renewal = now + delay;
                }
            }
        }
        if now >= next_look {
            look_for_new_authorities(&bot).await;
            next_look = now + AUTHORITIES.mul_f64(0.8 + 0.4 * fastrand::f64());
        }
        refresh_leases(&shared, &bot).await;
    }
}

async fn renew_if_due(bot: &Bot) -> Result<(), Error> {
    let Some(session) = bot.current().await else { return Ok(()) };
    let now = bot.clock.now();
    let due = now >= session.renew_at || now < session.facts.valid_from;
    if session.stuck.is_some() || !due {
        return Ok(());
    }
    bot.renew().await.map(|_| ())
}

/// A rotation shows in the authorities first; trusting the new ones early is what carries us through (protocol J).
async fn look_for_new_authorities(bot: &Bot) {
    let Some(session) = bot.current().await else { return };
    match authorities::fetch(&session.client, &session.cluster.name, &session.identity.authorities).await {
        Ok(current) if current != session.identity.authorities => {
            tracing::info!(cluster = %session.cluster.name, "the cluster's authorities have changed");
            bot.cache.forget_identity(&bot.config.id);
            bot.reset().await;
        }
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(cluster = %session.cluster.name, "the authorities can't be read now: {error}");
            bot.reset().await;
        }
    }
}

async fn refresh_leases(shared: &Shared, bot: &Arc<Bot>) {
    let leases = shared.leases.of(&bot.config.id);
    if leases.is_empty() {
        return;
    }
    let session = match bot.session().await {
        Ok(session) => session,
        Err(error) => {
            tracing::warn!(identity = %bot.config.id, "leases can't be refreshed now: {error}");
            return;
        }
    };
    let now = bot.clock.now();
    for lease in leases.iter().filter(|lease| lease.is_due(now, &session.identity.authorities)) {
        refresh(shared, bot, &session, lease).await;
    }
}

async fn refresh(shared: &Shared, bot: &Bot, session: &Arc<Session>, lease: &Live) {
    match lease.refresh(bot, session).await {
        Ok(delivered) => {
            shared.leases.extend(lease);
            tracing::info!(
                lease = lease.id(),
                directory = %lease.order().directory().display(),
                expires = %super::timestamp(delivered.expires_at),
                "refreshed"
            );
        }
        Err(error) if error.code() == Code::Cancelled => {}
        Err(error) => tracing::warn!(lease = lease.id(), "not refreshed: {error}"),
    }
}
