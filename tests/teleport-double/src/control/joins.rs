//! How bots join, as tests set it up and look at it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::builder::Builder;
use super::double::Double;
use super::lock::LockTarget;
use super::proof::{BoundKeypair, BoundKeypairOptions, GaveUp, Heartbeat};
use super::token::Method;

impl Builder {
    /// Serves `teleport.join.v1`, or doesn't, whatever the version; by default from 18.2 on.
    #[must_use]
    pub fn join_stream(mut self, served: bool) -> Self {
        self.settings.join_stream = Some(served);
        self
    }

    /// Serves the ways before `teleport.join.v1`, or doesn't, whatever the version; by default until 20. Without them
    /// the HTTP endpoints answer 404 and `proto.JoinService` `Unimplemented`.
    #[must_use]
    pub fn legacy_joins(mut self, served: bool) -> Self {
        self.settings.legacy_joins = Some(served);
        self
    }

    /// Takes FIPS endpoints of STS only, as a server that is a FIPS build.
    #[must_use]
    pub fn fips(mut self) -> Self {
        self.settings.fips = true;
        self
    }

    /// The oldest client that is served, where a client says its version in the metadata; one major version back by
    /// default, and compared from 16 on.
    #[must_use]
    pub fn min_client_version(mut self, version: &str) -> Self {
        self.settings.min_client = Some(version.to_owned());
        self
    }

    /// The signature algorithm suite: `legacy`, `balanced-v1`, `fips-v1` or `hsm-v1`. `balanced-v1` from 17 on by default.
    #[must_use]
    pub fn suite(mut self, name: &str) -> Self {
        self.settings.suite = Some(name.to_owned());
        self
    }

    /// Grants all roles of a bot to each of its outputs, whatever they ask for.
    #[must_use]
    pub fn all_roles_always(mut self) -> Self {
        self.settings.all_roles = true;
        self
    }

    /// Writes a line into that file for each join: the bot's user, and the public key of its X.509 certificate in
    /// hexadecimal.
    #[must_use]
    pub fn joined_keys(mut self, file: &Path) -> Self {
        self.settings.joined_keys = Some(file.to_owned());
        self
    }

    /// How long a stream of `proto.JoinService` may take; a minute by default.
    #[must_use]
    pub fn stream_limit(mut self, limit: Duration) -> Self {
        self.settings.stream_limit = limit;
        self
    }
}

impl Double {
    /// The claims of each ID token that was found genuine, in order.
    #[must_use]
    pub fn statements(&self) -> Vec<serde_json::Value> {
        self.core().state().statements.clone()
    }

    /// What the cluster stores of a token of method `bound_keypair`; `None` for other tokens.
    #[must_use]
    pub fn bound_keypair(&self, token: &str) -> Option<BoundKeypair> {
        match &self.core().state().tokens.get(token)?.method {
            Method::BoundKeypair(_, stored) => Some(stored.clone()),
            _ => None,
        }
    }

    /// Edits a token of method `bound_keypair`, as an administrator does: its options, and what is stored of it. False
    /// for other tokens.
    pub fn edit_bound_keypair(
        &self,
        token: &str,
        edit: impl FnOnce(&mut BoundKeypairOptions, &mut BoundKeypair),
    ) -> bool {
        match self.core().state().tokens.get_mut(token).map(|token| &mut token.method) {
            Some(Method::BoundKeypair(options, stored)) => {
                edit(options, stored);
                true
            }
            _ => false,
        }
    }

    /// Locks a join token.
    pub fn lock_token(&self, token: &str, message: &str) {
        self.core().state().lock(LockTarget::JoinToken(token.to_owned()), message);
    }

    /// Whether a lock on a join token is in force.
    #[must_use]
    pub fn token_locked(&self, token: &str) -> bool {
        self.core().state().lock_on_target(&LockTarget::JoinToken(token.to_owned())).is_some()
    }

    /// Instances of a bot with the generation of each; none before version 16.2.
    #[must_use]
    pub fn bot_instances(&self, bot: &str) -> BTreeMap<String, u64> {
        self.core().state().bots.get(&format!("bot-{bot}")).map(|bot| bot.instances.clone()).unwrap_or_default()
    }

    /// Forgets an instance, as when its record has run out.
    pub fn delete_bot_instance(&self, bot: &str, id: &str) {
        if let Some(bot) = self.core().state().bots.get_mut(&format!("bot-{bot}")) {
            bot.instances.remove(id);
        }
    }

    /// Locks an instance of a bot.
    pub fn lock_bot_instance(&self, id: &str, message: &str) {
        self.core().state().lock(LockTarget::BotInstance(id.to_owned()), message);
    }

    /// Heartbeats so far, the oldest first.
    #[must_use]
    pub fn heartbeats(&self) -> Vec<Heartbeat> {
        self.core().state().heartbeats.clone()
    }

    /// Joins of `teleport.join.v1` that their client gave up.
    #[must_use]
    pub fn gave_up(&self) -> Vec<GaveUp> {
        self.core().state().gave_up.clone()
    }
}
