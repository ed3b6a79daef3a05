//! Hears of changes of the cluster's authorities at once. Where the cluster doesn't allow it, [`super::look`] has to do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::session::Current;
use crate::backoff::Backoff;

/// Before a lost watch is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// What was heard so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Whether the watch works.
    pub(super) open: bool,
    /// How often it has begun.
    pub(super) openings: u64,
    /// How often an authority has changed.
    pub(super) changes: u64,
}

/// Watches over the connection of whichever session is at hand, until nobody has its sessions any more.
pub(super) async fn watch(mut sessions: watch::Receiver<Current>, heard: watch::Sender<Heard>) {
    let mut backoff = Backoff::new(REOPEN.0, REOPEN.1);
    loop {
        let (client, cluster) = {
            let Ok(current) = sessions.wait_for(|current| current.connected().is_some()).await else { return };
            let Some(session) = current.session() else { continue };
            (Arc::clone(&session.client), session.cluster.name.clone())
        };
        let ended = match client.watch_authorities().await {
            Ok(mut watch) => {
                backoff.reset();
                heard.send_modify(|heard| (heard.open, heard.openings) = (true, heard.openings + 1));
                loop {
                    match watch.changed().await {
                        Ok(phase) => tracing::debug!(cluster, phase, "an authority has changed"),
                        Err(error) => break error,
                    }
                    heard.send_modify(|heard| heard.changes += 1);
                }
            }
            Err(error) => error,
        };
        tracing::debug!(cluster, "no watch for authorities: {ended}");
        // Also tells that a connection is lost: that is noticed here first.
        heard.send_modify(|heard| heard.open = false);
        tokio::time::sleep(backoff.next_delay(fastrand::f64()).max(REOPEN.0 / 2)).await;
    }
}
