//! Locks (protocol section J).

use crate::ca::identity::Identity;

/// Who or what a lock stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LockTarget {
    User(String),
    Role(String),
    /// A join token, by its name; stops joins only.
    JoinToken(String),
    BotInstance(String),
}

/// A lock in force.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) target: LockTarget,
    pub(crate) message: String,
}

impl Lock {
    pub(crate) fn stops(&self, identity: &Identity) -> bool {
        match &self.target {
            LockTarget::User(user) => *user == identity.user,
            LockTarget::Role(role) => identity.roles.contains(role),
            LockTarget::JoinToken(_) => false,
            LockTarget::BotInstance(id) => *id == identity.bot_instance,
        }
    }
}

/// The text a join and a request for a locked role show.
pub(crate) fn lock_message(lock: &Lock) -> String {
    let target = match &lock.target {
        LockTarget::User(user) => format!("User:{user:?}"),
        LockTarget::Role(role) => format!("Role:{role:?}"),
        LockTarget::JoinToken(token) => format!("JoinToken:{token:?}"),
        LockTarget::BotInstance(id) => format!("BotInstanceID:{id:?}"),
    };
    let message = if lock.message.is_empty() { String::new() } else { format!(": {}", lock.message) };
    format!("lock targeting {target} is in force{message}")
}
