//! Where what a lease gives lies, and which variables tell: `contract/layout.json`, from which the controller's
//! own derivation is tested too. `BLESS=1` writes the file instead of comparing.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::{LeaseRequest, PROGRAM};
use crate::config::{AcquireRequest, OutputKind};
use crate::destination;
use crate::engine::OpenTunnel;
use crate::output::{ClusterFacts, kube_directory};
use crate::tunnel::{self, Begins, LONGEST_NAME, Reached, socket_names};
use crate::version::Version;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contract/layout.json");
const ID: &str = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";
const PROXY: &str = "teleport.example.com:443";

/// What the leases are for, and where they lie.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let tmp = "/home/jenkins/agent/workspace/job@tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8";
    let quoted = "/home/jenkins/it's a \"work$space\"/ä/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8";
    let long = "x".repeat(101);
    let database = |service: &str| json!({"type": "database", "service": service, "username": "app", "database": "app", "format": "tls"});
    vec![
        ("an identity", tmp, json!([{"type": "identity"}])),
        ("an identity in a directory that shells would read otherwise", quoted, json!([{"type": "identity"}])),
        ("one Kubernetes cluster", tmp, json!([{"type": "kubernetes", "kubernetes_cluster": "prod"}])),
        (
            "several Kubernetes clusters",
            tmp,
            json!([{"type": "kubernetes", "kubernetes_clusters": ["prod", "eu/staging 1"]}]),
        ),
        (
            "an identity and a Kubernetes cluster",
            tmp,
            json!([
            {"type": "identity"}, {"type": "kubernetes", "kubernetes_cluster": "prod"}]),
        ),
        (
            "two Kubernetes outputs after a database",
            tmp,
            json!([
            database("pg"),
            {"type": "kubernetes", "kubernetes_cluster": "arn:aws:eks:eu-west-1:1234:cluster/prod"},
            {"type": "kubernetes", "kubernetes_clusters": ["staging", "tést", long]}]),
        ),
        (
            "an identity that isn't the first",
            tmp,
            json!([
            {"type": "application", "app": "grafana", "specific_tls_naming": true}, {"type": "identity"}]),
        ),
        (
            "names that need a hash",
            tmp,
            json!([
            {"type": "identity"}, database("../etc/passwd"), database(&long), database("über db"), database("a~b"),
            {"type": "application", "app": ".."}, {"type": "application", "app": "a:b"}]),
        ),
        ("a database alone", tmp, json!([database("pg")])),
    ]
}

fn case(name: &str, directory: &str, outputs: &Value) -> Value {
    let json = json!({
        "lease": ID, "identity": "api", "directory": directory, "outputs": outputs,
    });
    let request = LeaseRequest::from(AcquireRequest::from_json(json.to_string().as_bytes()).unwrap().0);
    assert!(request.portable);
    let cluster = ClusterFacts {
        name: "example.test".to_owned(),
        server_version: Version::parse("15.0.0"),
        proxy_host: "teleport.example.com".to_owned(),
        proxy_address: PROXY.to_owned(),
        ssh_address: PROXY.to_owned(),
        tls_routing: true,
        connection_upgrade: false,
        kube_address: PROXY.to_owned(),
    };
    let helper = request.directory().join(PROGRAM);
    let environment = request.environment(&cluster, &helper, expires_at()).unwrap();
    let places: Vec<Value> = request.placements.iter().map(|one| place(&one.directory.path, &one.kind)).collect();
    json!({"name": name, "directory": directory, "outputs": outputs, "places": places, "environment": environment})
}

