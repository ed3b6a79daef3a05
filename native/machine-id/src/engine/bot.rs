//! One bot identity at work: what callers and its keeper ask of it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::agenda::{Held, Moment};
use super::lease_tunnels::LeaseTunnels;
use super::multiplex::Multiplexers;
use super::observed::{Came, Observed, Origin, origin};
use super::retry_gate::RetryGate;
use super::session::{Current, Session, Sessions};
use super::spare::SpareKeys;
use crate::blocking::{self, Lane};
use crate::clock::SharedClock;
use crate::config::{IdentityConfig, JoinConfig, TokenSource};
use crate::connect::Connector;
use crate::error::{Code, Error};
use crate::identity::{BotIdentity, Certificates, MachineMark, Stamp, Store};
use crate::issue::IssueCache;
use crate::join;
use crate::metrics::Metrics;
use crate::proxy::multiplex::Alarm;
use crate::secret::Secret;

/// A bot identity of the configuration.
#[derive(Debug)]
pub(super) struct Bot {
    pub(super) config: Arc<IdentityConfig>,
    /// How to join, with the token until it was used.
    join: Mutex<Arc<JoinConfig>>,
    pub(super) cache: IssueCache<Error>,
    /// Keys for what is issued.
    pub(super) spare: Arc<SpareKeys>,
    pub(super) clock: SharedClock,
    pub(super) connector: Connector,
    pub(super) multiplexers: Arc<Multiplexers>,
    /// Of the leases, of all identities.
    pub(super) tunnels: Arc<LeaseTunnels>,
    /// Told what comes of what it does.
    pub(super) metrics: Arc<Metrics>,
    pub(super) store: Store,
    /// As the store marks what it holds.
    pub(super) machine: MachineMark,
    /// Where in its window this process renews: the processes of one store, and the agents of a fleet, differ.
    pub(super) unit: f64,
    /// Wakes the keeper when something other than the session makes it due earlier than it thinks.
    pub(super) wake: Notify,
    /// Told by who carries SSH connections that one was refused because of a lock.
    pub(super) locked: Arc<Notify>,
    /// As told by the connections of leases; it rings `locked`.
    pub(super) alarm: Arc<Alarm>,
    /// What is at hand for all that use the identity.
    pub(super) sessions: Sessions,
    /// Held from before a join or renewal is sent until its outcome is on disk.
    pub(super) critical: tokio::sync::Mutex<()>,
    pub(super) memory: Mutex<Memory>,
    /// What was seen of it and of its cluster, also by the identities of its leases.
    pub(super) observed: Arc<Observed>,
    /// Whether somebody keeps it fresh, so that what isn't urgent can wait.
    pub(super) kept: AtomicBool,
    /// One attempt at a time.
    pub(super) attempt: tokio::sync::Mutex<()>,
}

/// What a process knows of its identity beside what is on disk.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) gate: RetryGate,
    /// The version of the store's file that the session comes from.
    pub(super) seen: Option<Stamp>,
    /// An identity that could not be written down yet, and the certificates that stand on disk instead.
    pub(super) unwritten: Option<(BotIdentity, Option<Certificates>)>,
    /// Why that was, as it was said.
    pub(super) said_unwritten: Option<Code>,
    /// Certificates that a rotation has made old, and when they are to be renewed.
    pub(super) renew_by: Option<(Certificates, SystemTime)>,
    /// Hash of a token that the cluster has refused, while the stored identity still works.
    pub(super) refused_token: Option<String>,
    /// What came of the last heartbeat, once there was one.
    pub(super) heartbeat: Option<Result<(), Error>>,
    /// How the certificates at hand were come by.
    pub(super) came: Option<Came>,
    /// Roles that the bot may take, as last told, and the monotonic time from which that is known.
    pub(super) roles: (Vec<String>, Option<Duration>),
}

impl Memory {
    /// A lease that names no roles is served from the cache as fast as one that does.
    fn fresh_roles(&self, now: Duration) -> Option<Vec<String>> {
        /// How long an administrator may wait for a changed role to be seen.
        const FRESH: Duration = Duration::from_secs(30);
        let (roles, told_at) = &self.roles;
        told_at.filter(|told_at| now.saturating_sub(*told_at) < FRESH).map(|_| roles.clone())
    }
}

/// What the identities of an engine share.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) clock: SharedClock,
    pub(super) multiplexers: Arc<Multiplexers>,
    pub(super) tunnels: Arc<LeaseTunnels>,
    pub(super) metrics: Arc<Metrics>,
}

/// What an attempt is for.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// A usable identity; it is renewed if that is due.
    Use,
    /// A renewed identity, unless another process has renewed it since it had these certificates.
    Renew(Option<Certificates>),
}

