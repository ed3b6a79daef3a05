//! Roles: what is asked for, what comes back, and what is said of subsets; and heartbeats, which go with the sessions.

use std::time::Duration;

use e2e::wait::{PROMPT, until};
use e2e::{Cluster, Machine};
use teleport_double::{CertificateFault, Fault, Point, Role, Times};

const LIMIT: Duration = Duration::from_secs(30);
/// Keeps a pass from ending before it could say anything of itself.
const TIME_TO_TELL: Fault = Fault::Delay(Duration::from_secs(2));

/// A bot with two roles, and a machine that names `roles` (in YAML) in its output.
fn ready(version: &str, all_always: bool, roles: &str) -> (Cluster, Machine) {
    let cluster = Cluster::with(|builder| {
        let builder = builder.version(version).bot("api", &["api-workers", "admin"]).role(Role::new("admin"));
        if all_always { builder.all_roles_always() } else { builder }
    });
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), roles);
    (cluster, machine)
}

#[test]
fn more_roles_than_asked_for_are_never_handed_out() {
    for version in ["9.3.26", "15.0.0", "18.0.0", "19.0.0"] {
        let (cluster, machine) = ready(version, false, "  roles: [api-workers]\n");
        let more = Fault::Certificate(CertificateFault::MoreRoles(vec!["admin".to_owned()]));
        cluster.faults().inject(Point::Impersonate, more, Times::Once);
        let outcome = machine.oneshot();
        let lines: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("machine-id: ")).collect();
        let sentence =
            "the cluster issued a certificate with roles that weren't asked for: admin; asked for were api-workers";
        let [line] = lines[..] else { panic!("{version}: {outcome:?}") };
        assert!(line.contains(sentence) && line.contains("; make one bot for each set of roles"), "{version}: {line}");
        assert!(line.ends_with("[role_not_allowed]"), "{line}");
        assert_eq!(outcome.status, Some(1), "{outcome:?}");
        assert_eq!(machine.names("out"), [""; 0], "{version}: something of it is written");
        machine.oneshot().succeeded();
    }
}

#[test]
fn a_cluster_that_drops_subsets_is_refused_and_all_roles_are_taken_where_none_is_named() {
    let (_cluster, machine) = ready("20.0.0", true, "  roles: [api-workers]\n");
    let outcome = machine.oneshot();
    assert!(outcome.stderr.contains("roles that weren't asked for: admin; asked for were api-workers"), "{outcome:?}");
    assert_eq!((outcome.status, machine.names("out")), (Some(1), Vec::new()));
    let (_cluster, machine) = ready("20.0.0", true, "");
    machine.oneshot().succeeded();
}

#[test]
fn a_subset_is_warned_of_once_where_it_has_no_future() {
    let words = "from Teleport 20 on a bot takes all of its roles: make one bot for each set of roles";
    for (version, roles, warnings) in [
        ("19.0.0", "  roles: [api-workers]\n", 1),
        ("19.0.0", "  roles: [admin, api-workers]\n", 0),
        ("19.0.0", "", 0),
        ("18.8.0", "  roles: [api-workers]\n", 0),
    ] {
        let (_cluster, machine) = ready(version, false, roles);
        // Two outputs, one warning.
        let second = machine.path("second");
        let config = machine.read("tbot.yaml");
        machine.write_config(&format!(
            "{config}- type: identity\n  destination: {{type: directory, path: {}}}\n{roles}",
            second.display()
        ));
        let outcome = machine.oneshot().succeeded();
        assert_eq!(outcome.stderr.matches(words).count(), warnings, "{version} {roles}: {}", outcome.stderr);
    }
}

#[test]
fn a_daemon_says_who_it_is_where_bots_have_instances() {
    let (cluster, machine) = ready("17.0.0", false, "");
    let process = machine.start(&["start", "-c", "tbot.yaml"]);
    let heartbeats = until("a heartbeat", LIMIT, || Some(cluster.heartbeats()).filter(|all| !all.is_empty()));
    let [heartbeat] = heartbeats.as_slice() else { panic!("{heartbeats:?}") };
    let sent = &heartbeat.sent;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!((heartbeat.user.as_str(), sent.hostname.as_str()), ("bot-api", host.trim()));
    assert_eq!((sent.join_method.as_str(), sent.os.as_str()), ("token", "linux"));
    assert!(["amd64", "arm64"].contains(&sent.architecture.as_str()), "{sent:?}");
    assert!(sent.version.starts_with("machine-id/") && sent.uptime.is_some(), "{sent:?}");
    assert_eq!((sent.is_startup, sent.one_shot), (true, false));
    drop(process);
}

#[test]
fn one_pass_says_so_and_older_clusters_are_not_told() {
    let told = |version: &str| {
        let (cluster, machine) = ready(version, false, "");
        cluster.faults().inject(Point::Impersonate, TIME_TO_TELL, Times::Always);
        machine.oneshot().succeeded();
        cluster.heartbeats()
    };
    let heartbeats = told("17.0.0");
    let [heartbeat] = heartbeats.as_slice() else { panic!("{heartbeats:?}") };
    assert!(heartbeat.sent.one_shot && heartbeat.sent.is_startup, "{heartbeat:?}");
    assert!(told("16.1.0").is_empty());
}

#[test]
fn a_heartbeat_that_fails_or_hangs_delays_nothing() {
    for fault in [Fault::Hang, Fault::Refuse, Fault::Grpc { code: 12, message: "unknown service".to_owned() }] {
        let (cluster, machine) = ready("17.0.0", false, "");
        cluster.faults().inject(Point::Heartbeat, fault, Times::Always);
        cluster.faults().inject(Point::Impersonate, TIME_TO_TELL, Times::Always);
        // A call may take longer than that.
        let outcome = machine.start(&["start", "--oneshot", "-c", "tbot.yaml"]).wait(PROMPT).succeeded();
        assert!(!outcome.stderr.to_lowercase().contains("heartbeat"), "{}", outcome.stderr);
        assert!(cluster.counters().seen(Point::Heartbeat) > 0, "none was sent");
    }
}