/// Tunnels as they are asked for and as they were opened, where the lease lies.
fn tunnel_cases() -> Vec<(&'static str, String, Value, Value)> {
    let database = |service: &str, port: Option<u16>| match port {
        Some(port) => {
            json!({"type": "database", "service": service, "username": "ci@corp", "database": "or/ders", "port": port})
        }
        None => json!({"type": "database", "service": service, "username": "ci@corp", "database": "or/ders"}),
    };
    let application = |app: &str| json!({"type": "application", "app": app});
    let opened = |all: &[(&str, u16)]| -> Value {
        all.iter().map(|(protocol, port)| json!({"protocol": protocol, "port": port, "kept": false})).collect()
    };
    // The folder of a lease's directory of so many bytes.
    let at = |length: usize| format!("/{}/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8", "w".repeat(length - 45));
    let short = "/home/jenkins/agent/workspace/job@tmp/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8".to_owned();
    let both = json!([database("pg", None), database("my", None)]);
    let many = json!([
        database("pg-main", None),
        database("pg.main", None),
        application("grafana"),
        database("mongo", None),
        database("roach", None),
        application("r\u{e4}w/1"),
        database("my", None),
        database("cache", None)
    ]);
    let spoken = [
        ("postgres", 0),
        ("postgres", 0),
        ("http", 0),
        ("mongodb", 0),
        ("cockroachdb", 0),
        ("tcp", 0),
        ("mysql", 0),
        ("redis", 0),
    ];
    vec![
        ("one of each client", short.clone(), both.clone(), opened(&[("postgres", 0), ("mysql", 0)])),
        ("several of a kind", short.clone(), many, opened(&spoken)),
        (
            "ports",
            short,
            json!([database("pg", Some(0)), database("my", Some(0)), {"type": "application", "app": "grafana", "port": 0},
                database("clicks", Some(0)), database("mongo", Some(0)), database("cache", Some(0)), database("ms", Some(0))]),
            opened(&[
                ("postgres", 1024),
                ("mysql", 65535),
                ("http", 43210),
                ("clickhouse-http", 43211),
                ("mongodb", 43212),
                ("redis", 43213),
                ("sqlserver", 43214),
            ]),
        ),
        ("the longest path that serves itself", at(93), both.clone(), opened(&[("postgres", 0), ("mysql", 0)])),
        ("a link beside the directory", at(94), both.clone(), opened(&[("postgres", 0), ("mysql", 0)])),
        ("the longest path with one", at(125), both.clone(), opened(&[("postgres", 0), ("mysql", 0)])),
        (
            "a comma in the directory",
            "/home/jenkins/workspace/a,b/machine-id-9f0c5a1e2b3d4f60718293a4b5c6d7e8".to_owned(),
            both.clone(),
            opened(&[("postgres", 0), ("mysql", 0)]),
        ),
        ("a link below /tmp", at(126), both, opened(&[("postgres", 0), ("mysql", 0)])),
    ]
}

fn tunnel_case(name: &str, directory: &str, tunnels: &Value, opened: &Value) -> Value {
    let json = json!({"lease": ID, "identity": "api", "directory": directory, "tunnels": tunnels});
    let request = LeaseRequest::from(AcquireRequest::from_json(json.to_string().as_bytes()).unwrap().0);
    let spoken: Vec<&str> = opened.as_array().unwrap().iter().map(|one| one["protocol"].as_str().unwrap()).collect();
    let kinds = request.tunnels.iter().map(|tunnel| &tunnel.kind);
    let names = socket_names(kinds.zip(spoken.iter().copied()));
    let way = destination::way(request.directory(), ID, LONGEST_NAME);
    let reached: Vec<Reached> = request
        .tunnels
        .iter()
        .zip(spoken)
        .zip(names)
        .enumerate()
        .map(|(at, ((tunnel, protocol), socket))| {
            let begins = match opened[at]["port"].as_u64().unwrap() {
                0 => Begins::Unix(way.join(socket)),
                port => Begins::Tcp(([127, 0, 0, 1], u16::try_from(port).unwrap()).into()),
            };
            Reached { kind: tunnel.kind.clone(), protocol: protocol.to_owned(), begins }
        })
        .collect();
    let told: Vec<OpenTunnel> = reached.iter().map(|one| OpenTunnel::new(one, false)).collect();
    assert_eq!(&json!(told), opened);
    let environment = tunnel::environment(&reached);
    json!({"name": name, "directory": directory, "tunnels": tunnels, "opened": opened, "environment": environment})
}

/// An output's directory, and below it those of its clusters, if it has several.
fn place(directory: &Path, kind: &OutputKind) -> Value {
    let mut clusters = Map::new();
    if let OutputKind::Kubernetes(output) = kind
        && output.names().count() > 1
    {
        clusters = output.names().map(|name| (name.to_owned(), json!(kube_directory(directory, name)))).collect();
    }
    json!({"directory": directory, "clusters": clusters})
}

/// 2026-11-21T20:37:33Z, the time in the contract's other files.
fn expires_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_293_453)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a source file, written by a developer on request")]
fn the_layout_of_a_lease_is_the_file_of_the_contract() {
    let leases: Vec<Value> = cases().iter().map(|(name, directory, outputs)| case(name, directory, outputs)).collect();
    let tunnels: Vec<Value> = tunnel_cases()
        .iter()
        .map(|(name, directory, tunnels, opened)| tunnel_case(name, directory, tunnels, opened))
        .collect();
    let layout = json!({
        "proxy": PROXY, "expires_at": "2026-11-21T20:37:33Z", "lease": ID, "leases": leases, "tunnels": tunnels,
    });
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&layout).unwrap();
        std::fs::write(FILE, format!("{text}\n")).unwrap();
    }
    let stored: Value = serde_json::from_slice(&std::fs::read(FILE).unwrap()).unwrap();
    assert_eq!(stored, layout, "run `BLESS=1 cargo test -p machine-id --lib layout` and commit the result");
}
