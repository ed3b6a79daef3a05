//! Several Kubernetes clusters in one output: kubectl, curl, helm, refusals.

use std::collections::BTreeSet;
use std::time::Duration;

use e2e::machine::put;
use e2e::wait::{LONG, PROMPT, until};
use e2e::{Cluster, Machine, Process, Stage};
use teleport_double::{Fault, Point, Role, Times};

const ODD: [&str; 4] = ["../x", "a b", "arn:aws:eks:eu-west-1:1234:cluster/prod", "--cluster"];

/// An output of `lines` in `kube`, beside the identity's.
fn configure(cluster: &Cluster, machine: &Machine, token: &str, lines: &str) {
    let directory = machine.path("kube");
    let output =
        format!("- type: kubernetes/v2\n  destination: {{type: directory, path: {}}}\n{lines}", directory.display());
    machine.configure(cluster, token, &output);
}

fn named(names: &[&str]) -> String {
    let names: String = names.iter().map(|name| format!("  - name: {}\n", serde_json::json!(name))).collect();
    format!("  selectors:\n{names}")
}

/// Two clusters with their files on a machine.
fn ready() -> (Cluster, Machine) {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let mut machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), &named(&["kube1", "kube2"]));
    machine.oneshot().succeeded();
    machine.set("KUBECONFIG", "kube/kubeconfig.yaml");
    (cluster, machine)
}

/// Which cluster answers, as the double's Kubernetes API says.
#[track_caller]
fn answering(machine: &Machine, options: &[&str]) -> String {
    let query = ["get", "namespace", "default", "-o", r"jsonpath={.metadata.annotations.teleport-double/cluster}"];
    machine.tool("kubectl", &[options, &query].concat()).succeeded().stdout
}

#[test]
fn kubectl_reaches_each_cluster_by_its_context_and_the_first_without_one() {
    let (cluster, machine) = ready();
    assert_eq!(answering(&machine, &[]), "kube1");
    for name in ["kube2", "kube1"] {
        assert_eq!(answering(&machine, &["--context", &format!("example.test-{name}")]), name);
    }
    // Identity, and one for each Kubernetes cluster.
    assert_eq!(cluster.counters().impersonated, 3);
    assert_ne!(machine.read("kube/kube-kube1/tls.key"), machine.read("kube/kube-kube2/tls.key"));
}

#[test]
fn clusters_with_odd_names_stay_in_the_directory_and_work() {
    let cluster = Cluster::with(|builder| ODD.iter().fold(builder, |builder, name| builder.kube(name)));
    let mut machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), &named(&ODD));
    let told = machine.oneshot().succeeded();
    assert!(told.stderr.contains("outputs[1]: is for Kubernetes cluster \"../x\""), "{}", told.stderr);
    machine.set("KUBECONFIG", "kube/kubeconfig.yaml");
    for name in ODD {
        let context = format!("--context=example.test-{name}");
        assert_eq!(answering(&machine, &[&context]), name);
    }
    let folders = machine.names("kube").into_iter().filter(|name| name.starts_with("kube-")).count();
    assert_eq!(folders, ODD.len());
    assert!(!machine.path("x").exists() && !machine.path("kube/x").exists());
}

#[test]
fn clusters_are_selected_by_label_too_and_each_is_there_once() {
    let cluster = Cluster::with(|builder| {
        let prod = |builder: teleport_double::Builder, name, tier| {
            builder.labelled_kube(name, &[("env", "prod"), ("tier", tier)])
        };
        prod(prod(builder.kube("test"), "prod-b", "1"), "prod-a", "2")
    });
    let mut machine = Machine::new(&cluster);
    let token = cluster.token();
    let selectors = "  selectors:\n  - name: prod-b\n    default_namespace: team\n  - labels: {env: prod}\n";
    configure(&cluster, &machine, &token, &format!("{selectors}  context_name_template: 'x-{{{{.KubeName}}}}'\n"));
    machine.oneshot().succeeded();
    machine.set("KUBECONFIG", "kube/kubeconfig.yaml");
    let contexts = machine.tool("kubectl", &["config", "get-contexts", "-o", "name"]).succeeded().stdout;
    assert_eq!(contexts.lines().collect::<BTreeSet<_>>(), ["x-prod-a", "x-prod-b"].into());
    assert_eq!(answering(&machine, &["--context", "x-prod-a"]), "prod-a");
    let namespace = machine.tool("kubectl", &["config", "view", "--minify", "-o", "jsonpath={..namespace}"]);
    assert_eq!(namespace.succeeded().stdout, "team");
    configure(&cluster, &machine, &token, "  selectors: [{labels: {env: prod, tier: '3'}}]\n");
    machine.oneshot().refused(1, "target_unknown", &["api-workers", "labels"]);
}