impl Bot {
    pub(super) fn open(mut config: IdentityConfig, common: Common) -> Result<Self, Error> {
        let clock = &common.clock;
        let connector = Connector::new(&config.cluster, Arc::clone(clock))?;
        let store = match &config.storage {
            Some(storage) if !join::keeps_nothing(&config.join) => Store::open(storage, Arc::clone(clock))?,
            _ => Store::in_memory(Arc::clone(clock)),
        };
        let token = std::mem::replace(&mut config.join.token, TokenSource::Used);
        let (method, settings) = (config.join.method, Arc::clone(&config.join.settings));
        let join = JoinConfig { method, token, settings, given: None };
        let spare = Arc::new(SpareKeys::new(config.key_algorithm));
        Ok(Self::new(Arc::new(config), join, spare, common, connector, store))
    }

    /// An identity of one lease, which joins by what came with the request. It lives in memory, and as long as somebody
    /// has it.
    ///
    /// # Errors
    /// The identity doesn't join so.
    pub(super) fn of_lease(&self, given: Secret) -> Result<Self, Error> {
        let join = self.join_config();
        let token = match &join.token {
            TokenSource::Value(name) if join.settings.is_given() => TokenSource::Value(name.duplicate()),
            TokenSource::File(path) if join.settings.is_given() => TokenSource::File(path.clone()),
            _ => {
                return Err(Error::new(
                    Code::RequestInvalid,
                    format!(
                        "identity {:?} joins by method {}, not by an ID token of each lease",
                        self.config.id,
                        join.method.as_str()
                    ),
                    "this is a defect of the caller",
                ));
            }
        };
        let join = JoinConfig { method: join.method, token, settings: Arc::clone(&join.settings), given: Some(given) };
        let mut bot = Self::new(
            Arc::clone(&self.config),
            join,
            Arc::clone(&self.spare),
            Common {
                clock: Arc::clone(&self.clock),
                multiplexers: Arc::clone(&self.multiplexers),
                tunnels: Arc::clone(&self.tunnels),
                metrics: Arc::clone(&self.metrics),
            },
            self.connector.clone(),
            Store::in_memory(Arc::clone(&self.clock)),
        );
        bot.observed = Arc::clone(&self.observed);
        Ok(bot)
    }

    fn new(
        config: Arc<IdentityConfig>,
        join: JoinConfig,
        spare: Arc<SpareKeys>,
        common: Common,
        connector: Connector,
        store: Store,
    ) -> Self {
        let Common { clock, multiplexers, tunnels, metrics } = common;
        let locked: Arc<Notify> = Arc::default();
        Self {
            join: Mutex::new(Arc::new(join)),
            cache: IssueCache::new(Arc::clone(&clock)),
            spare,
            config,
            clock,
            connector,
            multiplexers,
            tunnels,
            metrics,
            store,
            machine: MachineMark::of_this_machine(),
            unit: fastrand::f64(),
            wake: Notify::new(),
            alarm: Arc::new(Alarm::new(Arc::clone(&locked))),
            locked,
            sessions: Sessions::default(),
            critical: tokio::sync::Mutex::new(()),
            memory: Mutex::default(),
            observed: Arc::default(),
            kept: AtomicBool::new(false),
            attempt: tokio::sync::Mutex::new(()),
        }
    }

