//! Heartbeats: what an instance of a bot says about itself, so that it has a host's name in `tctl bots instances ls`
//! (teleport-17-to-20). Best effort: nothing waits for one, and nothing fails with one.

use std::sync::{Arc, Weak};
use std::time::Duration;

use teleport_api::machineid::BotInstanceStatusHeartbeat;
use tokio::sync::watch;

use super::bot::Bot;
use super::session::Session;
use crate::blocking::{self, Lane};
use crate::connect::ConnectError;
use crate::error::{Error, Fault};

/// Our name and version, as text.
const VERSION: &str = concat!("machine-id/", env!("CARGO_PKG_VERSION"));
/// Between two, as tbot has it; drawn anew each time from half a minute in a hundred around it.
const INTERVAL: Duration = Duration::from_secs(30 * 60);
const JITTER: f64 = 0.1;
/// Before one that was lost is made up for, and up to twice that.
const AGAIN: Duration = Duration::from_secs(60);

/// Sends one at the start and then one about every half hour, as long as it isn't dropped.
pub(super) async fn keep(bot: Arc<Bot>) {
    let started = bot.clock.monotonic();
    let mut startup = true;
    // The session in which the cluster refused one: there it isn't tried again.
    let mut refused_in: Weak<Session> = Weak::new();
    loop {
        let session = connected(&bot).await;
        let mut pause = INTERVAL.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64());
        if !std::ptr::eq(refused_in.as_ptr(), Arc::as_ptr(&session)) {
            match told(&bot, send(&bot, &session, started, startup, false).await) {
                Ok(sent) => startup &= !sent,
                Err(error @ ConnectError::Refused(_)) => {
                    tracing::debug!(identity = %bot.config.id, "no heartbeats: {error}");
                    refused_in = Arc::downgrade(&session);
                }
                Err(error) => {
                    tracing::debug!(identity = %bot.config.id, "a heartbeat is lost: {error}");
                    pause = AGAIN.mul_f64(1.0 + fastrand::f64());
                }
            }
        }
        drop(session);
        tokio::time::sleep(pause.mul_f64(bot.connector.stretch())).await;
    }
}

/// Sends the only one of a process that ends after one pass; given up when the engine stops.
pub(super) async fn once(bot: Arc<Bot>, mut stop: watch::Receiver<bool>) {
    let started = bot.clock.monotonic();
    let work = async {
        let session = connected(&bot).await;
        if let Err(error) = told(&bot, send(&bot, &session, started, true, true).await) {
            tracing::debug!(identity = %bot.config.id, "a heartbeat is lost: {error}");
        }
    };
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Notes what came of one; a cluster that takes none has nothing against us.
fn told(bot: &Bot, outcome: Result<bool, ConnectError>) -> Result<bool, ConnectError> {
    let code = outcome.as_ref().err().map(Fault::code);
    if !matches!(outcome, Ok(false)) {
        bot.metrics.heartbeat(&bot.config.id, code);
    }
    let note = outcome
        .as_ref()
        .map(|_| ())
        .map_err(|error| Error::new(error.code(), format!("a heartbeat is lost: {error}"), error.hint()));
    bot.memory().heartbeat = Some(note);
    outcome
}

/// The next session whose connection works.
async fn connected(bot: &Bot) -> Arc<Session> {
    let mut sessions = bot.sessions.subscribe();
    loop {
        let connected = sessions.borrow_and_update().connected().cloned();
        if let Some(session) = connected {
            return session;
        }
        if sessions.changed().await.is_err() {
            // Nobody makes sessions any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Whether one was sent: older clusters take none.
async fn send(
    bot: &Bot,
    session: &Session,
    started: Duration,
    is_startup: bool,
    one_shot: bool,
) -> Result<bool, ConnectError> {
    if !session.client.cluster().server_version.has_bot_instances() {
        return Ok(false);
    }
    let uptime = bot.clock.monotonic().saturating_sub(started);
    let heartbeat = BotInstanceStatusHeartbeat {
        recorded_at: None,
        is_startup,
        version: VERSION.to_owned(),
        hostname: hostname().await,
        uptime: uptime.try_into().ok(),
        join_method: bot.config.join.method.as_str().to_owned(),
        one_shot,
        architecture: in_go(std::env::consts::ARCH).to_owned(),
        os: std::env::consts::OS.to_owned(),
    };
    session.client.submit_heartbeat(heartbeat).await?;
    Ok(true)
}

async fn hostname() -> String {
    let read = || std::fs::read_to_string("/proc/sys/kernel/hostname");
    let name = blocking::run(Lane::Store, read).await.ok().and_then(Result::ok);
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// Go's words for architectures, where they differ from Rust's.
fn in_go(architecture: &str) -> &str {
    match architecture {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
