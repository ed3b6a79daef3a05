//! Joining by an ID token, signed with a key that the cluster was given or that it fetches from the issuer.

use super::assert_delivered;
use crate::machine::put;
use crate::stage::{Flaw, Method};
use crate::wait::{LONG, until};
use crate::{Machine, Stage};

/// A machine that joins by an ID token through the proxy, and its bot.
pub(super) fn vouched(stage: &dyn Stage, method: Method, flaw: Option<Flaw>) -> Option<(Machine, String)> {
    let (bot, mut machine) = (stage.add_bot(), Machine::new(stage));
    let Some(vouched) = stage.vouch(&bot, method, flaw) else {
        let form = match method {
            Method::Gcp => "",
            Method::GitlabDomain => " with a domain",
            _ => " with static_jwks",
        };
        stage.skip(&format!("{}{form} isn't in {}", method.name(), stage.version()));
        return None;
    };
    machine.configure(stage, &vouched.token, "");
    machine.configure_method(method.name());
    show(&mut machine, method, vouched.proof);
    Some((machine, bot))
}

/// Lets the machine find an ID token where the method's platform has it.
fn show(machine: &mut Machine, method: Method, proof: String) {
    match method {
        Method::Kubernetes => {
            let file = machine.path("id_token");
            put(&file, &proof);
            machine.set("KUBERNETES_TOKEN_PATH", file.to_str().unwrap());
        }
        Method::Gitlab | Method::GitlabDomain => machine.set("TBOT_GITLAB_JWT", &proof),
        Method::Github => {
            let reply = serde_json::json!({ "value": proof }).to_string();
            let address = machine.serve(move |head| {
                let asked = head[0].starts_with("GET /token?api-version=2.0&audience=teleport.cluster.local ");
                (asked && has(head, "authorization: bearer of-the-job")).then(|| reply.clone())
            });
            machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("http://{address}/token?api-version=2.0"));
            machine.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-job");
        }
        Method::Gcp => {
            let address = machine.serve(move |head| {
                let path = "GET /computeMetadata/v1/instance/service-accounts/default/identity?\
                            audience=teleport.cluster.local&format=full";
                (head[0].starts_with(path) && has(head, "metadata-flavor: google")).then(|| proof.clone())
            });
            machine.set("GCE_METADATA_HOST", &address);
        }
    }
}

/// Whether a header is there; all in lower case.
pub(super) fn has(head: &[String], header: &str) -> bool {
    head.iter().any(|line| line.to_lowercase() == header)
}

fn joins(stage: &dyn Stage, method: Method) {
    let Some((machine, _)) = vouched(stage, method, None) else { return };
    machine.oneshot().succeeded();
    assert_delivered(&machine);
    assert_not_renewable(&machine);
    // The same proof works again while it is valid, for an auth server that a pin recognises, too.
    machine.configure_pin(&stage.ca_pin());
    machine.oneshot().succeeded();
    assert_delivered(&machine);
}

pub(super) fn assert_not_renewable(machine: &Machine) {
    let report = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]).succeeded().stdout;
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_ne!(report["identity"]["renewable"], true, "{report}");
}

/// What any issuer can sign from version 12.4 on.
pub fn of_kubernetes_by_given_keys(stage: &dyn Stage) {
    joins(stage, Method::Kubernetes);
}

/// From versions 16.4.8 and 17.0.2 on. The machine asks the service of its job for the ID token.
pub fn of_github_by_given_keys(stage: &dyn Stage) {
    joins(stage, Method::Github);
}

/// What any issuer can sign from versions 16.4.18 and 17.4 on.
pub fn of_gitlab_by_given_keys(stage: &dyn Stage) {
    joins(stage, Method::Gitlab);
}

/// The auth server asks the issuer for its keys.
pub fn of_gitlab_by_its_domain(stage: &dyn Stage) {
    joins(stage, Method::GitlabDomain);
}

/// The machine asks its metadata service for the ID token, the auth server asks Google for the keys.
pub fn of_gcp(stage: &dyn Stage) {
    joins(stage, Method::Gcp);
}

/// A daemon proves itself again in time, and its files stay good.
pub fn renews_what_it_proved(stage: &dyn Stage) {
    if let Some((machine, _)) = vouched(stage, Method::Kubernetes, None) {
        assert_renews(&machine);
    }
}

/// A daemon with short certificates writes new ones again and again.
pub(super) fn assert_renews(machine: &Machine) {
    let config = machine.read("tbot.yaml");
    machine.write_config(&format!("{config}certificate_ttl: 1m\nrenewal_interval: 1s\n"));
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    let written = || std::fs::read_to_string(machine.path("out/key-cert.pub")).ok();
    let mut last = until("the first certificate", LONG, written);
    for _ in 0..2 {
        last = until("a newer certificate", LONG, || written().filter(|now| *now != last));
    }
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    let ended = daemon.wait(LONG).succeeded();
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    assert_delivered(machine);
}
