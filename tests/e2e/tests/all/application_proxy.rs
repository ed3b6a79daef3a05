//! All applications by one HTTP proxy, with stock curl and real servers.

#![allow(clippy::disallowed_methods, reason = "a test's own files, not destinations")]

use std::path::Path;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Outcome, Process};
use nix::sys::signal::Signal;

/// Of the file that is large.
const BIG: usize = 100_000_000;

/// A daemon with a proxy and nothing else, and two applications that answer with their names.
struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
    _servers: Vec<Process>,
}

fn configure(cluster: &Cluster, machine: &Machine, services: &str) {
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
         storage: {{type: directory, path: {}}}\n{services}",
        cluster.proxy_address(),
        cluster.token(),
        machine.path("bot").display(),
    ));
}

/// A web server whose file `name` says its name.
fn serve(cluster: &Cluster, machine: &Machine, name: &str) -> Process {
    let files = machine.path(name);
    std::fs::create_dir(&files).unwrap();
    std::fs::write(files.join("name"), format!("{name}\n")).unwrap();
    let port = teleport_double::free_port().to_string();
    let mut server = machine.command("python3");
    server.args(["-m", "http.server", "--bind", "127.0.0.1", "-d", name, &port]);
    let server = Process::spawn(server);
    cluster.add_app(name, &format!("http://127.0.0.1:{port}"));
    cluster.add_app(&format!("{name}-tcp"), &format!("tcp://127.0.0.1:{port}"));
    until("the server", LONG, || std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok().then_some(()));
    server
}

const BY_TCP: &str = "services: [{type: application-proxy, listen: 'tcp://127.0.0.1:0'}]\n";

fn stage_with(cluster: Cluster, more: &str) -> Stage {
    let machine = Machine::new(&cluster);
    let servers = ["grafana", "wiki"].map(|name| serve(&cluster, &machine, name)).into();
    configure(&cluster, &machine, &format!("{BY_TCP}{more}"));
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the proxy", LONG, || daemon.stderr().contains("HTTP proxy to applications").then_some(()));
    Stage { cluster, machine, daemon, _servers: servers }
}

fn stage() -> Stage {
    stage_with(Cluster::start(), "")
}

impl Stage {
    fn proxy(&self) -> String {
        let log = self.daemon.stderr();
        let line = log.lines().find(|line| line.contains("HTTP proxy to applications")).unwrap();
        let address = line.split("tcp://").nth(1).unwrap().split([' ', '"']).next().unwrap().trim().to_owned();
        format!("http://{address}")
    }

    /// As a user has it: by the variable.
    fn curl(&self, arguments: &[&str]) -> Outcome {
        let mut curl = self.machine.command("curl");
        curl.args(["-sS", "--max-time", "100"]).args(arguments).env("http_proxy", self.proxy());
        self.machine.spawn(curl).wait(LONG)
    }

    fn said(&self, text: &str) -> usize {
        self.daemon.stderr().matches(text).count()
    }
}

fn size(path: &Path) -> usize {
    std::fs::metadata(path).map_or(0, |found| usize::try_from(found.len()).unwrap())
}

#[test]
fn each_application_is_reached_by_its_name_with_its_own_certificate() {
    let stage = stage();
    let issued = || stage.cluster.counters().impersonated;
    let before = issued();
    for name in ["grafana", "wiki"] {
        let answer = stage.curl(&["--fail", &format!("http://{name}/name")]).succeeded();
        assert_eq!(answer.stdout, format!("{name}\n"));
    }
    let after = issued();
    assert!(after > before, "certificates are had when somebody asks");
    // Several by one connection of the client, and a name in other letters with a port.
    let urls = ["http://grafana/name", "http://WIKI:80/name", "http://grafana/name"];
    assert_eq!(stage.curl(&urls).succeeded().stdout, "grafana\nwiki\ngrafana\n");
    assert_eq!(issued(), after, "and kept");
    // A client that speaks by itself, to a web application and to one by TCP.
    for name in ["grafana", "wiki-tcp"] {
        let answer = stage.curl(&["--fail", "--proxytunnel", &format!("http://{name}/name")]).succeeded();
        assert_eq!(answer.stdout, format!("{}\n", name.trim_end_matches("-tcp")));
    }
    assert_eq!(stage.said("every user of this machine can use applications at 127.0.0.1:"), 1);
}

#[test]
fn a_hundred_megabytes_go_through_also_behind_a_balancer() {
    for balanced in [false, true] {
        let stage = stage_with(Cluster::with(|builder| if balanced { builder.behind_balancer() } else { builder }), "");
        std::fs::write(stage.machine.path("grafana/big"), vec![7; BIG]).unwrap();
        stage.curl(&["--fail", "-o", "got", "http://grafana/big"]).succeeded();
        assert_eq!(size(&stage.machine.path("got")), BIG);
        stage.curl(&["--fail", "-o", "got2", "--proxytunnel", "http://grafana/big"]).succeeded();
        assert_eq!(size(&stage.machine.path("got2")), BIG);
    }
}

