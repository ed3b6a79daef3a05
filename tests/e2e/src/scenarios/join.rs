//! Joining by a token.

use super::{assert_delivered, machine};
use crate::machine::put;
use crate::stage::Kind;
use crate::wait::{LONG, until};
use crate::{Machine, Stage};

/// The Machine ID guide for Jenkins, with its own values.
fn guide(machine: &Machine, address: &str, token: &str, pin: &str) -> String {
    format!(
        "auth_server: \"{address}\"\nonboarding:\n  join_method: \"token\"\n  token: \"{token}\"\n  ca_pins:\n  \
         - \"{pin}\"\nstorage:\n  directory: {}\ndestinations:\n  - directory: {}\n",
        machine.path("bot").display(),
        machine.path("out").display()
    )
}

/// A token is for one join. A cluster's cache may show it a moment longer.
pub(super) fn assert_used_up(stage: &dyn Stage, token: &str) {
    until("the token's end", LONG, || (!stage.token_exists(token)).then_some(()));
}

/// Version 2, the token in a file.
pub fn by_a_token_through_the_proxy(stage: &dyn Stage) {
    let (bot, machine) = (stage.add_bot(), Machine::new(stage));
    let (token, file) = (stage.issue(&bot, Kind::Usual), machine.path("token"));
    put(&file, &format!("{token}\n"));
    machine.configure(stage, file.to_str().unwrap(), "");
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    assert_used_up(stage, &token);
    let (identity, key) = (machine.read("bot/identity.json"), machine.read("out/key"));
    machine.oneshot().succeeded();
    assert_eq!(machine.read("bot/identity.json"), identity, "a fresh identity isn't touched");
    assert_ne!(machine.read("out/key"), key);
    assert_eq!(stage.generation(&bot), Some(1));
}

/// As the guide has it.
pub fn by_a_token_through_the_proxy_with_a_pin(stage: &dyn Stage) {
    let (bot, machine) = (stage.add_bot(), Machine::new(stage));
    let token = stage.issue(&bot, Kind::Usual);
    machine.write_config(&guide(&machine, &stage.proxy_address(), &token, &stage.ca_pin()));
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    assert_used_up(stage, &token);
}

/// Without any web certificate.
pub fn by_a_token_at_the_auth_server_with_a_pin(stage: &dyn Stage) {
    let (bot, mut machine) = (stage.add_bot(), Machine::new(stage));
    machine.set("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    let token = stage.issue(&bot, Kind::Usual);
    machine.write_config(&guide(&machine, &stage.auth_address(), &token, &stage.ca_pin()));
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    assert_used_up(stage, &token);
}

/// Refused where a bot lives in one place only.
pub fn a_second_machine_of_one_bot(stage: &dyn Stage) {
    let (first, bot) = machine(stage, "");
    first.oneshot().succeeded();
    let second = Machine::new(stage);
    second.configure(stage, &stage.issue(&bot, Kind::Usual), "");
    if stage.version().has_bot_instances() {
        second.oneshot().succeeded();
        assert_delivered(&second);
    } else {
        second.oneshot().refused(1, "bot_already_joined", &[&format!("bot-{bot}"), "tctl bots rm"]);
        second.assert_nothing_left();
    }
    first.oneshot().succeeded();
}
