//! `start --oneshot`: from a configuration to files, by every way to the cluster.

use e2e::{Cluster, Machine};
use teleport_double::{Fault, Point, Times};

#[track_caller]
fn assert_delivered(machine: &Machine) {
    let wanted = ["identity", "key", "key-cert.pub", "key.pub", "known_hosts", "ssh_config", "tlscert"];
    let names = machine.names("out");
    for name in wanted {
        assert!(names.iter().any(|seen| seen == name), "{name} is missing: {names:?}");
    }
    let listed = machine.tool("ssh-keygen", &["-L", "-f", "out/key-cert.pub"]).succeeded();
    assert!(listed.stdout.contains("user certificate"), "{}", listed.stdout);
    assert!(listed.stdout.contains(&e2e::users::login()), "{}", listed.stdout);
    let derived = machine.tool("ssh-keygen", &["-y", "-f", "out/key"]).succeeded();
    let blob = |text: &str| text.split_whitespace().nth(1).map(str::to_owned);
    assert_eq!(blob(&derived.stdout), blob(&machine.read("out/key.pub")), "key.pub isn't the public half of key");
}

#[test]
fn every_key_algorithm_gives_keys_that_openssh_reads() {
    every_key_works(&[("ecdsa-p256", "ECDSA-CERT"), ("ed25519", "ED25519-CERT"), ("rsa-2048", "RSA-CERT")]);
}

#[test]
fn the_longest_rsa_keys_too() {
    every_key_works(&[("rsa-4096", "RSA-CERT")]);
}

fn every_key_works(algorithms: &[(&str, &str)]) {
    for (algorithm, name) in algorithms.iter().copied() {
        let cluster = Cluster::start().and_node();
        let machine = Machine::new(&cluster);
        machine.configure(&cluster, &cluster.token(), "");
        machine.machine_id(&["start", "--oneshot", "-c", "tbot.yaml", "--key-algorithm", algorithm]).succeeded();
        assert_delivered(&machine);
        let print = machine.tool("ssh-keygen", &["-l", "-f", "out/key-cert.pub"]).succeeded().stdout;
        assert!(print.contains(name), "{algorithm}: {print}");
        let bits = match algorithm {
            "rsa-2048" => "2048",
            "rsa-4096" => "4096",
            _ => "256",
        };
        assert!(print.starts_with(bits), "{algorithm}: {print}");
        let target = format!("{}@node1.example.test", e2e::users::login());
        machine.tool("ssh", &["-F", "out/ssh_config", &target, "true"]).succeeded();
    }
}

#[test]
fn a_second_oneshot_keeps_the_identity_and_replaces_the_key() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let (identity, key) = (machine.read("bot/identity.json"), machine.read("out/key"));
    machine.oneshot().succeeded();
    assert_eq!(machine.read("bot/identity.json"), identity, "a fresh identity isn't touched");
    assert_ne!(machine.read("out/key"), key);
    let counters = cluster.counters();
    assert_eq!((counters.joined, counters.renewed, counters.impersonated, counters.locks), (1, 0, 2, 0));
}

#[test]
fn a_oneshot_that_finds_its_identity_half_used_renews_it_instead_of_joining() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "certificate_ttl: 1m\nrenewal_interval: 1s\n");
    machine.oneshot().succeeded();
    e2e::wait::until("a renewal becomes due", e2e::wait::LONG, || {
        machine.oneshot().succeeded();
        (cluster.counters().renewed > 0).then_some(())
    });
    assert_eq!(cluster.generation("api"), Some(1 + cluster.counters().renewed));
    assert_eq!(cluster.counters().seen(Point::Join), 1);
    assert_eq!(cluster.counters().locks, 0);
}

#[test]
fn a_oneshot_whose_renewal_is_refused_for_now_uses_what_is_valid() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "certificate_ttl: 1m\nrenewal_interval: 1s\n");
    machine.oneshot().succeeded();
    let limit = Fault::Grpc { code: 8, message: "rate limit exceeded".to_owned() };
    cluster.faults().inject(Point::Renew, limit, Times::Always);
    let outcome = e2e::wait::until("a renewal becomes due", e2e::wait::LONG, || {
        let outcome = machine.oneshot().succeeded();
        (cluster.counters().seen(Point::Renew) > 0).then_some(outcome)
    });
    assert!(outcome.stderr.contains("what is valid serves on"), "{}", outcome.stderr);
    assert_eq!((cluster.generation("api"), cluster.counters().locks), (Some(1), 0));
}

#[test]
fn every_output_type_is_written_in_one_go() {
    let cluster = Cluster::with(|builder| {
        builder.kube("kube1").database("db1", "postgres").app("app1", "app1.example.test", "http://localhost:1")
    });
    let machine = Machine::new(&cluster);
    let directory = |name: &str| format!("destination: {{type: directory, path: {}}}", machine.path(name).display());
    machine.configure(
        &cluster,
        &cluster.token(),
        &format!(
            "- type: kubernetes\n  kubernetes_cluster: kube1\n  {}\n- type: database\n  service: db1\n  username: u\n  \
             database: d\n  format: tls\n  {}\n- type: application\n  app_name: app1\n  specific_tls_naming: true\n  {}\n",
            directory("kube"),
            directory("db"),
            directory("app"),
        ),
    );
    machine.oneshot().succeeded();
    assert!(machine.names("kube").contains(&"kubeconfig.yaml".to_owned()));
    for name in ["db", "app"] {
        for file in ["tls.key", "tls.crt", "tls.cas"] {
            assert!(machine.names(name).contains(&file.to_owned()), "{name}: {:?}", machine.names(name));
        }
    }
    // Old database clients take RSA alone, in the form that tbot writes.
    assert!(machine.read("db/tls.key").starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(machine.read("app/tls.key").starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

#[test]
fn the_algorithm_that_was_chosen_holds_for_databases_too_and_mongodbs_file_has_an_rsa_key_without() {
    let cluster = Cluster::with(|builder| builder.database("db1", "mongodb"));
    let machine = Machine::new(&cluster);
    let destination = format!("destination: {{type: directory, path: {}}}", machine.path("db").display());
    let output =
        format!("- type: database\n  service: db1\n  username: u\n  database: d\n  format: mongo\n  {destination}\n");
    machine.configure(&cluster, &cluster.token(), &output);
    for (options, key) in [(&[][..], "RSA PRIVATE KEY"), (&["--key-algorithm", "ecdsa-p256"], "PRIVATE KEY")] {
        let arguments = [&["start", "--oneshot", "-c", "tbot.yaml"], options].concat();
        machine.machine_id(&arguments).succeeded();
        assert!(machine.read("db/mongo.crt").contains(&format!("-----BEGIN {key}-----\n")), "{options:?}");
    }
}

#[test]
fn files_are_private_and_their_directory_too() {
    use std::os::unix::fs::PermissionsExt;
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let mode = |name: &str| machine.path(name).symlink_metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("out"), mode("bot"), mode("bot/identity.json")), (0o700, 0o700, 0o600));
    for name in ["identity", "key", "key-cert.pub", "ssh_config"] {
        assert_eq!(mode(&format!("out/{name}")), 0o600, "{name}");
    }
}

#[test]
fn without_outputs_the_bots_own_identity_is_kept() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml");
    machine.write_config(config.split_once("outputs:").unwrap().0);
    for _ in 0..2 {
        machine.oneshot().succeeded();
        assert!(machine.path("bot/identity.json").exists());
    }
    assert_eq!((cluster.counters().joined, cluster.counters().locks), (1, 0));
}
