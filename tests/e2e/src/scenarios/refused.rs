//! What the cluster refuses: one line with a stable code, and nothing is left behind.

use super::{join, machine};
use crate::stage::Kind;
use crate::wait::{LONG, until};
use crate::{Machine, Stage};

/// A machine with a token of some kind.
fn with(stage: &dyn Stage, kind: Kind) -> (Machine, String) {
    let machine = Machine::new(stage);
    let token = stage.issue(&stage.add_bot(), kind);
    machine.configure(stage, &token, "");
    (machine, token)
}

/// The command that makes a token for a bot.
fn fresh(stage: &dyn Stage) -> &'static str {
    if stage.version().has_bot_instances() { "tctl bots instances add" } else { "tctl bots rm" }
}

/// Nobody has made it. With a pin the auth server itself says so.
pub fn a_wrong_token(stage: &dyn Stage) {
    let machine = Machine::new(stage);
    let wrong = "0123456789abcdef0123456789abcdef";
    machine.keep_secret([wrong.to_owned()]);
    machine.configure(stage, wrong, "");
    for pin in [None, Some(stage.ca_pin())] {
        if let Some(pin) = pin {
            machine.configure_pin(&pin);
        }
        machine.oneshot().refused(1, "join_rejected", &["token", "make a fresh one", fresh(stage)]);
        machine.assert_nothing_left();
    }
}

/// Its time is over.
pub fn an_expired_token(stage: &dyn Stage) {
    let (machine, _) = with(stage, Kind::Expired);
    machine.oneshot().refused(1, "join_rejected", &["expired", "make a fresh one", fresh(stage)]);
    machine.assert_nothing_left();
}

/// Another machine has joined with it.
pub fn a_used_token(stage: &dyn Stage) {
    let (first, token) = with(stage, Kind::Usual);
    first.oneshot().succeeded();
    // Until a cluster's cache has followed, a second join with it goes well.
    join::assert_used_up(stage, &token);
    let second = Machine::new(stage);
    second.configure(stage, &token, "");
    second.oneshot().refused(1, "join_rejected", &["used already"]);
    second.assert_nothing_left();
    first.oneshot().succeeded();
}

/// It stays for whom it is for.
pub fn a_token_for_a_node(stage: &dyn Stage) {
    let (machine, token) = with(stage, Kind::ForNode);
    machine.oneshot().refused(1, "join_wrong_role", &["not for a bot"]);
    machine.assert_nothing_left();
    assert!(stage.token_exists(&token));
}

/// At the proxy and at the auth server; the token is still good.
pub fn a_wrong_pin(stage: &dyn Stage) {
    let (machine, token) = with(stage, Kind::Usual);
    let (wrong, right) = (format!("sha256:{}", "1".repeat(64)), stage.ca_pin());
    machine.configure_pin(&wrong);
    for at_the_auth_server in [false, true] {
        if at_the_auth_server {
            machine.configure_auth_server(stage);
        }
        machine.oneshot().refused(1, "ca_pin_mismatch", &[&wrong, &right, "no token was sent"]);
        machine.assert_nothing_left();
        assert!(stage.token_exists(&token), "the token is used up");
    }
}

/// The join went well, so its identity is kept.
pub fn a_role_that_the_bot_may_not_take(stage: &dyn Stage) {
    let (machine, _) = machine(stage, "");
    let config = machine.read("tbot.yaml");
    machine.write_config(&config.replace("- type: identity\n", "- type: identity\n  roles: [access]\n"));
    machine.oneshot().refused(1, "role_not_allowed", &["access", "tctl"]);
    assert_eq!(machine.names("out"), [""; 0], "left in the destination");
    machine.write_config(&config);
    machine.oneshot().succeeded();
}

/// The lock's message is told.
pub fn a_bot_that_is_locked_before_it_joins(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    stage.lock_bot(&bot, "not yet");
    machine.oneshot().refused(1, "bot_locked", &["not yet", "tctl get locks"]);
    machine.assert_nothing_left();
    stage.unlock_all();
}

/// What is valid stays, and it goes on once the lock is gone.
pub fn a_bot_that_is_locked_later(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    machine.oneshot().succeeded();
    let before = machine.read("out/key");
    stage.lock_bot(&bot, "under investigation");
    machine.oneshot().refused(1, "bot_locked", &["lock", "tctl get locks"]);
    assert_eq!(machine.read("out/key"), before, "what is valid stays");
    stage.unlock_all();
    until("the lock's end", LONG, || (machine.oneshot().status == Some(0)).then_some(()));
}

/// It can't come back by itself.
pub fn a_bot_that_is_deleted(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    machine.oneshot().succeeded();
    stage.remove_bot(&bot);
    // A real one notices a moment later.
    let ended = until("the bot's end", LONG, || Some(machine.oneshot()).filter(|ended| ended.status != Some(0)));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("tctl bots add"), "{}", ended.stderr);
}
