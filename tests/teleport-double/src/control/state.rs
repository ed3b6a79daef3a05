//! What changes while the double runs.

use std::collections::BTreeMap;

use super::lock::{Lock, LockTarget};
use super::proof::{GaveUp, Heartbeat};
use super::resource::{App, Database, Kube, Node};
use super::role::Role;
use super::settings::Settings;
use super::token::Token;
use crate::ca::AuthorityKind;
use crate::ca::authority::Authority;
use crate::ca::identity::Identity;
use crate::error::DoubleError;

/// A bot and its generations.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    /// Before version 16.2: the one generation of the bot; none before the first join.
    pub(crate) generation: Option<u64>,
    /// From version 16.2: generation by bot instance.
    pub(crate) instances: BTreeMap<String, u64>,
}

impl Bot {
    pub(crate) fn new(name: &str, roles: Vec<String>) -> Self {
        Self { name: name.to_owned(), roles, generation: None, instances: BTreeMap::new() }
    }

    /// The bot's user, and its own role.
    pub(crate) fn user(&self) -> String {
        format!("bot-{}", self.name)
    }
}

/// Everything that changes.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) host: Authority,
    pub(crate) user: Authority,
    pub(crate) database: Authority,
    pub(crate) leaf_host: Option<Authority>,
    pub(crate) roles: BTreeMap<String, Role>,
    /// By user name.
    pub(crate) bots: BTreeMap<String, Bot>,
    pub(crate) tokens: BTreeMap<String, Token>,
    /// Claims of genuine ID tokens.
    pub(crate) statements: Vec<serde_json::Value>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) kubes: Vec<Kube>,
    pub(crate) databases: Vec<Database>,
    pub(crate) apps: Vec<App>,
    /// Signs the join states of bound keys.
    pub(crate) join_states: ed25519_dalek::SigningKey,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) gave_up: Vec<GaveUp>,
}

impl State {
    pub(crate) fn new(settings: &Settings, now: std::time::SystemTime) -> Result<Self, DoubleError> {
        let authority = || Authority::new(&settings.cluster, settings.key_kind, now);
        let leaf_host = settings.leaf.as_deref().map(|leaf| Authority::new(leaf, settings.key_kind, now));
        Ok(Self {
            host: authority()?,
            user: authority()?,
            database: authority()?,
            leaf_host: leaf_host.transpose()?,
            roles: BTreeMap::new(),
            bots: BTreeMap::new(),
            tokens: BTreeMap::new(),
            statements: Vec::new(),
            locks: Vec::new(),
            nodes: Vec::new(),
            kubes: Vec::new(),
            databases: Vec::new(),
            apps: Vec::new(),
            join_states: ed25519_dalek::SigningKey::generate(&mut ssh_key::rand_core::OsRng),
            heartbeats: Vec::new(),
            gave_up: Vec::new(),
        })
    }

    pub(crate) fn authority_mut(&mut self, kind: AuthorityKind) -> &mut Authority {
        match kind {
            AuthorityKind::Host => &mut self.host,
            AuthorityKind::User => &mut self.user,
            AuthorityKind::Database => &mut self.database,
        }
    }

    pub(crate) fn lock_on(&self, identity: &Identity) -> Option<&Lock> {
        self.locks.iter().find(|lock| lock.stops(identity))
    }

    /// Whether one of the caller's roles allows a Kubernetes cluster.
    pub(crate) fn sees_kube(&self, identity: &Identity, name: &str) -> bool {
        let mut roles = identity.roles.iter().filter_map(|role| self.roles.get(role));
        roles.any(|role| role.kubes.as_ref().is_none_or(|kubes| kubes.iter().any(|kube| kube == name)))
    }

    pub(crate) fn lock_on_target(&self, target: &LockTarget) -> Option<&Lock> {
        self.locks.iter().find(|lock| lock.target == *target)
    }

    pub(crate) fn lock(&mut self, target: LockTarget, message: &str) {
        self.locks.push(Lock { target, message: message.to_owned() });
    }
}
