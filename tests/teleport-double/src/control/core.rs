//! What all listeners of one double share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use tokio::sync::{broadcast, watch};

use super::clock::DoubleClock;
use super::counters::Counters;
use super::fault::Faults;
use super::settings::Settings;
use super::state::State;
use crate::ca::AuthorityKind;
use crate::ca::authority::Authority;
use crate::error::DoubleError;
use crate::web::tls::ServerKeys;

/// The double's shared heart.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<DoubleClock>,
    pub(crate) faults: Faults,
    pub(crate) counters: Counters,
    pub(crate) keys: ServerKeys,
    pub(crate) rotations: broadcast::Sender<(AuthorityKind, Authority)>,
    pub(crate) stopping: watch::Sender<bool>,
    /// How often all connections were cut.
    pub(crate) cuts: watch::Sender<u64>,
    /// Ends all connections to the proxy that are open.
    pub(crate) proxy_cut: watch::Sender<()>,
    pub(crate) proxy: OnceLock<SocketAddr>,
    pub(crate) auth: OnceLock<SocketAddr>,
    state: Mutex<State>,
}

impl Core {
    pub(crate) fn new(settings: Settings, state: State, clock: Arc<DoubleClock>) -> Result<Self, DoubleError> {
        let keys = ServerKeys::generate(&settings, clock.now())?;
        Ok(Self {
            settings,
            clock,
            faults: Faults::default(),
            counters: Counters::default(),
            keys,
            rotations: broadcast::channel(64).0,
            stopping: watch::channel(false).0,
            cuts: watch::channel(0).0,
            proxy_cut: watch::channel(()).0,
            proxy: OnceLock::new(),
            auth: OnceLock::new(),
            state: Mutex::new(state),
        })
    }

    /// The state, locked. Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// `host:port` as the proxy announces it.
    pub(crate) fn public_address(&self) -> String {
        let port = self.proxy.get().map_or(self.settings.proxy_port, SocketAddr::port);
        format!("{}:{port}", self.settings.public_host)
    }
}
