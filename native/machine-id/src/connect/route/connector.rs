//! The entry to this room: everything that is configured about reaching one cluster.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::SharedClock;
use crate::config::{AddressKind, CaPin, CaSource, ClusterConfig};
use crate::connect::error::{ConnectError, SetUpError};
use crate::connect::net::address::Address;
use crate::connect::net::environment::Environment;
use crate::connect::net::http::HttpConnection;
use crate::connect::tls::trust::Trust;
use crate::strain::{Asked, Strain};

/// The way to one cluster. Cheap to clone.
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

struct Inner {
    address: Address,
    kind: AddressKind,
    pins: Vec<CaPin>,
    ca: Option<CaSource>,
    use_configured_address: bool,
    clock: SharedClock,
    environment: Environment,
    web_trust: Mutex<Option<Trust>>,
    /// Discovery's connection, for the join that may follow it.
    kept: Mutex<Option<Kept>>,
    /// How strained the cluster seems.
    strain: Mutex<Strain>,
}

struct Kept {
    connection: HttpConnection,
    address: Address,
    /// Monotonic.
    at: Duration,
}

/// A join that takes longer to come makes a connection of its own: servers and balancers close idle ones, and a request
/// with a token must not meet that.
const KEPT: Duration = Duration::from_secs(2);

impl Connector {
    /// For the cluster of `config`, with the environment of this process.
    ///
    /// # Errors
    /// [`SetUpError::NameUnusable`] for an empty host.
    pub fn new(config: &ClusterConfig, clock: SharedClock) -> Result<Self, ConnectError> {
        Self::with_environment(config, clock, Environment::of_process())
    }

    /// As [`Connector::new`], with a given environment.
    ///
    /// # Errors
    /// [`SetUpError::NameUnusable`] for an empty host.
    pub fn with_environment(
        config: &ClusterConfig,
        clock: SharedClock,
        environment: Environment,
    ) -> Result<Self, ConnectError> {
        let address = Address::new(&config.host, config.port);
        if address.host.is_empty() {
            return Err(SetUpError::NameUnusable { name: address.host }.into());
        }
        Ok(Self(Arc::new(Inner {
            address,
            kind: config.kind,
            pins: config.ca_pins.clone(),
            ca: config.ca.clone(),
            use_configured_address: config.use_configured_address,
            clock,
            environment,
            web_trust: Mutex::new(None),
            kept: Mutex::new(None),
            strain: Mutex::default(),
        })))
    }

    pub(in crate::connect) fn address(&self) -> &Address {
        &self.0.address
    }

    /// Whether this is the configured address; a proxy's and an auth server's of one cluster can't be compared.
    pub(crate) fn is_for(&self, kind: AddressKind, host: &str, port: u16) -> bool {
        let ours = &self.0.address;
        kind != self.0.kind || (ours.host.eq_ignore_ascii_case(host) && ours.port == port)
    }

    pub(in crate::connect) fn kind(&self) -> AddressKind {
        self.0.kind
    }

    pub(in crate::connect) fn uses_configured_address(&self) -> bool {
        self.0.use_configured_address
    }

    pub(in crate::connect) fn pins(&self) -> &[CaPin] {
        &self.0.pins
    }

    pub(in crate::connect) fn ca(&self) -> Option<&CaSource> {
        self.0.ca.as_ref()
    }

    pub(in crate::connect) fn clock(&self) -> &SharedClock {
        &self.0.clock
    }

    pub(in crate::connect) fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The web's authorities, read again at each discovery, so that a replaced CA file is noticed.
    pub(in crate::connect) async fn web_trust(&self) -> Result<Trust, ConnectError> {
        let cached = || self.0.web_trust.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cached().clone();
        if let Some(trust) = known {
            return Ok(trust);
        }
        let trust = Trust::web(self.ca().cloned()).await?;
        *cached() = Some(trust.clone());
        Ok(trust)
    }

    pub(in crate::connect) fn forget_web_trust(&self) {
        *self.0.web_trust.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many times as long as usual the cluster is left alone by whoever needs nothing now, because it is slow.
    pub(crate) fn stretch(&self) -> f64 {
        self.strain().stretch()
    }

    /// Whether there has been a connection to the auth server.
    pub(crate) fn was_reached(&self) -> bool {
        self.strain().was_reached()
    }

    /// The cluster has too much to do: it said so, or didn't answer in time.
    pub(crate) fn exhausted(&self) {
        self.strain().exhausted(self.clock().monotonic());
    }

    /// Notes what an answer took that was asked for at `since` (monotonic).
    pub(in crate::connect) fn answered(&self, asked: Asked, since: Duration) {
        let now = self.clock().monotonic();
        self.strain().answered(asked, now.saturating_sub(since), now);
    }

    fn strain(&self) -> MutexGuard<'_, Strain> {
        self.0.strain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps discovery's connection for a moment, where a join may follow on it.
    pub(in crate::connect) fn keep(&self, connection: HttpConnection, address: Address) {
        let kept = Kept { connection, address, at: self.clock().monotonic() };
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    /// Lets go of the connection that was kept: no join comes any more.
    pub(in crate::connect) fn forget_kept(&self) {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The connection that was kept, if it is still good for `address`. It is let go in any case.
    pub(in crate::connect) fn take_kept(&self, address: &Address) -> Option<HttpConnection> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let age = self.clock().monotonic().saturating_sub(kept.at);
        (kept.address == *address && age < KEPT).then_some(kept.connection)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({})", self.0.address)
    }
}