    /// Has something done with the store, or with another file of the identity's, on a thread that may wait for a disk.
    pub(super) async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let bot = Arc::clone(self);
        blocking::run(Lane::Store, move || work(&bot)).await
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How to join.
    pub(super) fn join_config(&self) -> Arc<JoinConfig> {
        Arc::clone(&self.join.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets a one-time token whose hash is `used`: it brings no further identity, and only its hash is kept, with the
    /// identity that it brought. (One that stands in a file is read when it is needed.)
    pub(super) fn forget_token(&self, used: Option<&String>) {
        let mut join = self.join.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = || join::token_hash(&join).ok().flatten();
        if join.method.has_secret_token() && matches!(join.token, TokenSource::Value(_)) && ours().as_ref() == used {
            *join = Arc::new(JoinConfig {
                method: join.method,
                token: TokenSource::Used,
                settings: Arc::clone(&join.settings),
                given: None,
            });
        }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { wall: self.clock.now(), monotonic: self.clock.monotonic() }
    }

    /// A session whose identity is valid now: the one at hand, or the stored identity, or a fresh join. While the
    /// cluster can't be reached the one at hand serves on, unconnected, until it expires.
    pub(super) async fn session(self: &Arc<Self>) -> Result<Arc<Session>, Error> {
        if let Some(answer) = self.at_hand() {
            return answer;
        }
        let bot = Arc::clone(self);
        // A task of its own: whoever gives up waiting must not cut a join or a renewal in the middle.
        finish(tokio::spawn(async move {
            let _alone = bot.attempt.lock().await;
            match bot.at_hand() {
                Some(answer) => answer,
                None => bot.try_once(Wish::Use).await,
            }
        }))
        .await
    }

    /// Renews (or joins again) now, whatever the schedule says; what is at hand stays in use if that fails.
    pub(super) async fn renew(self: &Arc<Self>) -> Result<Arc<Session>, Error> {
        let before = self.current().map(|session| session.identity.certificates.clone());
        let bot = Arc::clone(self);
        finish(tokio::spawn(async move {
            let _alone = bot.attempt.lock().await;
            bot.try_once(Wish::Renew(before)).await
        }))
        .await
    }

    /// Sees whether somebody listens where a connection was lost that nobody needs now. That nobody does is remembered as any
    /// failure. Whoever needs the cluster meanwhile isn't held up.
    pub(super) async fn knock(&self) -> Result<(), Error> {
        let knocked = self.connector.knock().await.map_err(Error::from);
        match (knocked, self.attempt.try_lock()) {
            (Err(error), Ok(_alone)) if self.sessions.current().lost().is_some() && self.trouble().is_none() => {
                self.note(&error);
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Waits until there is a connected session other than this one.
    pub(super) async fn changed(&self, since: Option<&Arc<Session>>) {
        let mut sessions = self.sessions.subscribe();
        let is = |current: &Current| match (current.connected(), since) {
            (Some(one), Some(other)) => !Arc::ptr_eq(one, other),
            (one, _) => one.is_some(),
        };
        // Nobody makes sessions any more where this fails.
        if sessions.wait_for(is).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The session at hand, if any; makes none.
    pub(super) fn current(&self) -> Option<Arc<Session>> {
        self.sessions.current().session().cloned()
    }

    /// What the keeper has to know of the session at hand.
    pub(super) fn held(&self) -> Option<Held> {
        let current = self.sessions.current();
        current.session().map(|session| Held {
            renew_at: session.stuck.is_none().then_some(session.renew_at),
            expires_at: session.facts.valid_until,
            connected: current.connected().is_some(),
        })
    }

    /// The answer that needs no attempt: a working session, or what the last failed attempt came to.
    fn at_hand(&self) -> Option<Result<Arc<Session>, Error>> {
        let now = self.moment();
        let current = self.sessions.current();
        let is_valid = |session: &&Arc<Session>| session.is_valid(now.wall);
        if let Some(session) = current.connected().filter(is_valid) {
            return Some(Ok(Arc::clone(session)));
        }
        let valid = current.session().filter(is_valid);
        let memory = self.memory();
        let error = memory.gate.refuses(now.monotonic)?;
        Some(valid.filter(|_| is_passing(error)).map_or_else(|| Err(error.clone()), |session| Ok(Arc::clone(session))))
    }

    async fn try_once(self: &Arc<Self>, wish: Wish) -> Result<Arc<Session>, Error> {
        let forced = matches!(wish, Wish::Renew(_));
        match self.establish(wish).await {
            Ok(session) => {
                let session = Arc::new(session);
                self.forget_token(session.identity.token_hash.as_ref());
                // The failure first: whoever is told of the session finds nothing that holds it back.
                self.memory().gate.succeeded();
                self.observed.succeeded();
                self.sessions.publish(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => {
                let known = self.note(&error);
                let now = self.clock.now();
                let serves = self.current().filter(|session| !forced && is_passing(&error) && session.is_valid(now));
                if serves.is_some() && !known {
                    tracing::warn!(identity = %self.config.id, "what is valid serves on: {error}");
                }
                serves.ok_or(error)
            }
        }
    }

    /// Remembers a failure: the cluster is left alone for a while. Whether the last one was of the same kind. Whoever
    /// gets the error says it; here it would be said twice.
    fn note(&self, error: &Error) -> bool {
        let now = self.clock.monotonic();
        let mut memory = self.memory();
        self.observed.failed(error, self.clock.now());
        let known = memory.gate.error().is_some_and(|known| known.code() == error.code());
        let delay = memory.gate.failed(error, now, fastrand::f64());
        drop(memory);
        if matches!(error.code(), Code::ClusterUnreachable | Code::ClusterFailed | Code::RateLimited) {
            self.connector.exhausted();
        }
        if !is_passing(error) {
            self.sessions.let_go_current();
        }
        self.wake.notify_one();
        tracing::debug!(identity = %self.config.id, retry_in = ?delay, "not usable as it should be: {error}");
        known
    }

    /// Looks at why a request over `session` failed: a lost connection is made anew, a lock of the bot itself is
    /// remembered. (A lock of a role that was asked for is the affair of who asked.)
    pub(super) async fn failed(&self, session: &Session, error: &Error) {
        match error.code() {
            Code::RoleNotAllowed => self.memory().roles.1 = None,
            Code::BotLocked => {
                if let Err(locked) = session.client.ping().await.map_err(Error::from)
                    && locked.code() == Code::BotLocked
                {
                    // The first refusal may hold the lock's own text.
                    self.note(error);
                }
            }
            Code::ClusterUnreachable => self.sessions.lose(session),
            Code::TlsFailed | Code::TlsUntrusted | Code::IdentityNeedsRejoin => self.sessions.let_go(session),
            _ => {}
        }
    }

    /// The cluster has answered over the connection at hand: that it couldn't be reached is over, unless a renewal is due.
    /// (A renewal before its time, as on request, may have met a cluster that is back since then.)
    pub(super) fn answered(&self) {
        let due = self.held().and_then(|held| held.renew_at).is_none_or(|due| due <= self.clock.now());
        let mut memory = self.memory();
        if !due && memory.gate.error().is_some_and(|error| error.code() == Code::ClusterUnreachable) {
            memory.gate.succeeded();
            self.observed.succeeded();
        }
    }

    /// What keeps this identity from working as it should, until that is over.
    pub(super) fn trouble(&self) -> Option<Error> {
        self.memory().gate.error().cloned()
    }

    /// Whether another process has written the store since the session was made. Reads the disk.
    pub(super) fn was_overtaken(&self) -> bool {
        let stamp = self.store.stamp();
        self.current().is_some() && stamp.is_some() && self.memory().seen != stamp
    }

    /// The hash of a configured token that the identity at hand didn't come from: one that can bring a stuck identity
    /// back. Reads the disk.
    pub(super) fn fresh_token(&self) -> Option<String> {
        let known = self.current().map(|session| session.identity.token_hash.clone());
        let refused = self.memory().refused_token.clone();
        let known = known.or_else(|| self.store.peek().ok().flatten().map(|state| state.identity.token_hash))?;
        let token = join::token_hash(&self.join_config()).ok().flatten();
        token.filter(|token| Some(token) != known.as_ref() && Some(token) != refused.as_ref())
    }

    /// Returns when no join or renewal is under way that would be missed. A join that can be made again isn't waited for.
    pub(super) async fn settled(&self) {
        if join::keeps_nothing(&self.config.join) {
            return;
        }
        let _nothing_sent = self.critical.lock().await;
    }

    /// Roles that the bot may take: asked for, or as told a moment ago, or as last told when the cluster can't be asked.
    pub(super) async fn own_roles(&self, session: &Session) -> Result<Vec<String>, Error> {
        let asked_at = self.clock.monotonic();
        if let Some(known) = self.known_roles() {
            return Ok(known);
        }
        let mut roles = Vec::new();
        for own in &session.facts.roles {
            match session.client.impersonated_roles(own).await.map_err(Error::from) {
                Ok(found) => roles.extend(found),
                Err(error) => {
                    self.failed(session, &error).await;
                    let known = self.memory().roles.0.clone();
                    return if known.is_empty() || !is_passing(&error) { Err(error) } else { Ok(known) };
                }
            }
        }
        roles.sort_unstable();
        roles.dedup();
        self.memory().roles = (roles.clone(), Some(asked_at));
        Ok(roles)
    }

    /// Roles that the bot may take, as told a moment ago.
    pub(super) fn known_roles(&self) -> Option<Vec<String>> {
        self.memory().fresh_roles(self.clock.monotonic())
    }

    /// Remembers how certificates were come by.
    pub(super) fn came_by(&self, origin: Origin, certificates: &Certificates) {
        self.memory().came = Some((certificates.clone(), origin, self.clock.monotonic()));
    }

    /// How the identity of a session was come by, from a monotonic time on where that matters.
    pub(super) fn origin(&self, session: &Session, from: Option<Duration>) -> Origin {
        origin(self.memory().came.as_ref(), &session.identity.certificates, from)
    }
}

/// Whether a failure says nothing about the identity itself: it serves on meanwhile.
pub(super) fn is_passing(error: &Error) -> bool {
    !matches!(error.code(), Code::BotLocked | Code::IdentityNeedsRejoin | Code::IdentityForeign | Code::CaPinMismatch)
}

async fn finish(task: tokio::task::JoinHandle<Result<Arc<Session>, Error>>) -> Result<Arc<Session>, Error> {
    task.await.unwrap_or_else(|error| Err(ended(&error)))
}

pub(super) fn ended(error: &tokio::task::JoinError) -> Error {
    let hint = if error.is_cancelled() { "" } else { "report this" };
    Error::new(Code::Internal, format!("an attempt ended unexpectedly: {error}"), hint)
}
