//! An identity that is connected.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crate::connect::{AuthClient, Cluster, ProxyFacts};
use crate::identity::{BotFacts, BotIdentity};

/// An identity that can be used now. What it says stays true when its connection is lost: certificates that are
/// cached go on being delivered with it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) cluster: Cluster,
    pub(super) identity: BotIdentity,
    pub(super) facts: BotFacts,
    pub(super) client: Arc<AuthClient>,
    /// The proxy, asked at its public address as auth tells it where no proxy is configured.
    pub(super) proxy: ProxyFacts,
    /// When it should be renewed.
    pub(super) renew_at: SystemTime,
    /// Why it can't be renewed, if it can't.
    pub(super) stuck: Option<String>,
    /// Whether it should be connected anew.
    pub(super) stale: AtomicBool,
}

impl Session {
    /// Whether the identity hasn't expired.
    pub(super) fn is_valid(&self, now: SystemTime) -> bool {
        now < self.facts.valid_until
    }

    /// Whether the connection works, as far as is known.
    pub(super) fn is_connected(&self) -> bool {
        !self.stale.load(Ordering::Relaxed) && !self.client.is_closed()
    }

    /// Lets the next use connect anew and look into the store again.
    pub(super) fn let_go(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }
}
