//! Joining, by each method that needs no cloud.

use super::{assert_delivered, machine};
use crate::machine::put;
use crate::stage::{Kind, Method, Subject};
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

/// Adds a pin to what [`Machine::configure`] has written.
pub(super) fn pin(machine: &Machine, pin: &str) {
    let config = machine.read("tbot.yaml");
    machine.write_config(&config.replace("onboarding:\n", &format!("onboarding:\n  ca_pins: [\"{pin}\"]\n")));
}

/// A machine that joins by an ID token, through the proxy.
pub(super) fn vouched(stage: &dyn Stage, method: Method, subject: Subject) -> Option<Machine> {
    let (bot, mut machine) = (stage.add_bot(), Machine::new(stage));
    let Some(vouched) = stage.vouch(&bot, method, subject) else {
        stage.skip(&format!("{} with static_jwks isn't in {}", method.name(), stage.version()));
        return None;
    };
    machine.configure(stage, &vouched.token, "");
    let config = machine.read("tbot.yaml");
    machine.write_config(&config.replace("join_method: token", &format!("join_method: {}", method.name())));
    match method {
        Method::Kubernetes => {
            let file = machine.path("id_token");
            put(&file, &vouched.proof);
            machine.set("KUBERNETES_TOKEN_PATH", file.to_str().unwrap());
        }
        Method::Gitlab => machine.set("TBOT_GITLAB_JWT", &vouched.proof),
    }
    Some(machine)
}

fn by_an_id_token(stage: &dyn Stage, method: Method) {
    let Some(machine) = vouched(stage, method, Subject::Allowed) else { return };
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    let report = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]).succeeded().stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_ne!(report["identity"]["renewable"], true, "{report}");
    // The same proof works again while it is valid, for an auth server that a pin recognises, too.
    pin(&machine, &stage.ca_pin());
    machine.oneshot().succeeded();
    assert_delivered(&machine);
}

/// What any issuer can sign from version 12.4 on.
pub fn by_an_id_token_for_kubernetes(stage: &dyn Stage) {
    by_an_id_token(stage, Method::Kubernetes);
}

/// What any issuer can sign from versions 16.4.18 and 17.4 on.
pub fn by_an_id_token_for_gitlab(stage: &dyn Stage) {
    by_an_id_token(stage, Method::Gitlab);
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
