//! `status`, as text and as JSON.

use e2e::{Cluster, Machine};
use serde_json::Value;

/// The report, which has to be as `contract/cli-status.schema.json` says, and to end with what it says.
fn json(machine: &Machine) -> Value {
    let ended = machine.machine_id(&["status", "-c", "tbot.yaml", "--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["exit_status"].as_i64(), ended.status.map(i64::from), "{report}");
    let schema: Value = serde_json::from_str(include_str!("../../../../contract/cli-status.schema.json")).unwrap();
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

fn mode(path: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn chmod(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn looking_closes_nothing_and_says_what_is_open() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let (bot, leases, identity) = (machine.path("bot"), machine.path("bot/leases"), machine.path("bot/identity.json"));
    for (directory, file, exit) in [(0o755, 0o600, 0), (0o700, 0o644, 0), (0o755, 0o644, 1), (0o777, 0o600, 1)] {
        for (path, mode) in [(&bot, directory), (&leases, directory), (&identity, file)] {
            chmod(path, mode);
        }
        let ended = status(&machine);
        assert_eq!(ended.status, Some(exit), "{directory:o} {file:o}: {}", ended.stdout);
        assert_eq!(
            (mode(&bot), mode(&leases), mode(&identity)),
            (directory, directory, file),
            "looking has changed it"
        );
    }
    machine.oneshot().succeeded();
    assert_eq!((mode(&bot), status(&machine).status), (0o700, Some(0)));
}

#[test]
fn a_key_that_everybody_can_read_is_not_safe() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    chmod(&machine.path("out"), 0o755);
    chmod(&machine.path("out/known_hosts"), 0o644);
    assert_eq!(status(&machine).status, Some(0));
    chmod(&machine.path("out/key"), 0o644);
    let report = json(&machine);
    assert_eq!(
        (&report["destinations"][0]["state"], &report["exit_status"]),
        (&Value::from("problem"), &Value::from(1))
    );
    assert!(report["problems"][0].as_str().unwrap().contains("everybody has r--"), "{report}");
}

#[test]
fn a_reader_who_cannot_read_is_told() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let path = format!("path: {}", machine.path("out").display());
    let readers = format!("{path}, readers: [{{user: daemon}}]");
    machine.write_config(&machine.read("tbot.yaml").replace(&path, &readers));
    let written = machine.oneshot();
    if written.stderr.contains("no POSIX ACLs") {
        return e2e::users::skipped("no ACLs here: a reader without access");
    }
    written.succeeded();
    assert_eq!(status(&machine).status, Some(0));
    // A directory above stops him, unless he gets in by a bind mount: a note, and no more.
    chmod(&machine.path(""), 0o700);
    let ended = status(&machine);
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("note: reader daemon has no access") && ended.stdout.contains("(x)"),
        "{}",
        ended.stdout
    );
    chmod(&machine.path(""), 0o711);
    machine.tool("setfacl", &["-b", "out/key"]).succeeded();
    let report = json(&machine);
    assert_eq!(
        (&report["destinations"][0]["state"], &report["exit_status"]),
        (&Value::from("problem"), &Value::from(1))
    );
    assert!(report["problems"][0].as_str().unwrap().contains("reader daemon has no access"), "{report}");
    assert!(report["destinations"][0]["expires_at"].is_string(), "{report}");
}

#[test]
fn of_two_bots_in_memory_each_hears_of_its_own_lock_only() {
    // From 16.2 on a bot may join again.
    let cluster = Cluster::with(|builder| builder.version("18.1.0"));
    let machine = Machine::new(&cluster);
    cluster.add_bot("other", &["api-workers"]);
    let config = |bot: &str, out: &str| {
        machine.configure(&cluster, &cluster.new_token(bot), "");
        let storage = format!("{{type: directory, path: {}}}", machine.path("bot").display());
        let text = machine.read("tbot.yaml").replace(&storage, "{type: memory}");
        let text = text.replace(&machine.path("out").display().to_string(), &machine.path(out).display().to_string());
        e2e::machine::put(&machine.path(&format!("{out}.yaml")), &text);
    };
    let run = |words: &[&str], out: &str| machine.machine_id(&[words, &["-c", &format!("{out}.yaml")]].concat());
    for (bot, out) in [("api", "one"), ("other", "two")] {
        config(bot, out);
        run(&["start", "--oneshot"], out).succeeded();
    }
    cluster.lock_user("bot-api", "stolen");
    config("api", "one");
    assert_eq!(run(&["start", "--oneshot"], "one").status, Some(1));
    assert_eq!(run(&["status"], "one").status, Some(5));
    assert_eq!(run(&["status"], "two").status, Some(0));
    config("other", "two");
    run(&["start", "--oneshot"], "two").succeeded();
    assert_eq!(run(&["status"], "one").status, Some(5), "one bot's success has wiped the other's trouble away");
}
