//! What this process has seen of an identity and its cluster, for whoever asks how things stand. Asks nobody itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::timestamp::{optional_rfc3339, rfc3339};
use crate::config::{AddressKind, CaPin};
use crate::connect::{ClockDifference, Cluster, pin_text};
use crate::error::{Code, Error};
use crate::identity::{Authority, Certificates, ca_end};
use crate::vocabulary::words;

words! {
    /// How an identity at hand was come by.
    pub enum Origin {
        /// By a join of this process.
        Joined = "joined",
        /// By a renewal of this process.
        Renewed = "renewed",
        /// It was there: in the store, or in the memory of this process.
        Kept = "kept",
    }
}

/// What goes wrong with an identity, until a success.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Its code.
    pub code: Code,
    /// What failed, and why.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// When it was first so.
    #[serde(serialize_with = "rfc3339")]
    pub since: SystemTime,
    /// When it was last so.
    #[serde(skip)]
    pub(super) last: SystemTime,
}

impl Failure {
    pub(super) fn new(error: &Error, since: SystemTime, last: SystemTime) -> Self {
        let (message, hint) = (error.message().to_owned(), error.hint().to_owned());
        Self { code: error.code(), message, hint, since, last }
    }
}

/// The cluster as it was when this process last connected with the identity.
#[derive(Clone, Debug, Serialize)]
pub struct Server {
    /// Its name.
    pub cluster: String,
    /// Its version.
    pub version: String,
    /// Where it was reached.
    pub address: String,
    /// What is there.
    pub kind: AddressKind,
    /// Whether the way leads through a balancer that ends TLS.
    pub upgraded: bool,
    /// The cluster's clock minus this machine's, in seconds, if it was told.
    pub clock_difference_seconds: Option<i64>,
    /// Pins of its host CA.
    pub ca_pins: Vec<String>,
    /// When the first of the host CA's certificates ends that sign now.
    #[serde(serialize_with = "optional_rfc3339")]
    pub ca_expires_at: Option<SystemTime>,
    /// When that was.
    #[serde(serialize_with = "rfc3339")]
    pub seen_at: SystemTime,
}

impl Server {
    /// `host` is the cluster's own host authority.
    fn of(cluster: &Cluster, host: Option<&Authority>, now: SystemTime) -> Self {
        let proxy = cluster.proxy();
        let pins = host.and_then(|host| host.pins().ok()).unwrap_or_default();
        let ends = host.map_or(&[][..], Authority::signing_tls).iter().filter_map(|pem| ca_end(pem).ok());
        Self {
            cluster: cluster.name.clone(),
            version: cluster.server_version.to_string(),
            address: cluster.address(),
            kind: if proxy.is_some() { AddressKind::Proxy } else { AddressKind::AuthOrProxy },
            upgraded: proxy.is_some_and(|proxy| proxy.upgrade),
            clock_difference_seconds: cluster.clock.as_ref().map(ClockDifference::seconds),
            ca_pins: pins.into_iter().map(|pin| pin_text(&CaPin(pin))).collect(),
            ca_expires_at: ends.min(),
            seen_at: now,
        }
    }
}

/// How the certificates at hand were come by, and when, as monotonic time.
pub(super) type Came = (Certificates, Origin, Duration);

/// How these certificates were come by, since `from` where that matters.
pub(super) fn origin(came: Option<&Came>, certificates: &Certificates, from: Option<Duration>) -> Origin {
    came.filter(|(of, _, at)| of == certificates && from.is_none_or(|from| *at >= from))
        .map_or(Origin::Kept, |(_, origin, _)| *origin)
}

/// Shared with the identities of leases, which are gone as soon as a lease is there.
#[derive(Debug, Default)]
pub(super) struct Observed(Mutex<Seen>);

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) failure: Option<Failure>,
    pub(super) server: Option<Server>,
    /// Whether roles were asked for that aren't all that the bot may take.
    pub(super) role_subset: bool,
}

