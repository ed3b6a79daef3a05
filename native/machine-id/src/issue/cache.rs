//! Role certificates that are still fresh, and one issuance for however many ask at once.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::certificate::{RoleCertificate, Scope, Target};
use crate::clock::SharedClock;

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey {
    identity: String,
    roles: Vec<String>,
    ttl: Duration,
    target: Target,
    route_to_cluster: Option<String>,
    scope: Scope,
}

impl CacheKey {
    /// A key; the order of `roles` doesn't matter, nor does naming one twice.
    #[must_use]
    pub fn new(
        identity: &str,
        roles: &[String],
        ttl: Duration,
        target: Target,
        route_to_cluster: Option<&str>,
        scope: Scope,
    ) -> Self {
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        let (identity, route_to_cluster) = (identity.to_owned(), route_to_cluster.map(str::to_owned));
        Self { identity, roles, ttl, target, route_to_cluster, scope }
    }

    /// The identity it belongs to.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Who shares it.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

type Outcome<E> = Result<Arc<RoleCertificate>, E>;
type Flight<E> = Shared<BoxFuture<'static, Outcome<E>>>;
type WeakFlight<E> = WeakShared<BoxFuture<'static, Outcome<E>>>;

/// Fresh certificates by key; `E` is the error of an issuance, given to all who waited for it.
///
/// An issuance is a future that everybody who waits for it drives: when the one who started it is cancelled, the
/// others carry on, and when nobody waits any more it is dropped.
pub struct IssueCache<E> {
    clock: SharedClock,
    entries: Arc<Mutex<Entries<E>>>,
}

/// A certificate and when it came: its start of validity lies before that (protocol B1).
struct Ready {
    certificate: Arc<RoleCertificate>,
    issued_at: SystemTime,
}

impl Ready {
    /// Whether at least `part` of its life is left, and it isn't older than `age`.
    fn is_fresh(&self, part: f64, age: Duration, now: SystemTime) -> bool {
        let expires = self.certificate.expires_at;
        let life = expires.duration_since(self.issued_at).unwrap_or_default();
        // A clock that was set back must not make old certificates look fresh for longer than they live.
        let left = expires.duration_since(now).unwrap_or_default();
        let young = now.duration_since(self.issued_at).unwrap_or_default() <= age;
        let enough = left >= life.mul_f64(part.clamp(0.0, 1.0)) && left <= life.saturating_add(CLOCK_TOLERANCE);
        young && enough && !left.is_zero()
    }
}

/// How far the clock may have been set back since a certificate was issued.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

struct Entries<E> {
    ready: HashMap<CacheKey, Ready>,
    flights: HashMap<CacheKey, (u64, WeakFlight<E>)>,
    /// Tells a flight from a later one with the same key.
    next_flight: u64,
}

impl<E: Clone + Send + Sync + 'static> IssueCache<E> {
    /// An empty cache.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        let entries = Entries { ready: HashMap::new(), flights: HashMap::new(), next_flight: 0 };
        Self { clock, entries: Arc::new(Mutex::new(entries)) }
    }

    /// A certificate for `key` of whose life at least `fresh_part` is left and that was issued at most `max_age` ago, or
    /// what `issue` comes to: that is called only when there is neither one nor an issuance under way. The life is the one that the cluster granted, so a
    /// cap that is tightened or loosened is followed by itself.
    ///
    /// # Errors
    /// The error of the issuance; it isn't remembered.
    pub async fn get<F>(
        &self,
        key: CacheKey,
        fresh_part: f64,
        max_age: Duration,
        issue: impl FnOnce() -> F,
    ) -> Outcome<E>
    where
        F: Future<Output = Result<RoleCertificate, E>> + Send + 'static,
    {
        let flight = {
            let mut entries = lock(&self.entries);
            let now = self.clock.now();
            if let Some(hit) = entries.ready.get(&key).filter(|hit| hit.is_fresh(fresh_part, max_age, now)) {
                return Ok(Arc::clone(&hit.certificate));
            }
            match entries.flights.get(&key).and_then(|(_, flight)| flight.upgrade()) {
                Some(flight) => flight,
                None => self.start(&mut entries, key, issue()),
            }
        };
        flight.await
    }

    /// The certificate that [`Self::get`] would give at once.
    #[must_use]
    pub fn at_hand(&self, key: &CacheKey, fresh_part: f64, max_age: Duration) -> Option<Arc<RoleCertificate>> {
        let now = self.clock.now();
        let entries = lock(&self.entries);
        let hit = entries.ready.get(key).filter(|hit| hit.is_fresh(fresh_part, max_age, now));
        hit.map(|hit| Arc::clone(&hit.certificate))
    }

    /// A certificate for `key` that is still valid, however old: for when the cluster can't be asked.
    #[must_use]
    pub fn still_valid(&self, key: &CacheKey) -> Option<Arc<RoleCertificate>> {
        let now = self.clock.now();
        let entries = lock(&self.entries);
        entries
            .ready
            .get(key)
            .map(|ready| &ready.certificate)
            .filter(|certificate| certificate.expires_at > now)
            .cloned()
    }

    fn start(
        &self,
        entries: &mut Entries<E>,
        key: CacheKey,
        issuance: impl Future<Output = Result<RoleCertificate, E>> + Send + 'static,
    ) -> Flight<E> {
        let number = entries.next_flight;
        entries.next_flight = number.wrapping_add(1);
        entries.flights.retain(|_, (_, flight)| flight.upgrade().is_some());
        entries.drop_expired(self.clock.now());
        let (shared, own_key, clock) = (Arc::clone(&self.entries), key.clone(), Arc::clone(&self.clock));
        let flight = async move {
            let outcome = issuance.await.map(Arc::new);
            let mut entries = lock(&shared);
            if entries.flights.get(&own_key).is_some_and(|(current, _)| *current == number) {
                entries.flights.remove(&own_key);
                if let Ok(certificate) = &outcome {
                    let ready = Ready { certificate: Arc::clone(certificate), issued_at: clock.now() };
                    entries.ready.insert(own_key, ready);
                }
            }
            drop(entries);
            outcome
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            entries.flights.insert(key, (number, weak));
        }
        flight
    }

    /// Drops every certificate of an identity, for example after a CA rotation; those under way are still given to
    /// who waits for them, but not kept.
    pub fn forget_identity(&self, identity: &str) {
        lock(&self.entries).forget(|key| key.identity() == identity);
    }

    /// Drops every certificate of a scope, when its build is over.
    pub fn forget_scope(&self, scope: &Scope) {
        lock(&self.entries).forget(|key| key.scope() == scope);
    }

    /// How many certificates are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.entries).ready.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E> fmt::Debug for IssueCache<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssueCache").field("ready", &lock(&self.entries).ready.len()).finish_non_exhaustive()
    }
}

impl<E> Entries<E> {
    fn drop_expired(&mut self, now: SystemTime) {
        self.ready.retain(|_, ready| ready.certificate.expires_at > now);
    }

    fn forget(&mut self, which: impl Fn(&CacheKey) -> bool) {
        self.ready.retain(|key, _| !which(key));
        self.flights.retain(|key, _| !which(key));
    }
}

fn lock<E>(entries: &Mutex<Entries<E>>) -> MutexGuard<'_, Entries<E>> {
    entries.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