#[test]
fn who_asks_for_what_there_isnt_is_told_what_there_is() {
    let stage = stage();
    let seen = "these roles see: grafana, grafana-tcp, wiki, wiki-tcp";
    let answer = stage.curl(&["-i", "http://grafan/name"]).succeeded().stdout;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found") && answer.contains(seen), "{answer}");
    assert!(answer.contains("application \"grafan\" is not among those"), "{answer}");
    // The cluster isn't asked at the pace of whoever asks for what isn't there.
    let before = stage.cluster.counters().impersonated;
    let many: Vec<String> = (0..50).map(|number| format!("http://no-{number}/")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(stage.curl(&many).succeeded().stdout.matches(seen).count(), 50);
    assert!(stage.cluster.counters().impersonated <= before + 5, "the cluster was asked for each");
    for (arguments, words) in [
        (&["http://wiki-tcp/name"][..], "501"),
        (&["--proxytunnel", "https://wiki/name"], "501"),
        (&["--proxytunnel", "http://grafan/"], "404"),
    ] {
        let proxy = stage.proxy();
        let common = ["--proxy", &proxy, "-o", "/dev/null", "-w", "%{http_code} %{http_connect}"];
        let answer = stage.curl(&[&common, arguments].concat());
        assert!(answer.stdout.contains(words), "{arguments:?}: {}{}", answer.stdout, answer.stderr);
    }
    assert_eq!(stage.said("not among those"), 0, "that is its client's affair: {}", stage.daemon.stderr());
}

#[test]
fn a_certificate_is_renewed_under_a_running_download() {
    let stage = stage_with(Cluster::start(), "renewal_interval: 1s\n");
    std::fs::write(stage.machine.path("grafana/big"), vec![7; 20_000_000]).unwrap();
    let mut slow = stage.machine.command("curl");
    slow.args(["-sS", "--fail", "--limit-rate", "4M", "-o", "got", "http://grafana/big"]);
    slow.env("http_proxy", stage.proxy());
    let running = Process::spawn(slow);
    let before = stage.cluster.counters().impersonated;
    until("further certificates", LONG, || {
        assert_eq!(stage.curl(&["--fail", "http://grafana/name"]).succeeded().stdout, "grafana\n");
        (stage.cluster.counters().impersonated > before + 1).then_some(())
    });
    running.wait(LONG).succeeded();
    assert_eq!(size(&stage.machine.path("got")), 20_000_000);
}

#[test]
fn a_lock_and_a_restart_of_the_proxy_are_answered_and_told_once() {
    let stage = stage();
    let name = || stage.curl(&["--fail", "http://grafana/name"]);
    name().succeeded();
    stage.cluster.cut_proxy();
    until("the application again", LONG, || (name().status == Some(0)).then_some(()));
    stage.cluster.lock_user("bot-api", "maintenance");
    until("the reason in the log", LONG, || {
        let answer = stage.curl(&["-w", "%{http_code}", "http://grafana/name"]);
        assert!(!answer.stdout.contains("grafana\n"), "{}", answer.stdout);
        (stage.said("[bot_locked]") > 0).then_some(())
    });
    let answer = stage.curl(&["-i", "http://grafana/name"]).stdout;
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway") && answer.contains("[bot_locked]"), "{answer}");
    assert_eq!(stage.said("connections are ended"), 1, "{}", stage.daemon.stderr());
    stage.cluster.unlock_all();
    until("the application after the lock", LONG, || (name().status == Some(0)).then_some(()));
}

#[test]
fn a_command_gets_the_proxy_and_its_end_closes_it() {
    let stage = stage();
    stage.daemon.signal(Signal::SIGTERM);
    let proxy = stage.proxy();
    assert_eq!(stage.daemon.wait(LONG).status, Some(0));
    let address = proxy.trim_start_matches("http://");
    assert!(std::net::TcpStream::connect(address).is_err(), "somebody still listens");

    let socket = stage.machine.path("run/apps").display().to_string();
    let both = "curl -sS --fail --proxy \"$MACHINE_ID_HTTP_PROXY\" http://wiki/name";
    for (listen, script) in [
        ("tcp://127.0.0.1:0".to_owned(), both),
        (format!("unix://{socket}"), "curl -sS --fail --unix-socket \"$MACHINE_ID_HTTP_PROXY\" http://wiki/name"),
    ] {
        let services = format!("services: [{{type: application-proxy, listen: '{listen}'}}]\n");
        configure(&stage.cluster, &stage.machine, &services);
        let ended = stage.machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", script]).succeeded();
        assert_eq!(ended.stdout, "wiki\n");
    }
}
