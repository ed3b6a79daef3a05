//! What goes wrong outside: each case is one line with a stable code, leaves nothing behind and uses no token up.

use std::net::TcpListener;

use e2e::unsent::{self, ready};
use e2e::{Cluster, Machine, forward};
use teleport_double::{Fault, Point, Times};

/// Refused before a token was sent, and nothing is left.
#[track_caller]
fn refused_unsent(cluster: &Cluster, machine: &Machine, token: &str, code: &str, facts: &[&str]) {
    unsent::refused(cluster, machine, token, code, facts);
    machine.assert_nothing_left();
}

#[test]
fn a_token_file_that_is_not_there() {
    let (cluster, machine, _) = ready();
    machine.configure(&cluster, "/nosuch/token", "");
    machine.oneshot().refused(1, "config_unreadable", &["/nosuch/token"]);
    machine.assert_nothing_left();
}

#[test]
fn a_wrong_pin_at_the_proxy_and_at_the_auth_server() {
    let (cluster, machine, token) = ready();
    let pin = format!("sha256:{}", "1".repeat(64));
    machine.configure_pin(&pin);
    for at_the_auth_server in [false, true] {
        if at_the_auth_server {
            machine.configure_auth_server(&cluster);
        }
        let seen = cluster.ca_pin();
        refused_unsent(&cluster, &machine, &token, "ca_pin_mismatch", &[&pin, &seen, "no token was sent"]);
    }
}

#[test]
fn an_auth_server_without_pin() {
    let (cluster, machine, token) = ready();
    machine.configure_auth_server(&cluster);
    refused_unsent(&cluster, &machine, &token, "tls_untrusted", &["pin"]);
}

#[test]
fn a_proxy_whose_certificate_is_for_another_name() {
    let (cluster, machine, token) = ready();
    let address = forward::under_another_address(&cluster.proxy_address());
    machine.configure_address(&address.to_string(), &token, "");
    refused_unsent(&cluster, &machine, &token, "tls_name_mismatch", &["127.0.0.2", "localhost"]);
}

#[test]
fn a_proxy_whose_certificate_nobody_here_trusts() {
    let (cluster, mut machine, token) = ready();
    let other = Cluster::start();
    machine.set("SSL_CERT_FILE", other.web_ca_pem().to_str().unwrap());
    refused_unsent(&cluster, &machine, &token, "tls_untrusted", &["web CA", "SSL_CERT_FILE"]);
}

#[test]
fn a_clock_that_is_an_hour_off() {
    for (offset, fact) in [(3600, "behind the cluster's"), (-3600, "ahead of the cluster's")] {
        let (cluster, machine, token) = ready();
        cluster.set_clock_offset(offset);
        refused_unsent(&cluster, &machine, &token, "clock_skew", &["clock", fact, "NTP"]);
        // Once it is right the same token works.
        cluster.set_clock_offset(0);
        machine.oneshot().succeeded();
    }
}

#[test]
fn nobody_listens() {
    let (cluster, machine, token) = ready();
    cluster.open_proxy(false);
    let address = cluster.proxy_address();
    refused_unsent(&cluster, &machine, &token, "cluster_unreachable", &[&address, "refused", "firewall"]);
}

#[test]
fn a_name_that_does_not_exist() {
    let (cluster, machine, token) = ready();
    machine.configure_address("proxy.invalid:443", &token, "");
    refused_unsent(&cluster, &machine, &token, "cluster_unreachable", &["proxy.invalid"]);
}

#[test]
fn a_server_that_accepts_and_never_says_a_word() {
    let (cluster, machine, token) = ready();
    cluster.faults().inject(Point::ProxyConnection, Fault::HangBeforeTls, Times::Always);
    let address = cluster.proxy_address();
    refused_unsent(&cluster, &machine, &token, "cluster_unreachable", &[&address, "10 s", "TLS"]);
}

#[test]
fn a_server_that_cuts_the_connection_in_the_middle_of_a_reply() {
    let (cluster, machine, token) = ready();
    let address = cluster.proxy_address();
    // In the handshake, and in the reply to the first request.
    for bytes in [100, 1500] {
        cluster.faults().inject(Point::ProxyConnection, Fault::ResetAfter(bytes), Times::Always);
        refused_unsent(&cluster, &machine, &token, "cluster_unreachable", &[&address, "cut the connection"]);
        cluster.faults().clear();
    }
    cluster.faults().inject(Point::Find, Fault::Refuse, Times::Always);
    refused_unsent(&cluster, &machine, &token, "cluster_unreachable", &[&address, "cut the connection"]);
}

