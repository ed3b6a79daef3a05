//! What the newest documents of tbot show: the store in memory, outputs without ssh, the configured address.

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine};
use machine_id::identity::TlsFacts;
use nix::sys::signal::Signal;

/// A host that no resolver knows (RFC 6761).
const NOWHERE: &str = "announced.invalid";

fn split_horizon() -> (Cluster, String) {
    let cluster = Cluster::with(|builder| builder.public_host(NOWHERE).kube("kube1")).and_node();
    let announced = cluster.proxy_address();
    let (host, port) = announced.rsplit_once(':').unwrap();
    assert_eq!(host, NOWHERE);
    (cluster, format!("localhost:{port}"))
}

#[test]
fn an_announced_address_that_leads_nowhere_is_not_used_where_the_configured_one_is_wished() {
    let (cluster, configured) = split_horizon();
    let mut machine = Machine::new(&cluster);
    let kube = machine.path("kube");
    let more = format!(
        "- type: kubernetes\n  kubernetes_cluster: kube1\n  destination: {{type: directory, path: {}}}\n",
        kube.display()
    );
    machine.configure_address(&configured, &cluster.token(), &more);
    let announced = |machine: &Machine| {
        let files = ["out/ssh_config", "out/known_hosts", "kube/kubeconfig.yaml"];
        files.map(|file| machine.read(file).contains(NOWHERE))
    };
    machine.oneshot().succeeded();
    assert_eq!(announced(&machine), [true; 3], "as the cluster tells it");
    assert_ne!(machine.ssh_echo(&[], "node1.example.test").status, Some(0), "nothing is there");

    machine.set("TBOT_USE_PROXY_ADDR", "yes");
    machine.oneshot().succeeded();
    assert_eq!(announced(&machine), [false; 3]);
    assert!(machine.read("out/ssh_config").contains(&format!("--proxy={configured}")));
    assert!(machine.read("kube/kubeconfig.yaml").contains(&configured));
    assert_eq!(machine.ssh_echo(&[], "node1.example.test").succeeded().stdout, "here\n");
}

#[test]
fn the_configured_address_needs_to_be_a_proxys_and_yes_is_the_only_word() {
    let cluster = Cluster::start();
    let mut machine = Machine::new(&cluster);
    machine.write_config(&format!(
        "version: v2\nauth_server: {}\nonboarding: {{token: {}}}\nstorage: {{type: memory}}\n",
        cluster.auth_address(),
        cluster.token()
    ));
    machine.set("TBOT_USE_PROXY_ADDR", "yes");
    let refused = machine.oneshot();
    assert!(
        refused.stderr.contains("needs the address of a proxy") && refused.stderr.contains("[config_invalid]"),
        "{}",
        refused.stderr
    );
    machine.configure(&cluster, &cluster.token(), "");
    machine.set("TBOT_USE_PROXY_ADDR", "1");
    assert!(machine.oneshot().succeeded().stderr.contains("only yes switches it on"));
    assert_eq!(cluster.counters().joined, 1);
}

#[test]
fn an_identity_in_memory_leaves_nothing_behind_and_a_used_token_brings_no_second_one() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    let out = machine.path("out");
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{token: {token}}}\nstorage: {{type: memory}}\n\
         outputs: [{{type: identity, destination: {{type: directory, path: {}}}}}]\n",
        cluster.proxy_address(),
        out.display()
    ));
    let told = machine.oneshot().succeeded().stderr;
    assert_eq!(told.matches("after a restart a fresh token is needed").count(), 1, "{told}");
    assert!(told.contains("tbot.yaml:4: storage.type: "), "{told}");
    assert!(machine.names("out").iter().any(|name| name == "key"));
    assert!(!machine.path("bot").exists());
    let identities = machine.tool("find", &[".", "-name", "identity.json"]).succeeded();
    assert_eq!(identities.stdout, "", "no identity is on disk");
    let status = machine.machine_id(&["status", "-c", "tbot.yaml"]).succeeded();
    assert!(status.stdout.contains("in_memory"), "{}", status.stdout);
    let again = machine.oneshot();
    assert!(again.stderr.contains("[join_rejected]"), "{}", again.stderr);
    assert_eq!(cluster.counters().joined, 1);
}

#[test]
fn an_output_without_ssh_has_no_ssh_files_and_no_variables_for_them() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let ssh_files = || {
        let names = machine.names("out");
        names.into_iter().filter(|name| name.ends_with("ssh_config") || name.ends_with("known_hosts")).count()
    };
    machine.configure(&cluster, &cluster.token(), "  ssh_config: off\n");
    machine.oneshot().succeeded();
    assert_eq!(ssh_files(), 0, "{:?}", machine.names("out"));
    assert!(machine.names("out").iter().any(|name| name == "key-cert.pub"));
    let environment = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "env"]).succeeded().stdout;
    assert!(environment.contains("TELEPORT_IDENTITY_FILE=") && !environment.contains("SSH"), "{environment}");
}

#[test]
fn an_output_that_is_without_ssh_from_now_on_loses_its_ssh_files_and_nobody_elses() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    let ssh_files = || {
        let ours = |name: &String| name.ends_with("ssh_config") || name.ends_with("known_hosts");
        machine.names("out").into_iter().filter(ours).collect::<Vec<_>>()
    };
    let write = |line: &str| {
        machine.configure(&cluster, &token, line);
        machine.oneshot().succeeded();
    };
    write("");
    assert!(ssh_files().len() >= 2);
    write("  ssh_config: off\n");
    assert_eq!(ssh_files(), [""; 0]);
    e2e::machine::put(&machine.path("out/ssh_config"), "mine");
    write("  ssh_config: off\n");
    assert_eq!(machine.read("out/ssh_config"), "mine");
    std::fs::remove_file(machine.path("out/ssh_config")).unwrap();
    write("");
    // As an editor replaces a file.
    e2e::machine::put(&machine.path("out/new"), "mine");
    std::fs::rename(machine.path("out/new"), machine.path("out/ssh_config")).unwrap();
    write("  ssh_config: off\n");
    assert_eq!((ssh_files(), machine.read("out/ssh_config")), (vec!["ssh_config".to_owned()], "mine".to_owned()));
}

#[test]
fn only_an_output_that_allows_it_has_a_certificate_by_which_others_can_be_had() {
    let cluster = Cluster::with(|builder| builder.version("18.1.0"));
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    for (line, forbidden) in [("", true), ("  allow_reissue: true\n", false), ("  allow_reissue: false\n", true)] {
        machine.configure(&cluster, &token, line);
        machine.oneshot().succeeded();
        assert_eq!(TlsFacts::parse(&machine.read("out/tlscert")).unwrap().disallow_reissue, forbidden, "{line}");
    }
}

#[test]
fn a_hangup_does_not_throw_away_an_identity_that_is_in_memory_alone() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{token: {}}}\nstorage: {{type: memory}}\n\
         outputs: [{{type: identity, destination: {{type: directory, path: out}}}}]\n",
        cluster.proxy_address(),
        cluster.token()
    ));
    let process = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the output", LONG, || machine.path("out/key").exists().then_some(()));
    process.signal(Signal::SIGHUP);
    until("the answer", LONG, || process.stderr().contains("the configuration isn't read again").then_some(()));
    process.signal(Signal::SIGTERM);
    process.wait(LONG).succeeded();
    assert_eq!(cluster.counters().joined, 1);
}