#[test]
fn without_the_exec_plugin_kubectl_needs_nothing_but_the_kubeconfig() {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let mut machine = Machine::new(&cluster);
    configure(
        &cluster,
        &machine,
        &cluster.token(),
        &format!("{}  disable_exec_plugin: true\n", named(&["kube1", "kube2"])),
    );
    machine.oneshot().succeeded();
    put(&machine.path("copy"), &machine.read("kube/kubeconfig.yaml"));
    std::fs::remove_dir_all(machine.path("kube")).unwrap();
    machine.set("KUBECONFIG", "copy");
    assert_eq!(answering(&machine, &["--context", "example.test-kube2"]), "kube2");
}

#[test]
fn curl_reaches_each_cluster_with_its_certificate() {
    let (cluster, machine) = ready();
    let name = cluster.kube_server_name();
    let proxy = cluster.proxy_address();
    let port = proxy.rsplit_once(':').unwrap().1;
    let to = format!("{name}:{port}:{proxy}");
    let url = format!("https://{name}:{port}/api/v1/namespaces/default");
    for kube in ["kube1", "kube2"] {
        let file = |file: &str| format!("kube/kube-{kube}/{file}");
        let (cas, certificate, key) = (file("tls.cas"), file("tls.crt"), file("tls.key"));
        let options = ["-sS", "--fail", "--connect-to", &to, "--cacert", &cas, "--cert", &certificate, "--key", &key];
        let answer = machine.tool("curl", &[&options[..], &[&url]].concat()).succeeded().stdout;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["metadata"]["annotations"]["teleport-double/cluster"], kube);
    }
}

#[test]
fn helm_reaches_each_cluster() {
    let (_cluster, machine) = ready();
    if std::process::Command::new("helm").arg("version").output().is_err() {
        eprintln!("SKIPPED: helm is not installed, the kubeconfig was not used by it");
        return;
    }
    for name in ["kube1", "kube2"] {
        let context = format!("example.test-{name}");
        let listed = machine.tool("helm", &["list", "--kube-context", &context]).succeeded();
        assert!(listed.stdout.starts_with("NAME"), "{}", listed.stdout);
    }
}

#[test]
fn a_command_finds_all_clusters_in_one_kubeconfig() {
    let (_cluster, mut machine) = ready();
    machine.set("KUBECONFIG", "");
    let script = "echo \"$KUBECONFIG\"; kubectl config get-contexts -o name";
    let run = ["run", "-c", "tbot.yaml", "--output", "kubernetes", "--", "sh", "-c", script];
    let ended = machine.machine_id(&run).succeeded();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].ends_with("/kubeconfig.yaml") && !lines[0].contains(':'), "{lines:?}");
    assert_eq!(lines[1..], ["example.test-kube1", "example.test-kube2"]);
}

/// What `kubectl proxy` was told: a port of its own.
fn port(process: &Process) -> u16 {
    until("the port of kubectl proxy", LONG, || {
        process.stdout().lines().next()?.rsplit_once(':').and_then(|(_, port)| port.trim().parse().ok())
    })
}

#[test]
fn a_long_kubectl_gets_fresh_certificates_for_every_context() {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let role = Role::new("api-workers").logins(&[&e2e::users::login()]).max_session_ttl(Duration::from_secs(30));
    cluster.set_role(role);
    let mut machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), &named(&["kube1", "kube2"]));
    let _daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the kubeconfig", LONG, || machine.path("kube/kubeconfig.yaml").exists().then_some(()));
    machine.set("KUBECONFIG", "kube/kubeconfig.yaml");
    // With fresh certificates kubectl closes its connections; a request that is under way over HTTP/2 then isn't repeated.
    machine.set("DISABLE_HTTP2", "1");
    let sessions: Vec<(&str, Process, u16)> = ["kube1", "kube2"]
        .into_iter()
        .map(|name| {
            let process =
                machine.start_tool("kubectl", &["proxy", "--port=0", "--context", &format!("example.test-{name}")]);
            let port = port(&process);
            (name, process, port)
        })
        .collect();
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    until("two certificates in each session", LONG, || {
        for ((name, process, port), seen) in sessions.iter().zip(&mut seen) {
            let url = format!("http://127.0.0.1:{port}/api/v1/namespaces/default");
            let ended = machine.tool("curl", &["-sS", &url]);
            // The instant at which kubectl changes connections may cost a request its answer; the next one has it.
            let annotations = serde_json::from_str(&ended.stdout)
                .map(|mut answer: serde_json::Value| answer["metadata"]["annotations"].take())
                .unwrap_or_default();
            if annotations["teleport-double/cluster"] != *name {
                eprintln!("{name}: {ended:?}\n{}", process.stderr());
                continue;
            }
            seen.insert(annotations["teleport-double/expires"].to_string());
        }
        seen.iter().all(|seen| seen.len() >= 2).then_some(())
    });
}

#[test]
fn certificates_for_several_clusters_are_asked_for_at_once() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let cluster = Cluster::with(|builder| names.iter().fold(builder, |builder, name| builder.kube(name)));
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    machine.configure(&cluster, &token, "");
    machine.oneshot().succeeded();
    configure(&cluster, &machine, &token, &named(&names));
    cluster.faults().inject(Point::Impersonate, Fault::Delay(Duration::from_secs(5)), Times::Always);
    // One after the other they would take 35 s.
    machine.start(&["start", "--oneshot", "-c", "tbot.yaml"]).wait(PROMPT).succeeded();
}

