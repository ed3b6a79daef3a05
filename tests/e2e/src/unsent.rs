//! What fails before a token is sent, so that it still is good.

use teleport_double::Point;

use crate::{Cluster, Machine, Stage};

/// A cluster, and a machine that may join it with the token.
#[must_use]
pub fn ready() -> (Cluster, Machine, String) {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    machine.configure(&cluster, &token, "");
    (cluster, machine, token)
}

/// Refused, with the token unsent and no identity stored.
///
/// # Panics
/// When anything is otherwise.
#[track_caller]
pub fn refused(cluster: &Cluster, machine: &Machine, token: &str, code: &str, facts: &[&str]) {
    machine.oneshot().refused(1, code, facts);
    assert!(cluster.token_exists(token), "the token is used up");
    assert_eq!(cluster.counters().seen(Point::Join), 0, "a token was sent");
    assert!(!machine.path("bot/identity.json").exists(), "an identity is stored");
}
