//! The examples for Kubernetes (`docs/examples/kubernetes`), as they are: what they name fits together, and their pods run,
//! each container in namespaces of its own. What runs as the agent there is the command: it joins, and writes the files of a
//! block where the plugin would.

use std::path::Path;

use e2e::node::Node;
use e2e::pod::{ServiceAccountToken, can_be_made};
use e2e::{Cluster, Issuer, Outcome, Pod, Stage, machine, program, users};
use teleport_double::{SignedOptions, TokenOptions};
use yaml_rust2::{Yaml, YamlLoader};

const BY_POD: &str = "pod-kubernetes-join.yaml";
const BY_JENKINS: &str = "pod-signed-by-jenkins.yaml";
/// Where the plugin puts what belongs to a block of job `app`.
const TEMPORARY: &str = "/home/jenkins/agent/workspace/app@tmp";

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/kubernetes").join(name))
        .unwrap()
}

fn resources(name: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&read(name)).unwrap()
}

fn of_kind<'a>(resources: &'a [Yaml], kind: &str) -> &'a Yaml {
    resources.iter().find(|resource| resource["kind"].as_str() == Some(kind)).unwrap()
}

fn text(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("not text: {yaml:?}"))
}

/// An identity of `jenkins.yaml`.
fn identity(id: &str) -> (Yaml, Yaml) {
    let plugin = resources("jenkins.yaml").remove(0)["unclassified"]["machineId"].clone();
    let all = plugin["identities"].as_vec().unwrap();
    let identity = all.iter().find(|identity| identity["id"].as_str() == Some(id)).unwrap().clone();
    (plugin["clusters"][0].clone(), identity)
}

/// Namespace and name of the pods' service account.
fn account() -> (String, String) {
    let rbac = resources("rbac.yaml");
    let account = &of_kind(&rbac, "ServiceAccount")["metadata"];
    (text(&account["namespace"]).to_owned(), text(&account["name"]).to_owned())
}

/// A cluster of the name that the examples use, its host `node1`, and who signs.
struct World {
    cluster: Cluster,
    issuer: Issuer,
    /// It runs as long as this.
    _node: Node,
    _files: tempfile::TempDir,
}

impl World {
    fn of(cluster: &str) -> Self {
        let name = cluster.to_owned();
        let cluster = Cluster::with(|builder| builder.cluster(&name));
        let files = tempfile::tempdir().unwrap();
        let node = Node::start(&files.path().join("node1"), &cluster, &cluster, &format!("node1.{name}"));
        cluster.add_node("node1", &node.address);
        Self { cluster, issuer: Issuer::new(), _node: node, _files: files }
    }

    /// A token resource for whom a rule names.
    fn let_in(&self, token: &str, rule: &str) {
        let signed = SignedOptions { method: "kubernetes".into(), jwks: self.issuer.jwks(), allow: vec![rule.into()] };
        let options = TokenOptions { name: token.into(), signed: Some(signed), ..TokenOptions::default() };
        assert_eq!(self.cluster.new_token_with("api", options), token);
    }

    /// A pod of an example, in whose volumes lie the program (as the helper of a block would), a configuration, and the CA.
    fn pod(&self, example: &str, token: &str) -> Pod {
        let (namespace, _) = account();
        let signed = |asked: &ServiceAccountToken| {
            self.issuer.service_account(&namespace, &asked.account, &asked.audience, asked.seconds)
        };
        let pod = Pod::start(&read(example), signed);
        let temporary = pod.volume("builds").join("app@tmp");
        std::fs::create_dir(&temporary).unwrap();
        program::copy(program::program(), &temporary.join("machine-id"));
        machine::put(&temporary.join("ca.pem"), &std::fs::read_to_string(self.cluster.web_ca()).unwrap());
        let config = format!(
            "version: v2\nproxy_server: {}\nonboarding: {{join_method: kubernetes, token: {token}}}\nstorage: {{type: memory}}\n\
             outputs:\n- type: identity\n  destination: {{type: directory, path: {TEMPORARY}/block}}\n",
            self.cluster.proxy_address(),
        );
        machine::put(&temporary.join("tbot.yaml"), &config);
        users::prepare("chown", &["-R", "1000:1000", temporary.to_str().unwrap()]);
        pod
    }

    /// The agent's container asks for certificates.
    fn join(&self, pod: &Pod, more: &[(&str, &str)]) -> Outcome {
        let ca = format!("{TEMPORARY}/ca.pem");
        let more: Vec<_> = [("SSL_CERT_FILE", ca.as_str())].into_iter().chain(more.iter().copied()).collect();
        pod.run_in("jnlp", &[], &more, &format!("{TEMPORARY}/machine-id start --oneshot -c {TEMPORARY}/tbot.yaml"))
    }

    /// The build's container uses what the agent's has written, and sees nothing else of the agent.
    fn assert_build_works(&self, pod: &Pod) {
        let host = format!("{}@node1.{}", users::login(), (*self.cluster).cluster());
        let ssh = format!(
            "ssh -F {TEMPORARY}/block/ssh_config -o BatchMode=yes -o StrictHostKeyChecking=yes {host} echo there"
        );
        let ca = format!("{TEMPORARY}/ca.pem");
        let said = pod.run_in("build", &[], &[("SSL_CERT_FILE", &ca)], &ssh).succeeded();
        assert_eq!(said.stdout.trim(), "there");
        let seen = pod.run_in("build", &[], &[], "ls /home/jenkins/agent; ls /var/run/secrets 2>&1").stdout;
        assert!(seen.starts_with("workspace\n") && !seen.contains("teleport\n"), "{seen}");
    }
}

