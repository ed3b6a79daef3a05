//! One bot identity at work: stored, joined, renewed, connected.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::authorities;
use super::multiplex::Multiplexers;
use super::plan::{Means, Plan, Stored, decide};
use super::proxy;
use super::reply::IdentityStatus;
use crate::clock::SharedClock;
use crate::config::IdentityConfig;
use crate::connect::{AuthClient, ClientCredential, Cluster, ConnectError, Connector, ProxyFacts};
use crate::destination::DestinationError;
use crate::error::{Code, Error};
use crate::identity::{
    Authorities, BotFacts, BotIdentity, KeyPair, MachineMark, RenewalState, Store, StoreError, StoreGuard, StoredState,
};
use crate::issue::{CacheKey, IssueCache, RoleCertificate};
use crate::join::{self, Joined};
use crate::renew::schedule::{Validity, renewal_point};
use crate::renew::{self, RenewError};

/// How long another process may hold the store before we give up: it may be joining through a slow network.
const STORE_WAIT: Duration = Duration::from_secs(30);
const STORE_POLL: Duration = Duration::from_millis(50);

/// A bot identity of the configuration.
#[derive(Debug)]
pub(super) struct Bot {
    pub(super) config: IdentityConfig,
    pub(super) cache: IssueCache<Error>,
    pub(super) clock: SharedClock,
    pub(super) connector: Connector,
    pub(super) multiplexers: Arc<Multiplexers>,
    store: Store,
    session: tokio::sync::Mutex<Option<Arc<Session>>>,
    /// The last thing that the cluster said about us, for `status`.
    refusal: Mutex<Option<Error>>,
    /// Lifetimes as the cluster grants them, by what was asked for: a cap of the cluster is learned from its replies.
    granted: Mutex<HashMap<CacheKey, Duration>>,
}

/// An identity that can be used now.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) cluster: Cluster,
    pub(super) identity: BotIdentity,
    pub(super) facts: BotFacts,
    pub(super) client: AuthClient,
    /// The proxy, asked at its public address as auth tells it where no proxy is configured.
    pub(super) proxy: ProxyFacts,
    /// When it should be renewed.
    pub(super) renew_at: SystemTime,
    /// Why it can't be renewed, if it can't.
    pub(super) stuck: Option<String>,
}

impl Bot {
    pub(super) fn open(
        config: IdentityConfig,
        clock: SharedClock,
        multiplexers: Arc<Multiplexers>,
    ) -> Result<Self, Error> {
        let connector = Connector::new(&config.cluster, Arc::clone(&clock))?;
        let store = Store::open(&config.storage, Arc::clone(&clock))?;
        let cache = IssueCache::new(Arc::clone(&clock));
        let session = tokio::sync::Mutex::new(None);
        Ok(Self {
            config,
            cache,
            clock,
            connector,
            multiplexers,
            store,
            session,
            refusal: Mutex::new(None),
            granted: Mutex::default(),
        })
    }

