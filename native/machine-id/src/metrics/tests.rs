//! What the text says after things have happened.

use std::time::Duration;

use super::*;

const STATES: [&str; 3] = ["new", "ready", "locked"];

fn level() -> Level {
    Level {
        identity: "api".to_owned(),
        state: "ready",
        remaining: Some(1234.5),
        trouble: None,
        connected: true,
        leases: 3,
        unusable: 0,
        failing: 1,
        late: 0,
        lease_remaining: Some(-2.0),
    }
}

/// The lines without those of help and type.
fn samples(metrics: &Metrics, levels: &[Level]) -> Vec<String> {
    metrics.text(levels, &STATES).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn what_happens_is_counted_by_what_came_of_it() {
    let metrics = Metrics::default();
    assert_eq!(
        samples(&metrics, &[]),
        [concat!("machine_id_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1.0")]
    );
    metrics.joined("api", "token", None);
    metrics.joined("api", "token", Some(Code::JoinRejected));
    metrics.joined("api", "token", Some(Code::JoinRejected));
    metrics.renewed("api", Some(Code::ClusterUnreachable));
    metrics.issued("api", "database", None);
    metrics.refreshed("api", None);
    metrics.heartbeat("api", None);
    metrics.role_refused();
    metrics.acquired("api", Duration::from_millis(300), &Ok(()));
    metrics.acquired("api", Duration::from_secs(9), &Err::<(), _>(Error::new(Code::RoleNotAllowed, "no", "")));
    let lines = samples(&metrics, &[]);
    for wanted in [
        "machine_id_joins_total{identity=\"api\",method=\"token\",code=\"ok\"} 1",
        "machine_id_joins_total{identity=\"api\",method=\"token\",code=\"join_rejected\"} 2",
        "machine_id_renewals_total{identity=\"api\",code=\"cluster_unreachable\"} 1",
        "machine_id_issuances_total{identity=\"api\",target=\"database\",code=\"ok\"} 1",
        "machine_id_refreshes_total{identity=\"api\",code=\"ok\"} 1",
        "machine_id_heartbeats_total{identity=\"api\",code=\"ok\"} 1",
        "machine_id_refusals_total{door=\"lease\",reason=\"role\"} 1",
        "machine_id_acquires_total{identity=\"api\",code=\"ok\"} 1",
        "machine_id_acquires_total{identity=\"api\",code=\"role_not_allowed\"} 1",
        "machine_id_acquire_duration_seconds_count{identity=\"api\",outcome=\"error\"} 1",
        "machine_id_acquire_duration_seconds_sum{identity=\"api\",outcome=\"ok\"} 0.3",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} isn't in {lines:#?}");
    }
    let bucket = |bound: &str, outcome: &str| {
        let labels =
            ["identity=\"api\"", &format!("outcome=\"{outcome}\""), &format!("le=\"{bound}\"")].map(str::to_owned);
        let line =
            lines.iter().find(|line| line.contains("_bucket") && labels.iter().all(|label| line.contains(label)));
        line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default().to_owned()
    };
    assert_eq!((bucket("0.25", "ok"), bucket("0.5", "ok")), ("0".to_owned(), "1".to_owned()));
    assert_eq!((bucket("5", "error"), bucket("+Inf", "error")), ("0".to_owned(), "1".to_owned()));
}

#[test]
fn levels_are_those_of_the_moment_and_leave_nothing_behind() {
    let metrics = Metrics::default();
    let lines = samples(&metrics, &[Level { trouble: Some(Code::BotLocked), ..level() }]);
    for wanted in [
        "machine_id_identity_state{identity=\"api\",state=\"ready\"} 1.0",
        "machine_id_identity_state{identity=\"api\",state=\"locked\"} 0.0",
        "machine_id_identity_remaining_seconds{identity=\"api\"} 1234.5",
        "machine_id_identity_trouble{identity=\"api\",code=\"bot_locked\"} 1.0",
        "machine_id_cluster_connected{identity=\"api\"} 1.0",
        "machine_id_leases{identity=\"api\"} 3.0",
        "machine_id_leases_failing{identity=\"api\"} 1.0",
        "machine_id_lease_remaining_seconds{identity=\"api\"} -2.0",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} isn't in {lines:#?}");
    }
    let after = samples(&metrics, &[Level { remaining: None, lease_remaining: None, ..level() }]).join("\n");
    assert!(!after.contains("trouble") && !after.contains("remaining"), "{after}");
    assert!(!samples(&metrics, &[]).join("\n").contains("api"));
}