#[test]
fn what_the_examples_name_fits_together() {
    let (cluster, pods) = identity("pods");
    let address = text(&cluster["address"]).split(':').next().unwrap().to_owned();
    let token = resources("teleport.yaml");
    let token = of_kind(&token, "token");
    assert_eq!(text(&pods["join"]["kubernetes"]["tokenName"]), text(&token["metadata"]["name"]));
    let (namespace, name) = account();
    let allow = &token["spec"]["kubernetes"]["allow"][0]["service_account"];
    assert_eq!(text(allow), format!("{namespace}:{name}"));
    let pod = resources(BY_POD).remove(0);
    assert_eq!(text(&pod["spec"]["serviceAccountName"]), name);
    let projected =
        pod["spec"]["volumes"].as_vec().unwrap().iter().find(|volume| !volume["projected"].is_badvalue()).unwrap();
    let source = &projected["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(text(&source["audience"]), address);
    // What Kubernetes issues at least, and Teleport takes at most.
    assert!((600..1800).contains(&source["expirationSeconds"].as_i64().unwrap()), "{source:?}");
    // The other pod has nothing to join with.
    let (_, builds) = identity("builds");
    assert!(!builds["join"]["jenkins"]["tokenName"].is_badvalue(), "{builds:?}");
    let other = resources(BY_JENKINS).remove(0)["spec"].clone();
    let volumes = other["volumes"].as_vec().unwrap();
    assert!(volumes.iter().all(|volume| !volume["emptyDir"].is_badvalue()), "{volumes:?}");
    for (example, variables) in [
        (BY_POD, &["KUBERNETES_TOKEN_PATH", "MACHINE_ID_TRUSTED_PARENTS"][..]),
        (BY_JENKINS, &["MACHINE_ID_TRUSTED_PARENTS"]),
    ] {
        let spec = resources(example).remove(0)["spec"].clone();
        assert_eq!(spec["automountServiceAccountToken"].as_bool(), Some(false), "{example}");
        let named: Vec<_> =
            spec["containers"][0]["env"].as_vec().unwrap().iter().map(|one| text(&one["name"]).to_owned()).collect();
        assert_eq!(named, variables, "{example}");
    }
}

#[test]
fn a_pod_joins_by_its_service_account() {
    if !can_be_made("the example pods") {
        return;
    }
    let token = resources("teleport.yaml");
    let token = of_kind(&token, "token");
    let (cluster, _) = identity("pods");
    let world = World::of(text(&cluster["address"]).split(':').next().unwrap());
    let name = text(&token["metadata"]["name"]);
    world.let_in(name, text(&token["spec"]["kubernetes"]["allow"][0]["service_account"]));
    let pod = world.pod(BY_POD, name);
    // Each variable of the example is needed.
    let refused = world.join(&pod, &[("MACHINE_ID_TRUSTED_PARENTS", "")]);
    assert!(refused.status != Some(0) && refused.stderr.contains("MACHINE_ID_TRUSTED_PARENTS="), "{refused:?}");
    let refused = world.join(&pod, &[("KUBERNETES_TOKEN_PATH", "")]);
    assert!(
        refused.status != Some(0) && refused.stderr.contains("/var/run/secrets/kubernetes.io/serviceaccount/token"),
        "{refused:?}"
    );
    world.join(&pod, &[]).succeeded();
    world.assert_build_works(&pod);
    // The build's container has nothing to join with, whatever it tries.
    let config = format!("{TEMPORARY}/machine-id start --oneshot -c {TEMPORARY}/tbot.yaml");
    let ca = format!("{TEMPORARY}/ca.pem");
    let variables = pod.variables("jnlp");
    let mut more: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    more.push(("SSL_CERT_FILE", &ca));
    let refused = pod.run_in("build", &[], &more, &config);
    assert!(refused.status != Some(0) && refused.stderr.contains("token"), "{refused:?}");
}

#[test]
fn a_pod_of_another_service_account_is_refused() {
    if !can_be_made("a pod of another service account") {
        return;
    }
    let world = World::of("teleport.example.com");
    world.let_in("jenkins-pods", "jenkins-agents:somebody-else");
    let refused = world.join(&world.pod(BY_POD, "jenkins-pods"), &[]);
    assert!(refused.stderr.contains("[join_rejected]"), "{refused:?}");
}

/// In place of what Jenkins sends with a block, a statement lies in the block's directory. That blocks bring it along, and
/// that nothing of it stays, is played in a real Jenkins (`tests/jenkins/statements.py`).
#[test]
fn a_pod_needs_nothing_where_jenkins_signs() {
    if !can_be_made("the example pods") {
        return;
    }
    let world = World::of("teleport.example.com");
    world.let_in("jenkins-builds", "team-a:app@builds");
    let pod = world.pod(BY_JENKINS, "jenkins-builds");
    let statement = pod.volume("builds").join("app@tmp/statement");
    machine::put(&statement, &world.issuer.service_account("team-a", "app@builds", "teleport.example.com", 300));
    world.join(&pod, &[("KUBERNETES_TOKEN_PATH", &format!("{TEMPORARY}/statement"))]).succeeded();
    world.assert_build_works(&pod);
}
