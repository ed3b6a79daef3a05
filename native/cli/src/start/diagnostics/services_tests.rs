use std::time::SystemTime;

use machine_id::config::TbotConfig;
use machine_id::engine::{CertificateHistory, LeaseStatus};
use machine_id::error::Code;

use super::*;

const HEAD: &str =
    "version: v2\nproxy_server: p:443\nonboarding: {join_method: iam, token: t}\nstorage: {type: memory}\n";

fn services(lines: &str) -> Services {
    let text = format!("{HEAD}services:\n{lines}");
    let config = TbotConfig::from_yaml("f", text.as_bytes(), std::path::Path::new("/")).unwrap();
    Services::of(&config.outputs, &config.tunnels)
}

fn names(lines: &str) -> Vec<String> {
    services(lines).all.into_iter().map(|(name, _)| name).collect()
}

fn output_at(kind: &str, path: &str, more: &str) -> String {
    format!("- {{type: {kind}, destination: {{type: directory, path: {path}}}{more}}}\n")
}

fn tunnel_line(more: &str) -> String {
    format!("- {{type: application-tunnel, app_name: a, listen: 'unix:///r/s'{more}}}\n")
}

#[test]
fn names_are_tbots_the_written_one_or_the_type_with_a_number() {
    let lines = [
        output_at("identity", "/a", ""),
        output_at("identity", "/b", ", name: api"),
        output_at("identity", "/c", ""),
        output_at("kubernetes", "/d", ", kubernetes_cluster: k"),
        output_at("kubernetes/v2", "/e", ", selectors: [{name: k}]"),
        output_at("database", "/f", ", service: s"),
        tunnel_line(""),
        "- {type: application-proxy, listen: 'unix:///r/p'}\n".to_owned(),
    ];
    assert_eq!(
        names(&lines.concat()),
        [
            "identity-1",
            "api",
            "identity-3",
            "kubernetes-1",
            "kubernetes-v2-1",
            "database-1",
            "application-tunnel-1",
            "application-proxy-1"
        ]
    );
}

#[test]
fn no_two_services_have_one_name() {
    let lines = [
        output_at("identity", "/a", ", name: identity"),
        output_at("identity", "/b", ", name: x"),
        output_at("database", "/c", ", service: s, name: x"),
        output_at("application", "/d", ", app_name: a, name: application-2"),
        output_at("application", "/e", ", app_name: a"),
    ];
    assert_eq!(names(&lines.concat()), ["identity-1", "x", "database-1", "application-2", "application-2+"]);
}

fn lease(problem: &str, usable: bool, late: bool) -> LeaseStatus {
    LeaseStatus {
        lease: "l".to_owned(),
        identity: "default".to_owned(),
        directory: "/a".into(),
        expires_at: SystemTime::UNIX_EPOCH,
        standing: true,
        usable,
        problem: problem.to_owned(),
        late,
        failures: Vec::new(),
        history: CertificateHistory::default(),
    }
}

fn health(trouble: Option<Code>, leases: Vec<LeaseStatus>) -> Health {
    let trouble = trouble.map(|code| Error::new(code, "why", ""));
    Health { trouble, stuck: None, recovers: false, identity_late: false, leases }
}

fn standing(state: IdentityState, connected: bool) -> Standing {
    let heartbeat = connected.then_some(Ok(()));
    Standing { state, expires_at: None, connected, heartbeat }
}

/// The first letters of how `names` stand.
fn stands(services: &Services, health: &Health, standing: &Standing, names: [&str; 5]) -> String {
    let all = services.stand(health, standing);
    names
        .iter()
        .map(|name| match &all[*name] {
            State::Initializing => 'i',
            State::Healthy => 'h',
            State::Unhealthy(why) => {
                assert!(!why.is_empty(), "{name}");
                'u'
            }
        })
        .collect()
}

#[test]
fn services_stand_as_the_engine_knows() {
    const NAMES: [&str; 5] = ["identity", "heartbeat", "ca-rotation", "identity-1", "application-tunnel-1"];
    let services = services(&(output_at("identity", "/a", "") + &tunnel_line("")));
    let new = standing(IdentityState::New, false);
    let ready = standing(IdentityState::Ready, true);
    let cut = standing(IdentityState::Ready, false);
    let away = Some(Code::ClusterUnreachable);
    let failed = Err(Error::new(Code::ClusterUnreachable, "why", ""));

    assert_eq!(stands(&services, &health(None, Vec::new()), &new, NAMES), "iiiii", "starting");
    services.begun(0, &failed);
    services.begun(1, &failed);
    assert_eq!(stands(&services, &health(away, Vec::new()), &new, NAMES), "uuuuu", "started without a cluster");
    services.begun(0, &Ok(()));
    services.begun(1, &Ok(()));
    let fresh = vec![lease("", true, false)];
    assert_eq!(stands(&services, &health(None, fresh.clone()), &ready, NAMES), "hhhhh", "ready");
    assert_eq!(stands(&services, &health(None, fresh.clone()), &cut, NAMES), "hihhh", "idle");
    assert_eq!(stands(&services, &health(away, fresh.clone()), &cut, NAMES), "uuuhu", "the cluster is away");
    let locked = vec![lease("locked", false, true)];
    assert_eq!(stands(&services, &health(Some(Code::BotLocked), locked), &ready, NAMES), "uhhuu", "locked");
    assert_eq!(stands(&services, &health(None, vec![lease("", true, true)]), &ready, NAMES), "hhhuh", "late");
    assert_eq!(stands(&services, &health(None, vec![lease("disk", true, false)]), &ready, NAMES), "hhhuh", "failing");
    assert_eq!(stands(&services, &health(None, Vec::new()), &ready, NAMES), "hhhuh", "taken over");
    let expired = standing(IdentityState::Expired, false);
    assert_eq!(&stands(&services, &health(None, fresh.clone()), &expired, NAMES)[..1], "u");
    let stuck = Health { stuck: Some("lost answer".to_owned()), ..health(None, fresh) };
    assert_eq!(&stands(&services, &stuck, &ready, NAMES)[..1], "u");
    assert_eq!(&stands(&services, &Health { recovers: true, ..stuck }, &ready, NAMES)[..1], "h", "it joins anew");
}
