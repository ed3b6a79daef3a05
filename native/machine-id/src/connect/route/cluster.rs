//! What is known about a cluster once it was found.

use std::time::{Duration, SystemTime};

use crate::connect::net::address::Address;
use crate::version::Version;

use super::facts::ProxyFacts;

/// A cluster, and how it is reached.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The cluster's own name.
    pub name: String,
    /// Version of what answered.
    pub server_version: Version,
    /// The way to it.
    pub route: Route,
    /// How far the cluster's clock is from ours, when it told.
    pub clock: Option<ClockDifference>,
}

/// The way to a cluster.
#[derive(Clone, Debug)]
pub enum Route {
    /// By a proxy.
    Proxy(ProxyFacts),
    /// Straight to the auth server.
    Auth(AuthRoute),
}

/// An auth server that was recognised by pin or CA.
#[derive(Clone, Debug)]
pub struct AuthRoute {
    /// Where it is.
    pub address: Address,
    /// The host CAs that it was verified with, PEM.
    pub host_cas: Vec<String>,
}

impl Cluster {
    /// A cluster behind a proxy that isn't asked first: for a connection that goes straight to an address the
    /// cluster gave earlier. Its version isn't known.
    #[must_use]
    pub fn assumed(name: &str, proxy: Address) -> Self {
        Self {
            name: name.to_owned(),
            server_version: Version::parse(""),
            route: Route::Proxy(ProxyFacts::assumed(proxy)),
            clock: None,
        }
    }

    /// The facts of the proxy, when there is one.
    #[must_use]
    pub const fn proxy(&self) -> Option<&ProxyFacts> {
        match &self.route {
            Route::Proxy(facts) => Some(facts),
            Route::Auth(_) => None,
        }
    }

    /// The host CAs that an auth server was recognised by; none where a proxy is the way.
    #[must_use]
    pub fn host_cas(&self) -> &[String] {
        match &self.route {
            Route::Proxy(_) => &[],
            Route::Auth(route) => &route.host_cas,
        }
    }

    /// The address that is dialled, for messages.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.route {
            Route::Proxy(facts) => facts.web.to_string(),
            Route::Auth(route) => route.address.to_string(),
        }
    }
}

/// The distance between two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockDifference {
    /// The cluster's time.
    pub cluster: SystemTime,
    /// Ours at the same moment.
    pub ours: SystemTime,
}

impl ClockDifference {
    /// Differences beyond this make certificates unusable.
    pub const TOLERATED: Duration = Duration::from_secs(5 * 60);

    /// Its size, whichever clock is ahead.
    #[must_use]
    pub fn size(&self) -> Duration {
        self.cluster.duration_since(self.ours).unwrap_or_else(|error| error.duration())
    }

    /// The cluster's clock minus ours, in whole seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        let size = i64::try_from(self.size().as_secs()).unwrap_or(i64::MAX);
        if self.cluster < self.ours { -size } else { size }
    }

    /// More than can be tolerated.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.size() > Self::TOLERATED
    }

    /// As a sentence part.
    #[must_use]
    pub fn describe(&self) -> String {
        let seconds = Duration::from_secs(self.size().as_secs());
        let direction = if self.ours > self.cluster { "ahead of" } else { "behind" };
        format!(
            "{} {direction} the cluster's; it is {} here and {} there",
            humantime::format_duration(seconds),
            humantime::format_rfc3339_seconds(self.ours),
            humantime::format_rfc3339_seconds(self.cluster),
        )
    }
}
