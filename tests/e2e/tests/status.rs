//! `status`, as text and as JSON.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use e2e::{Cluster, Machine};
use serde_json::Value;

/// The report, which has to be as `contract/cli-status.schema.json` says, and to end with what it says.
fn json(machine: &Machine) -> Value {
    let ended = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["exit_status"].as_i64(), ended.status.map(i64::from), "{report}");
    let schema: Value = serde_json::from_str(include_str!("../../../contract/cli-status.schema.json")).unwrap();
    fits(&report, &schema, &schema, "report");
    report
}

/// The words of JSON Schema that the contract uses.
fn fits(value: &Value, schema: &Value, top: &Value, place: &str) {
    let known = ["$schema", "$defs", "$ref", "title", "description", "type", "enum", "anyOf", "items", "required"];
    for word in schema.as_object().unwrap().keys() {
        assert!(
            known.contains(&word.as_str()) || ["properties", "additionalProperties"].contains(&word.as_str()),
            "{word}"
        );
    }
    if let Some(name) = schema["$ref"].as_str() {
        return fits(value, &top["$defs"][name.strip_prefix("#/$defs/").unwrap()], top, place);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let one = |schema: &Value| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fits(value, schema, top, place))).is_ok()
        };
        return assert!(any.iter().any(one), "{place}: {value}");
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value}");
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    };
    match &schema["type"] {
        Value::String(kind) => assert!(is(kind), "{place}: {value} is no {kind}"),
        Value::Array(kinds) => assert!(kinds.iter().any(|kind| is(kind.as_str().unwrap())), "{place}: {value}"),
        _ => {}
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{place}: {name} is missing");
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(known) => fits(inner, known, top, &format!("{place}.{name}")),
            None => assert_ne!(schema["additionalProperties"], false, "{place}.{name} isn't in the schema"),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        fits(inner, &schema["items"], top, place);
    }
}

fn status(machine: &Machine) -> e2e::Outcome {
    machine.machine_id(&["status", "-c", "tbot.yaml"])
}

#[test]
fn before_the_first_start_there_is_nothing_and_looking_makes_nothing() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let report = json(&machine);
    assert_eq!(report["identity"]["state"], "new");
    assert_eq!(report["destinations"][0]["state"], "absent");
    assert_eq!((&report["verdict"], &report["exit_status"]), (&Value::from("missing"), &Value::from(4)));
    assert!(!machine.path("bot").exists() && !machine.path("out").exists(), "looking has made a directory");
}

#[test]
fn afterwards_both_forms_tell_bot_expiry_generation_roles_and_access() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let report = json(&machine);
    assert_eq!((&report["verdict"], &report["problems"]), (&Value::from("fresh"), &serde_json::json!([])));
    assert_eq!(report["identity"]["state"], "ready");
    assert_eq!(report["identity"]["bot"], "bot-api");
    assert_eq!(report["identity"]["cluster"], "example.test");
    assert_eq!(report["identity"]["generation"], 1);
    assert_eq!(report["identity"]["renewable"], true);
    let destination = &report["destinations"][0];
    assert_eq!(destination["state"], "valid");
    assert_eq!(destination["roles"][0], "api-workers");
    assert_eq!(destination["acl"], "as asked");
    let text = machine.machine_id(&["status", "-c", "tbot.yaml"]).succeeded().stdout;
    let expires = destination["expires_at"].as_str().unwrap();
    for fact in ["ready", "bot-api on example.test", "generation  1", "api-workers", "as asked", expires] {
        assert!(text.contains(fact), "{fact:?} is missing: {text}");
    }
}

#[test]
fn a_destination_that_was_opened_to_all_is_a_problem_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    // Whom it lets list the directory is told; nobody reads the files by that.
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let listed = &json(&machine)["destinations"][0];
    assert!(listed["state"] == "valid" && listed["acl"].as_str().unwrap().contains("everybody has r-x"), "{listed}");
    std::fs::set_permissions(machine.path("out"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let report = json(&machine);
    let destination = &report["destinations"][0];
    assert_eq!((&destination["state"], &report["exit_status"]), (&Value::from("problem"), &Value::from(1)));
    let problem = destination["problem"].as_str().unwrap();
    assert!(problem.contains("0777") && problem.ends_with("[destination_unsafe]"), "{problem}");
}

#[test]
fn an_identity_file_that_is_no_identity_is_a_problem_not_a_crash() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    e2e::machine::put(&machine.path("bot/identity.json"), "{\"half\":");
    let report = json(&machine);
    assert_eq!(report["identity"]["state"], "problem");
    assert!(report["identity"]["reason"].as_str().unwrap().ends_with("[identity_corrupt]"), "{report}");
}

#[test]
fn a_file_that_somebody_has_deleted_is_missing_by_name() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    std::fs::remove_file(machine.path("out/key-cert.pub")).unwrap();
    std::fs::remove_file(machine.path("out/ssh_config")).unwrap();
    let report = json(&machine);
    assert_eq!(report["destinations"][0]["missing"], serde_json::json!(["key-cert.pub", "ssh_config"]));
    assert_eq!(report["verdict"], "missing");
    let ended = status(&machine);
    assert_eq!(ended.status, Some(4));
    let line = ended.stdout.lines().find(|line| line.contains("missing: key-cert.pub, ssh_config"));
    assert!(line.is_some(), "{}", ended.stdout);
    std::fs::remove_dir_all(machine.path("out")).unwrap();
    assert_eq!(status(&machine).status, Some(4));
}

#[test]
fn what_has_expired_or_should_have_been_refreshed_is_told_by_the_exit_status() {
    let cluster = Cluster::start();
    cluster.set_role(
        teleport_double::Role::new("api-workers")
            .logins(&[&e2e::users::login()])
            .max_session_ttl(std::time::Duration::from_secs(12)),
    );
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    assert_eq!(status(&machine).status, Some(0));
    let mut seen = Vec::new();
    e2e::wait::until("the end", e2e::wait::LONG, || {
        let ended = status(&machine);
        if seen.last() != Some(&ended.status) {
            seen.push(ended.status);
        }
        (ended.status == Some(3)).then_some(())
    });
    assert_eq!(seen, [Some(0), Some(7), Some(3)]);
    assert!(status(&machine).stdout.contains("expired at"));
}

#[test]
fn a_lock_that_a_oneshot_met_and_a_used_up_identity_are_told_until_they_are_over() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    cluster.lock_user("bot-api", "stolen");
    machine.oneshot().refused(1, "bot_locked", &["locked"]);
    let report = json(&machine);
    assert_eq!((&report["verdict"], &report["exit_status"]), (&Value::from("locked"), &Value::from(5)));
    assert!(report["problems"][0].as_str().unwrap().contains("[bot_locked]"), "{report}");
    cluster.unlock_all();
    machine.oneshot().succeeded();
    assert_eq!(status(&machine).status, Some(0));

    let config = machine.read("bot/identity.json");
    let stuck = config.replacen("\"state\": \"ready\"", "\"state\": \"needs_rejoin\", \"reason\": \"lost\"", 1);
    assert_ne!(stuck, config);
    e2e::machine::put(&machine.path("bot/identity.json"), &stuck);
    let ended = status(&machine);
    assert_eq!(ended.status, Some(6), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("a fresh token is needed") && ended.stdout.contains("identity: lost"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_configuration_that_is_wrong_is_no_verdict() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.write_config("version: v2\n");
    assert_eq!(status(&machine).status, Some(2));
}
