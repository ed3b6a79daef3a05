//! tbot's own command line, on this program.

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine};
use nix::sys::signal::Signal;

#[test]
fn the_legacy_options_alone_are_a_configuration() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    e2e::machine::put(&machine.path("token"), &token);
    let proxy = format!("--proxy-server={}", cluster.proxy_address());
    let file = format!("--token={}", machine.path("token").display());
    let ended = machine
        .machine_id(&[
            "start",
            "--oneshot",
            &file,
            &proxy,
            "--join-method=token",
            "--data-dir=D",
            "--destination-dir=O",
            "--certificate-ttl=30m",
            "--renewal-interval=10m",
            "--pid-file=pid",
            "--log-format=json",
            "-d",
        ])
        .succeeded();
    assert!(ended.stderr.lines().all(|line| line.starts_with('{')), "{}", ended.stderr);
    assert!(machine.path("D/identity.json").exists() && machine.path("O/ssh_config").exists());
    assert!(!machine.path("pid").exists());
}

#[test]
fn a_token_that_is_typed_is_warned_of_and_no_longer_to_be_seen() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, "/nowhere", "");
    let token = cluster.token();
    machine.keep_secret([token.clone()]);
    let process = machine.start(&["-c", "tbot.yaml", "start", "--token", &token, "--pid-file", "pid"]);
    until("the output", LONG, || machine.path("out/key").exists().then_some(()));
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", process.id())).unwrap();
    assert!(!line.contains(&token) && line.contains("tbot.yaml"), "{line}");
    assert_eq!(machine.read("pid").trim(), process.id().to_string());
    let stderr = process.stderr();
    assert!(stderr.contains("--token on the command line") && stderr.contains("place of onboarding"), "{stderr}");
    process.signal(Signal::SIGTERM);
    process.wait(LONG).succeeded();
    assert!(!machine.path("pid").exists());
}

#[test]
fn a_joining_uri_that_is_typed_is_warned_of_and_no_longer_to_be_seen() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    machine.keep_secret([token.clone()]);
    let uri = format!("--join-uri=tbot+proxy+token://{token}@{}", cluster.proxy_address());
    let process = machine.start(&["start", &uri, "--data-dir=D", "--destination-dir=out"]);
    until("the output", LONG, || machine.path("out/key").exists().then_some(()));
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", process.id())).unwrap();
    assert!(!line.contains(&token) && line.contains("--data-dir=D"), "{line}");
    let stderr = process.stderr();
    assert!(stderr.contains("--join-uri on the command line"), "{stderr}");
    process.signal(Signal::SIGTERM);
    process.wait(LONG).succeeded();
}

#[test]
fn options_win_over_the_file_and_say_so() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml").replace(&cluster.proxy_address(), "wrong.example.test:443");
    machine.write_config(&config);
    let proxy = cluster.proxy_address();
    let other = machine.path("other").display().to_string();
    let ended = machine
        .machine_id(&["start", "-c", "tbot.yaml", "--oneshot", "--proxy-server", &proxy, "--destination-dir", &other])
        .succeeded();
    assert!(machine.path("other/key").exists() && !machine.path("out").exists());
    for told in ["--proxy-server", "takes the place of proxy_server", "takes the place of all outputs"] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
}

#[test]
fn every_output_that_is_built_has_its_subcommand() {
    let cluster = Cluster::with(|builder| builder.version("18.1.0").kube("prod"));
    for (words, file) in [
        (&["identity", "--reader-user=root"][..], "ssh_config"),
        (&["ssh", "--allow-reissue"][..], "ssh_config"),
        (&["kubernetes", "--kubernetes-cluster=prod", "--disable-exec-plugin"][..], "kubeconfig.yaml"),
        (&["k8s/v2", "--name-selector=prod"][..], "kubeconfig.yaml"),
    ] {
        let machine = Machine::new(&cluster);
        let bot = cluster.token();
        let proxy = cluster.proxy_address();
        e2e::machine::put(&machine.path("token"), &bot);
        let token = machine.path("token").display().to_string();
        let destination = format!("file://{}", machine.path("out").display());
        let mut all = vec!["start", words[0], "--oneshot", "--proxy-server", &proxy, "--token", &token];
        all.extend(["--storage", "memory://", "--destination", &destination]);
        all.extend(&words[1..]);
        machine.machine_id(&all).succeeded();
        assert!(machine.path("out").join(file).exists(), "{words:?}");
    }
}

#[test]
fn what_is_not_built_says_what_to_do_instead() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    for (words, told) in [
        (&["configure", "identity"][..], "`machine-id start` takes the same options"),
        (&["start", "application-tunnel", "--app=x"][..], "`start application-tunnel` of tbot isn't built here"),
        (&["migrate", "-c", "tbot.yaml"][..], "the file can stay as it is"),
        (&["-c", "tbot.yaml", "install", "systemd"][..], "docs/guides/daemon.md has a unit"),
        (&["start", "-c", "tbot.yaml", "--insecure"][..], "--insecure isn't built here"),
        (&["start", "--fips"][..], "no FIPS build exists"),
        (&["init", "--clean"][..], "`init --clean` of tbot isn't built here"),
        (&["start", "identity", "--proxy-server=p:1", "--destination=kubernetes-secret://x"][..], "Kubernetes secrets"),
    ] {
        let ended = machine.machine_id(words);
        assert_eq!(ended.status, Some(2), "{words:?}: {ended:?}");
        assert!(ended.stderr.contains(told), "{words:?}: {}", ended.stderr);
    }
    let version = machine.machine_id(&["version"]).succeeded();
    assert!(version.stdout.starts_with("machine-id "), "{}", version.stdout);
    assert_eq!(cluster.counters().joined, 0);
}
