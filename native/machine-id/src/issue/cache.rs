//! Role certificates that are still fresh, and one issuance for however many ask at once.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

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