#[test]
fn wrong_names_are_all_named_beside_those_that_there_are() {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let machine = Machine::new(&cluster);
    let token = cluster.token();
    configure(&cluster, &machine, &token, &named(&["kube1", "nosuch", "kube2", "nor-this"]));
    let facts = ["\"nosuch\", \"nor-this\" are not among", "these roles see: kube1, kube2"];
    machine.oneshot().refused(1, "target_unknown", &facts);
    configure(&cluster, &machine, &token, &named(&["kube1", "nosuch"]));
    let facts = ["\"nosuch\" is not among those that the roles see in cluster \"example.test\"", "see: kube1, kube2"];
    machine.oneshot().refused(1, "target_unknown", &facts);
    assert!(!machine.path("kube/kubeconfig.yaml").exists());
}

#[test]
fn clusters_that_the_role_does_not_allow_are_refused_in_the_same_words() {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2").kube("kube3"));
    let role = Role::new("api-workers").logins(&[&e2e::users::login()]);
    cluster.set_role(role.clone().only_kubes(&["kube2"]));
    let machine = Machine::new(&cluster);
    configure(&cluster, &machine, &cluster.token(), &named(&["kube2", "kube3"]));
    let facts = ["\"kube3\" is not among those that the roles see in cluster \"example.test\"", "roles see: kube2"];
    machine.oneshot().refused(1, "target_unknown", &facts);
    cluster.set_role(role.only_kubes(&[]));
    machine.oneshot().refused(1, "target_unknown", &["\"kube2\", \"kube3\" are not among", "see none at all"]);
}

#[test]
fn kube_credentials_say_which_clusters_a_directory_has() {
    let (_cluster, machine) = ready();
    let ask =
        |directory, name| machine.machine_id(&["kube-credentials", "--destination-dir", directory, "--cluster", name]);
    ask("kube", "kube3").refused(1, "target_unknown", &["kube has no certificate", "\"kube3\"", "kube1, kube2"]);
    ask("kube", "../kube1").refused(1, "target_unknown", &["kube1, kube2"]);
    ask("out", "kube1").refused(1, "target_unknown", &["out has no certificate"]);
    ask("nosuch", "kube1").refused(1, "config_unreadable", &["nosuch/identity"]);
}

#[test]
fn clusters_are_looked_up_once_for_all_certificates_of_an_output() {
    let (cluster, machine) = ready();
    assert_eq!(cluster.counters().seen(Point::ListResources), 1);
    configure(&cluster, &machine, &cluster.token(), "  selectors: [{name: kube1}, {labels: {env: prod}}]\n");
    machine.oneshot().succeeded();
    // The labels are another one.
    assert_eq!(cluster.counters().seen(Point::ListResources), 3);
}

#[test]
fn clusters_that_cannot_be_looked_up_are_taken_at_their_word() {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let machine = Machine::new(&cluster);
    cluster.faults().inject(Point::ListResources, Fault::Http { status: 503, retry_after: None }, Times::Always);
    configure(&cluster, &machine, &cluster.token(), &named(&["kube1", "kube2"]));
    machine.oneshot().succeeded();
    assert!(machine.path("kube/kube-kube2/tls.key").exists());
}

#[test]
fn keys_for_clusters_that_are_no_longer_wished_do_not_stay() {
    let (cluster, machine) = ready();
    let token = cluster.token();
    std::fs::create_dir(machine.path("kube/kube-mine")).unwrap();
    put(&machine.path("kube/kube-mine/notes"), "mine");
    let folders = || Vec::from_iter(machine.names("kube").into_iter().filter(|name| name.starts_with("kube-")));
    cluster.add_kube("kube3");
    configure(&cluster, &machine, &token, &named(&["kube3", "kube2"]));
    machine.oneshot().succeeded();
    assert_eq!(folders(), ["kube-kube2", "kube-kube3", "kube-mine"]);
    configure(&cluster, &machine, &token, &named(&["kube2"]));
    machine.oneshot().succeeded();
    assert_eq!(folders(), ["kube-mine"]);
    assert_eq!(answering(&machine, &[]), "kube2");
}

#[test]
fn a_directory_that_stays_of_what_once_were_several_clusters_does_not_hide_the_fresh_certificate() {
    let (cluster, mut machine) = ready();
    put(&machine.path("before"), &machine.read("kube/kubeconfig.yaml"));
    for (file, text) in [("notes", "mine"), ("identity", "old")] {
        put(&machine.path(&format!("kube/kube-kube2/{file}")), text);
    }
    configure(&cluster, &machine, &cluster.token(), &named(&["kube2"]));
    machine.oneshot().succeeded();
    assert_eq!(machine.read("kube/kube-kube2/identity"), "old");
    // It asks for the certificate of that very cluster.
    machine.set("KUBECONFIG", "before");
    assert_eq!(answering(&machine, &["--context", "example.test-kube2"]), "kube2");
}