impl Observed {
    pub(super) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// Connected, with these authorities.
    pub(super) fn connected(&self, cluster: &Cluster, host: Option<&Authority>, now: SystemTime) {
        let server = Server::of(cluster, host, now);
        self.lock().server = Some(server);
    }

    /// All is well again.
    pub(super) fn succeeded(&self) {
        self.lock().failure = None;
    }

    /// A failure of the same kind goes on since the first of them.
    pub(super) fn failed(&self, error: &Error, now: SystemTime) {
        let mut seen = self.lock();
        let since = seen.failure.as_ref().filter(|known| known.code == error.code()).map_or(now, |known| known.since);
        seen.failure = Some(Failure::new(error, since, now));
    }

    /// Forgets a failure that wasn't met again for so long; whether there was one.
    pub(super) fn let_go(&self, now: SystemTime, after: Duration) -> bool {
        let mut seen = self.lock();
        let old = |failure: &Failure| now.duration_since(failure.last).is_ok_and(|age| age >= after);
        seen.failure.take_if(|failure| old(failure)).is_some()
    }

    /// Roles were asked for that aren't all; whether that is new.
    pub(super) fn took_subset(&self) -> bool {
        !std::mem::replace(&mut self.lock().role_subset, true)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::fixtures;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_failure_counts_from_its_first_time_until_another_or_a_success() {
        let observed = Observed::default();
        observed.failed(&Error::new(Code::ClusterUnreachable, "refused", "look"), at(10));
        observed.failed(&Error::new(Code::ClusterUnreachable, "timed out", "look"), at(20));
        let failure = observed.seen().failure.unwrap();
        assert_eq!((failure.message.as_str(), failure.since), ("timed out", at(10)));
        observed.failed(&Error::new(Code::BotLocked, "locked", ""), at(30));
        assert_eq!(observed.seen().failure.map(|failure| failure.since), Some(at(30)));
        observed.succeeded();
        assert!(observed.seen().failure.is_none());
    }

    #[test]
    fn a_failure_that_nobody_meets_again_is_forgotten_after_a_while() {
        let (observed, hour) = (Observed::default(), Duration::from_secs(3600));
        observed.failed(&Error::new(Code::JoinRejected, "another job", ""), at(10));
        observed.failed(&Error::new(Code::JoinRejected, "another job", ""), at(1000));
        assert!(!observed.let_go(at(4599), hour) && observed.seen().failure.is_some());
        assert!(observed.let_go(at(4600), hour) && observed.seen().failure.is_none());
        assert!(!observed.let_go(at(9999), hour));
    }

    #[test]
    fn a_server_is_described_by_what_a_connection_has_shown() {
        let authorities = fixtures::authorities();
        let host = authorities.host.first();
        let cluster = Cluster::assumed("example.test", crate::connect::Address::new("proxy.example.test", 443));
        let server = Server::of(&cluster, host, at(5));
        assert_eq!(
            (server.address.as_str(), server.kind, server.upgraded),
            ("proxy.example.test:443", AddressKind::Proxy, false)
        );
        assert_eq!(server.ca_pins.len(), host.unwrap().tls_certs.len());
        assert!(server.ca_pins.iter().all(|pin| pin.starts_with("sha256:")) && server.ca_expires_at.is_some());
        assert_eq!(Server::of(&cluster, None, at(5)).ca_expires_at, None);
    }

    #[test]
    fn what_was_there_before_a_lease_was_asked_for_is_kept() {
        let ours = fixtures::join_reply("join_ok_ecdsa").certificates;
        let came = (ours.clone(), Origin::Joined, Duration::from_secs(10));
        assert_eq!(origin(Some(&came), &ours, None), Origin::Joined);
        assert_eq!(origin(Some(&came), &ours, Some(Duration::from_secs(10))), Origin::Joined);
        assert_eq!(origin(Some(&came), &ours, Some(Duration::from_secs(11))), Origin::Kept);
        assert_eq!(origin(None, &ours, None), Origin::Kept);
    }
}