#[test]
fn traffic_is_counted_while_it_flows_and_given_back_at_its_end() {
    let metrics = Metrics::default();
    let (ssh, database) = (metrics.ssh(), metrics.tunnel(TunnelTo::Database));
    ssh.answered(&Ok(()));
    ssh.answered(&Err::<(), _>(Error::new(Code::HostUnreachable, "no", "")));
    database.answered(&Ok(()));
    database.refused(Reason::User);
    let (first, second) = (ssh.carries(), database.carries());
    first.sent(10);
    first.received(300);
    second.received(7);
    let lines = samples(&metrics, &[]);
    for wanted in [
        "machine_id_ssh_sessions_total{code=\"ok\"} 1",
        "machine_id_ssh_sessions_total{code=\"host_unreachable\"} 1",
        "machine_id_ssh_sessions_open 1",
        "machine_id_ssh_bytes_total{direction=\"sent\"} 10",
        "machine_id_ssh_bytes_total{direction=\"received\"} 300",
        "machine_id_tunnel_connections_total{kind=\"database\",code=\"ok\"} 1",
        "machine_id_tunnel_connections_open{kind=\"database\"} 1",
        "machine_id_tunnel_bytes_total{kind=\"database\",direction=\"received\"} 7",
        "machine_id_refusals_total{door=\"tunnel\",reason=\"user\"} 1",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} isn't in {lines:#?}");
    }
    drop((first, second));
    let lines = samples(&metrics, &[]);
    assert!(lines.contains(&"machine_id_ssh_sessions_open 0".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"machine_id_tunnel_connections_open{kind=\"database\"} 0".to_owned()), "{lines:#?}");
}

/// One of each, so that nothing is left out of the text.
fn all() -> Metrics {
    let metrics = Metrics::default();
    metrics.joined("api", "token", None);
    metrics.renewed("api", None);
    metrics.issued("api", "identity", None);
    metrics.refreshed("api", None);
    metrics.heartbeat("api", None);
    metrics.acquired("api", Duration::ZERO, &Ok(()));
    for traffic in [metrics.ssh(), metrics.tunnel(TunnelTo::Database), metrics.tunnel(TunnelTo::Application)] {
        traffic.answered(&Ok(()));
        traffic.refused(Reason::Full);
        drop(traffic.carries());
    }
    metrics
}

/// The text has each metric of the list, with its kind, its meaning and its labels, in the list's order.
#[test]
fn the_text_has_the_metrics_of_the_list() {
    let text = all().text(&[Level { trouble: Some(Code::BotLocked), ..level() }], &STATES);
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let listed: Vec<String> = METRICS.iter().map(|metric| format!("{} {}", metric.name, metric.kind)).collect();
    assert_eq!(types.collect::<Vec<_>>(), listed);
    for metric in METRICS {
        let help = format!("# HELP {} {}.", metric.name, metric.help);
        assert_eq!(text.lines().filter(|line| *line == help).count(), 1, "{help}");
        let sample =
            text.lines().skip_while(|line| !line.starts_with(&format!("# TYPE {} ", metric.name))).nth(1).unwrap();
        let labels = sample.split_once('{').map_or("", |(_, labels)| labels.rsplit_once('}').unwrap().0);
        let names: Vec<&str> = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0)).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| *name != "le").collect();
        assert_eq!(names, metric.labels, "{sample}");
    }
}