#[test]
fn something_that_is_no_teleport() {
    let (cluster, machine, token) = ready();
    cluster.faults().inject(Point::Find, Fault::Garbage, Times::Always);
    refused_unsent(&cluster, &machine, &token, "not_teleport", &["proxy", "port"]);
    cluster.faults().clear();
    cluster.faults().inject(Point::Find, Fault::Http { status: 404, retry_after: None }, Times::Always);
    refused_unsent(&cluster, &machine, &token, "not_teleport", &["404"]);
    // A port that speaks, but not TLS.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            use std::io::{Read, Write};
            let mut buffer = [0; 512];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    machine.configure_address(&address, &token, "");
    refused_unsent(&cluster, &machine, &token, "tls_failed", &[&address, "speak TLS"]);
}

#[test]
fn a_proxy_that_fails_by_itself() {
    let (cluster, machine, token) = ready();
    cluster.faults().inject(Point::Find, Fault::Http { status: 503, retry_after: None }, Times::Always);
    refused_unsent(&cluster, &machine, &token, "cluster_failed", &["503"]);
}

#[test]
fn a_join_that_brings_certificates_for_another_key_or_expired_ones() {
    use teleport_double::CertificateFault::{Expired, WrongKey};
    for (fault, code, fact) in [(WrongKey, "certificate_invalid", "key"), (Expired, "clock_skew", "expired")] {
        let (cluster, machine, _) = ready();
        cluster.faults().inject(Point::Join, Fault::Certificate(fault), Times::Once);
        machine.oneshot().refused(1, code, &[fact]);
        machine.assert_nothing_left();
    }
}

#[test]
fn three_faults_in_the_configuration_are_named_with_their_lines() {
    let (cluster, machine, token) = ready();
    let config = machine.read("tbot.yaml");
    let config = config
        .replace("proxy_server:", "proxy_sever:")
        .replace("join_method: token", "join_method: tokne")
        .replace("type: identity", "type: identiy");
    machine.write_config(&config);
    let ended = machine.oneshot();
    assert_eq!(ended.status, Some(2), "{ended:?}");
    let lines: Vec<&str> = ended.stderr.lines().collect();
    for (line, key, hint) in [(2, "proxy_sever", "proxy_server"), (4, "join_method", "token"), (8, "type", "identity")]
    {
        let place = format!("machine-id: tbot.yaml:{line}: ");
        let named = lines.iter().any(|text| text.starts_with(&place) && text.contains(key) && text.contains(hint));
        assert!(named, "line {line} isn't named: {}", ended.stderr);
    }
    assert!(lines.last().unwrap().ends_with("[config_invalid]"), "{}", ended.stderr);
    machine.assert_nothing_left();
    assert!(cluster.token_exists(&token) && !machine.path("bot").exists());
}

#[test]
fn a_single_fault_is_a_single_line() {
    let (_cluster, machine, _) = ready();
    let config = machine.read("tbot.yaml").replace("join_method: token", "join_method: tpm");
    machine.write_config(&config);
    machine.oneshot().refused(2, "unsupported", &["tbot.yaml:4", "tpm"]);
    machine
        .write_config(&config.replace("join_method: tpm", "join_method: token").replace("version: v2", "version: v3"));
    machine.oneshot().refused(2, "config_invalid", &["tbot.yaml:1", "v1 or v2"]);
}

#[test]
fn a_configuration_that_is_not_there() {
    let machine = Machine::new(&Cluster::start());
    machine.machine_id(&["start", "--oneshot", "-c", "nosuch.yaml"]).refused(1, "config_unreadable", &["nosuch.yaml"]);
}

/// After the join the token is rightly used up; the stored identity makes the next try free.
fn refused_after_joining(more: &str, code: &str, facts: &[&str]) {
    let cluster = Cluster::with(|builder| builder.kube("kube1"));
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml");
    let (head, _) = config.split_once("- type: identity\n").unwrap();
    let destination = format!("  destination: {{type: directory, path: {}}}\n", machine.path("out").display());
    machine.write_config(&format!("{head}{more}{destination}"));
    machine.oneshot().refused(1, code, facts);
    assert_eq!(machine.names("out"), [""; 0], "left in the destination");
    machine.write_config(&format!("{head}- type: identity\n{destination}"));
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().joined, 1, "the identity of the failed try was lost");
}

#[test]
fn a_role_that_the_bot_may_not_take() {
    refused_after_joining("- type: identity\n  roles: [access]\n", "role_not_allowed", &["access", "tctl"]);
}

#[test]
fn a_role_that_does_not_exist() {
    refused_after_joining("- type: identity\n  roles: [nosuchrole]\n", "role_not_allowed", &["nosuchrole"]);
}

#[test]
fn a_kubernetes_cluster_that_does_not_exist() {
    refused_after_joining("- type: kubernetes\n  kubernetes_cluster: nosuchkube\n", "target_unknown", &["nosuchkube"]);
}

#[test]
fn a_database_and_an_application_that_do_not_exist() {
    let database = "- type: database\n  service: nosuchdb\n";
    refused_after_joining(database, "target_unknown", &["nosuchdb"]);
    refused_after_joining("- type: application\n  app_name: nosuchapp\n", "target_unknown", &["nosuchapp"]);
}
