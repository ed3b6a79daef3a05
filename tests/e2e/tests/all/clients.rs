//! What the files are for: stock ssh, scp, sftp, git and kubectl.

use e2e::{Cluster, Machine, users};

fn target() -> String {
    format!("{}@node1.example.test", users::login())
}

/// A cluster with a real sshd, and a machine that has its certificates.
fn ready() -> (Cluster, Machine) {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    (cluster, machine)
}

#[test]
fn ssh_checks_the_host_strictly_and_runs_a_command() {
    let (cluster, machine) = ready();
    let strict = ["-F", "out/ssh_config", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"];
    let target = target();
    let arguments = [&strict[..], &[&target, "echo out; echo err >&2; exit 7"]].concat();
    let ended = machine.tool("ssh", &arguments);
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(7), "out\n"));
    // A login shell's own files may say something before.
    assert!(ended.stderr.ends_with("err\n"), "{}", ended.stderr);
    let log = cluster.node.as_ref().unwrap().log();
    assert!(log.contains("Accepted publickey") && log.contains("-CERT"), "{log}");
}

#[test]
fn git_clones_over_ssh() {
    let (_cluster, mut machine) = ready();
    let script = "git init -q source && cd source && echo hello > file && git add file && \
                  git -c user.name=e2e -c user.email=e2e@example.test commit -qm one";
    machine.tool("sh", &["-c", script]).succeeded();
    machine.set("GIT_SSH_COMMAND", "ssh -F out/ssh_config");
    let url = format!("ssh://{}{}", target(), machine.path("source").display());
    machine.tool("git", &["clone", "-q", &url, "copy"]).succeeded();
    assert_eq!(machine.read("copy/file"), "hello\n");
}

#[test]
fn a_host_with_a_certificate_of_another_ca_is_refused() {
    let other = Cluster::start();
    let cluster = Cluster::start().and_node_certified_by(&other);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let ended = machine.tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", &target(), "true"]);
    ended.refused_its_host();
}

#[test]
fn a_certificate_of_another_cluster_opens_no_session() {
    let other = Cluster::start();
    // The node trusts the users of another cluster only.
    let cluster = Cluster::start();
    let directory = tempfile::tempdir().unwrap();
    let node = e2e::node::Node::start(directory.path(), &other, &cluster, "node1.example.test");
    cluster.add_node("node1", &node.address);
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    let ended = machine.tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", &target(), "true"]);
    assert!(ended.status == Some(255) && ended.stderr.contains("Permission denied"), "{ended:?}");
}

#[test]
fn an_unknown_host_is_named_in_one_line() {
    let (_cluster, machine) = ready();
    let ended =
        machine.tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", "root@nosuch.example.test", "true"]);
    let ours: Vec<_> = ended.stderr.lines().filter(|line| line.starts_with("machine-id: ")).collect();
    assert_eq!((ended.status, ours.len()), (Some(255), 1), "{}", ended.stderr);
    assert!(ours[0].contains("nosuch") && ours[0].ends_with("[host_unreachable]"), "{}", ours[0]);
}

#[test]
fn ssh_works_with_files_that_were_made_at_the_auth_server() {
    let cluster = Cluster::start().and_node();
    let mut machine = Machine::new(&cluster);
    let (bot, out) = (machine.path("bot"), machine.path("out"));
    machine.write_config(&format!(
        "version: v2\nauth_server: {}\nonboarding: {{join_method: token, token: {}, ca_pins: [\"{}\"]}}\n\
         storage: {{type: directory, path: {}}}\noutputs:\n- {{type: identity, destination: {{type: directory, path: {}}}}}\n",
        cluster.auth_address(),
        cluster.token(),
        cluster.ca_pin(),
        bot.display(),
        out.display(),
    ));
    machine.oneshot().succeeded();
    // The proxy is recognised by its web certificate or by the cluster's CA; it has no other way to be known here.
    machine.set("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    machine.tool("ssh", &["-F", "out/ssh_config", "-o", "BatchMode=yes", &target(), "true"]).succeeded();
}

fn kubernetes() -> (Cluster, Machine) {
    let cluster = Cluster::with(|builder| builder.kube("kube1").kube("kube2"));
    let machine = Machine::new(&cluster);
    let directory = machine.path("kube");
    let output = format!(
        "- type: kubernetes\n  kubernetes_cluster: kube1\n  destination: {{type: directory, path: {}}}\n",
        directory.display()
    );
    machine.configure(&cluster, &cluster.token(), &output);
    machine.oneshot().succeeded();
    (cluster, machine)
}

#[test]
fn kubectl_lists_the_pods() {
    let (_cluster, mut machine) = kubernetes();
    machine.set("KUBECONFIG", "kube/kubeconfig.yaml");
    let pods = machine.tool("kubectl", &["get", "pods"]).succeeded();
    assert!(pods.stdout.contains("Running"), "{}", pods.stdout);
    let me = machine.tool("kubectl", &["auth", "whoami", "-o", "jsonpath={.status.userInfo.groups}"]);
    if me.status == Some(0) {
        assert!(me.stdout.contains("system:masters"), "{}", me.stdout);
    }
}

#[test]
fn kube_credentials_are_an_exec_credential_with_the_certificate_of_that_cluster() {
    let (_cluster, machine) = kubernetes();
    let mut command = machine.command(e2e::program::program().to_str().unwrap());
    command.args(["kube-credentials", "--destination-dir", "kube"]);
    // The one command whose output is a key, so it isn't run under the watch for secrets.
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["kind"], "ExecCredential");
    assert_eq!(json["apiVersion"], "client.authentication.k8s.io/v1beta1");
    assert!(json["status"]["clientCertificateData"].as_str().unwrap().contains("BEGIN CERTIFICATE"));
    assert!(json["status"]["clientKeyData"].as_str().unwrap().contains("PRIVATE KEY"));
    assert!(json["status"]["expirationTimestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn kube_credentials_without_files_say_so() {
    let machine = Machine::new(&Cluster::start());
    let ended = machine.machine_id(&["kube-credentials", "--destination-dir", "nosuch"]);
    ended.refused(1, "config_unreadable", &["nosuch/identity"]);
}