    /// A session whose identity is valid now: the one at hand, or the stored identity, or a fresh join.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Error> {
        let mut slot = self.session.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| session.is_fresh(self.clock.now())) {
            return Ok(Arc::clone(session));
        }
        let result = self.establish(false).await;
        self.note(result.as_ref().err());
        let session = Arc::new(result?);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// Renews (or joins again) now, whatever the schedule says; what is at hand stays in use if that fails.
    pub(super) async fn renew(&self) -> Result<Arc<Session>, Error> {
        let mut slot = self.session.lock().await;
        let result = self.establish(true).await;
        self.note(result.as_ref().err());
        let session = Arc::new(result?);
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// The session at hand, if any; makes none.
    pub(super) async fn current(&self) -> Option<Arc<Session>> {
        self.session.lock().await.clone()
    }

    /// Makes the next use connect and look into the store again.
    pub(super) async fn reset(&self) {
        *self.session.lock().await = None;
    }

    /// Remembers what the cluster said about this identity.
    pub(super) fn note(&self, error: Option<&Error>) {
        let lasting =
            error.filter(|error| matches!(error.code(), Code::BotLocked | Code::IdentityNeedsRejoin)).cloned();
        if error.is_none() || lasting.is_some() {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = lasting;
        }
    }

    /// How long a certificate for `key` will live, as far as is known.
    pub(super) fn expected_lifetime(&self, key: &CacheKey, asked: Duration) -> Duration {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.get(key).map_or(asked, |granted| asked.min(*granted))
    }

    /// Remembers how long a certificate for `key` really lives.
    pub(super) fn note_lifetime(&self, key: CacheKey, issued: &RoleCertificate) {
        /// Beyond this the scopes of past builds are dropped.
        const MANY: usize = 10_000;
        let Ok(facts) = issued.certificates.ssh_facts() else { return };
        let lifetime = issued.expires_at.duration_since(facts.valid_from).unwrap_or_default();
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        if granted.len() > MANY {
            granted.clear();
        }
        granted.insert(key, lifetime);
    }

    async fn establish(&self, renew_now: bool) -> Result<Session, Error> {
        let cluster = self.connector.discover().await?;
        let guard = self.lock_store().await?;
        let token = join::token_hash(&self.config.join)?;
        let state = self.load(&guard, token.is_some())?;
        let known = state.as_ref().map(|state| self.describe(state, &cluster)).transpose()?;
        let repeatable = !self.config.join.method.renewable();
        let means = Means { repeatable, token_hash: token };
        let now = if renew_now { self.due_time(known.as_ref()) } else { self.clock.now() };
        let plan = decide(known.as_ref(), &means, now);
        tracing::debug!(identity = %self.config.id, ?plan, "decided what to do with the stored identity");
        match (plan, state) {
            (Plan::Keep(stuck), Some(state)) => self.connect(cluster, state.identity, stuck, &guard).await,
            (Plan::Renew, Some(state)) => self.renew_stored(cluster, state, &guard).await,
            (Plan::Foreign, _) => Err(StoreError::Foreign.into()),
            (Plan::Stuck(why), Some(state)) => {
                // The token may have been made anew under its old name: trying costs nothing, and tells.
                let joined = if means.token_hash.is_some() {
                    self.join(&cluster, &guard).await
                } else {
                    Err(needs_rejoin(&why, &state))
                };
                joined.map_err(
                    |error| if error.code() == Code::JoinRejected { needs_rejoin(&why, &state) } else { error },
                )
            }
            (Plan::Join(why), _) => {
                tracing::info!(identity = %self.config.id, cluster = %cluster.name, "joining: {why}");
                self.join(&cluster, &guard).await
            }
            (Plan::Keep(_) | Plan::Renew | Plan::Stuck(_), None) => {
                Err(Error::new(Code::Internal, "a decision about an identity that isn't there", "report this"))
            }
        }
    }

    /// For a renewal on demand the schedule counts as reached, but an expired identity stays expired.
    fn due_time(&self, known: Option<&Stored>) -> SystemTime {
        let now = self.clock.now();
        known.map_or(now, |stored| if now < stored.expires_at { now.max(stored.renew_at) } else { now })
    }

    async fn lock_store(&self) -> Result<StoreGuard<'_>, Error> {
        let started = self.clock.monotonic();
        loop {
            match self.store.lock(Duration::ZERO) {
                Err(error @ StoreError::Destination(DestinationError::Busy { .. })) => {
                    if self.clock.monotonic().saturating_sub(started) > STORE_WAIT {
                        return Err(error.into());
                    }
                    tokio::time::sleep(STORE_POLL.mul_f64(0.5 + fastrand::f64())).await;
                }
                other => return Ok(other?),
            }
        }
    }

    /// A file that can't be read is moved aside, never overwritten, and only when a join can replace it.
    fn load(&self, guard: &StoreGuard<'_>, token: bool) -> Result<Option<StoredState>, Error> {
        match guard.load() {
            Err(error @ (StoreError::Corrupt { .. } | StoreError::OtherVersion { .. }))
                if token || !self.config.join.method.renewable() =>
            {
                let aside = guard.set_aside()?;
                tracing::warn!(kept = %aside.display(), "the stored identity can't be used: {error}");
                Ok(None)
            }
            other => Ok(other?),
        }
    }

    fn describe(&self, state: &StoredState, cluster: &Cluster) -> Result<Stored, Error> {
        let facts = state.identity.facts()?;
        let reason = match &state.renewal {
            RenewalState::Ready => String::new(),
            RenewalState::Pending { since, .. } => {
                format!("a renewal begun at {} has an unknown outcome", super::reply::timestamp(*since))
            }
            RenewalState::NeedsRejoin { reason } => reason.clone(),
        };
        Ok(Stored {
            renewable: facts.renewable,
            ready: state.renewal == RenewalState::Ready,
            reason,
            renew_at: self.renew_at(&facts),
            expires_at: facts.valid_until,
            same_cluster: state.identity.cluster == cluster.name,
            same_machine: state.check_machine(&MachineMark::of_this_machine()).is_ok(),
            token_hash: state.identity.token_hash.clone(),
        })
    }

    fn renew_at(&self, facts: &BotFacts) -> SystemTime {
        let validity = Validity { from: facts.valid_from, until: facts.valid_until };
        renewal_point(validity, self.config.renewal_interval, fastrand::f64())
    }

    async fn join(&self, cluster: &Cluster, guard: &StoreGuard<'_>) -> Result<Session, Error> {
        let key = Arc::new(KeyPair::generate(self.config.key_algorithm)?);
        let joined =
            join::join(&self.connector, cluster, &self.config.join, &key, self.config.lifetime, &*self.clock).await?;
        let Joined { certificates, tls_cas, ssh_cas, token_hash } = joined;
        // The reply doesn't say which CA is whose; what the cluster says over the connection does.
        let authorities = Authorities::from_reply(&cluster.name, &certificates, &tls_cas, &ssh_cas)?;
        let identity = BotIdentity { key, certificates, authorities, token_hash, cluster: cluster.name.clone() };
        guard.save(&identity)?;
        tracing::info!(identity = %self.config.id, cluster = %cluster.name, "joined");
        self.connect(cluster.clone(), identity, None, guard).await
    }

    async fn renew_stored(
        &self,
        cluster: Cluster,
        state: StoredState,
        guard: &StoreGuard<'_>,
    ) -> Result<Session, Error> {
        let session = self.connect(cluster, state.identity, None, guard).await?;
        let permit = guard.begin_renewal()?;
        match renew::renew(&session.client, permit.identity(), self.config.lifetime, &*self.clock).await {
            Ok(renewed) => {
                let Session { cluster, identity, .. } = session;
                let identity = BotIdentity { certificates: renewed.certificates, ..identity };
                guard.save(&identity)?;
                let session = self.connect(cluster, identity, None, guard).await?;
                tracing::info!(identity = %self.config.id, generation = session.facts.generation, "renewed");
                self.cache.forget_identity(&self.config.id);
                Ok(session)
            }
            Err(RenewError::NotSent(error)) => {
                guard.abandon_renewal(permit, &error.to_string())?;
                Err(error.into())
            }
            Err(RenewError::Refused(error)) => {
                if matches!(error, ConnectError::GenerationMismatch { .. }) {
                    guard.mark_needs_rejoin(&error.to_string())?;
                } else {
                    guard.abandon_renewal(permit, &error.to_string())?;
                }
                Err(error.into())
            }
            Err(RenewError::Unknown(error)) => {
                let reason = format!("a renewal ended without a usable answer: {error}");
                tracing::error!(identity = %self.config.id, "{reason}; the identity serves until it expires");
                guard.mark_needs_rejoin(&reason)?;
                Ok(Session { stuck: Some(reason), ..session })
            }
        }
    }

    /// Connects with an identity and takes over the cluster's current authorities.
    async fn connect(
        &self,
        cluster: Cluster,
        mut identity: BotIdentity,
        stuck: Option<String>,
        guard: &StoreGuard<'_>,
    ) -> Result<Session, Error> {
        let credential = ClientCredential::new(&identity.key.pkcs8_der(), &identity.certificates.tls)?;
        let client =
            authorities::connect(&self.connector, &cluster, identity.authorities.root_host_cas(), &credential).await?;
        let current = authorities::fetch(&client, &cluster.name, &identity.authorities).await?;
        self.check_pins(&cluster, &current)?;
        if current != identity.authorities {
            guard.update_authorities(&current)?;
            identity.authorities = current;
        }
        let proxy = proxy::facts(&cluster, &client, &self.clock).await?;
        let facts = identity.facts()?;
        let renew_at = self.renew_at(&facts);
        Ok(Session { cluster, identity, facts, client, proxy, renew_at, stuck })
    }

    /// Outside a rotation every host CA must be a pinned one.
    fn check_pins(&self, cluster: &Cluster, current: &Authorities) -> Result<(), Error> {
        let pins = &self.config.cluster.ca_pins;
        let Some(root) = current.host.first().filter(|_| !pins.is_empty()) else { return Ok(()) };
        let seen = root.pins()?;
        if seen.iter().any(|seen| pins.iter().any(|pin| pin.0 == *seen)) {
            return Ok(());
        }
        let text = |pin: &[u8; 32]| format!("sha256:{}", hex::encode(pin));
        Err(ConnectError::PinMismatch {
            address: cluster.address(),
            expected: pins.iter().map(|pin| text(&pin.0)).collect(),
            seen: seen.iter().map(text).collect(),
        }
        .into())
    }

    /// What is stored, without touching anything.
    pub(super) fn status(&self) -> Result<IdentityStatus, Error> {
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut status = IdentityStatus {
            id: self.config.id.clone(),
            state: "new",
            cluster: String::new(),
            bot: String::new(),
            expires_at: None,
            generation: None,
            renewable: false,
            reason: String::new(),
        };
        if let Some(state) = self.store.peek()? {
            let facts = state.identity.facts()?;
            status.cluster.clone_from(&state.identity.cluster);
            status.bot = facts.user;
            status.expires_at = Some(facts.valid_until);
            status.generation = facts.generation;
            status.renewable = facts.renewable;
            (status.state, status.reason) = match &state.renewal {
                _ if facts.valid_until <= self.clock.now() => ("expired", "its certificates have expired".to_owned()),
                RenewalState::Ready => ("ready", String::new()),
                RenewalState::Pending { since, .. } => (
                    "needs_rejoin",
                    format!("a renewal begun at {} has an unknown outcome", super::reply::timestamp(*since)),
                ),
                RenewalState::NeedsRejoin { reason } => ("needs_rejoin", reason.clone()),
            };
        }
        if let Some(error) = refusal {
            status.state = if error.code() == Code::BotLocked { "locked" } else { "needs_rejoin" };
            status.reason = error.to_string();
        }
        Ok(status)
    }
}

impl Session {
    fn is_fresh(&self, now: SystemTime) -> bool {
        now < self.facts.valid_until
    }
}

fn needs_rejoin(why: &str, state: &StoredState) -> Error {
    let bot = state.identity.facts().map(|facts| facts.bot_name).unwrap_or_default();
    Error::new(
        Code::IdentityNeedsRejoin,
        format!("the identity of bot {bot:?} can't be used any more: {why}"),
        format!(
            "make a fresh token on the cluster (tctl bots rm {bot}; tctl bots add {bot} --roles=…) and configure it"
        ),
    )
}
