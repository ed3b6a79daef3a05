//! An identity that is connected, and the channel by which its users have it.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;

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
    /// Whether it should be connected anew from the start: its connection is another identity's.
    pub(super) stale: bool,
}

impl Session {
    /// Whether the identity hasn't expired.
    pub(super) fn is_valid(&self, now: SystemTime) -> bool {
        now < self.facts.valid_until
    }
}

/// The session at hand, as users see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Current {
    session: Option<Arc<Session>>,
    /// Whether the next use connects anew and looks into the store again.
    stale: bool,
}

impl Current {
    pub(super) const fn session(&self) -> Option<&Arc<Session>> {
        self.session.as_ref()
    }

    /// The session, if its connection works, as far as is known.
    pub(super) fn connected(&self) -> Option<&Arc<Session>> {
        self.session.as_ref().filter(|session| !self.stale && !session.client.is_closed())
    }
}

/// Where the sessions of one identity are published. Whoever makes one sends it; whoever uses one looks, or waits.
#[derive(Debug, Default)]
pub(super) struct Sessions(watch::Sender<Current>);

impl Sessions {
    /// The session at hand, as it is now.
    pub(super) fn current(&self) -> Current {
        self.0.borrow().clone()
    }

    /// Tells of every change from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<Current> {
        self.0.subscribe()
    }

    /// From now on this is the session at hand.
    pub(super) fn publish(&self, session: Arc<Session>) {
        let stale = session.stale;
        self.0.send_replace(Current { session: Some(session), stale });
    }

    /// From now on there is none.
    pub(super) fn forget(&self) {
        self.0.send_replace(Current::default());
    }

    /// Lets the next use connect anew and look into the store again, unless another session has come meanwhile.
    pub(super) fn let_go(&self, session: &Session) {
        self.retire(|current| std::ptr::eq(Arc::as_ptr(current), session));
    }

    /// [`Self::let_go`], whichever session is at hand.
    pub(super) fn let_go_current(&self) {
        self.retire(|_| true);
    }

    fn retire(&self, which: impl FnOnce(&Arc<Session>) -> bool) {
        self.0.send_if_modified(|current| {
            let retired = !current.stale && current.session.as_ref().is_some_and(which);
            current.stale |= retired;
            retired
        });
    }
}
