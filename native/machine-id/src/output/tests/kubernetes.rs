//! Kubeconfigs and what kubectl makes of them.

use super::*;

#[test]
fn a_kubernetes_output_equals_tbots_but_for_the_exec_plugin_and_the_encoding_of_the_key() {
    let mut expected = with_differences(
        "kubernetes",
        &[
            ("kubeconfig.yaml", "      - kube\n      - credentials\n", "      - kube-credentials\n"),
            ("kubeconfig.yaml", "command: /usr/local/bin/tbot\n", "command: /usr/local/bin/machine-id\n"),
        ],
    );
    let mut case = Case::new(kubernetes("kube1"));
    expected.insert("key".to_owned(), case.certificate.key.pkcs8_pem().expose().to_owned());
    case.directory = "/opt/machine-id/kubernetes".to_owned();
    assert_eq!(case.files(), expected);
}

/// The kubeconfig with the CA's data, which is long, as `CA`.
fn kubeconfig(case: &Case) -> String {
    let files = case.files();
    let data =
        files["kubeconfig.yaml"].lines().find_map(|line| line.trim().strip_prefix("certificate-authority-data: "));
    files["kubeconfig.yaml"].replace(data.unwrap(), "CA")
}

fn several() -> Case {
    Case::new(OutputKind::Kubernetes(KubernetesOutput::named(["prod", "a/b c"])))
}

#[test]
fn several_clusters_are_contexts_of_one_kubeconfig_each_with_its_own_certificate() {
    let expected = r#"apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: CA
    server: https://localhost:13080
    tls-server-name: kube-teleport-proxy-alpn.localhost
  name: example.test-prod
- cluster:
    certificate-authority-data: CA
    server: https://localhost:13080
    tls-server-name: kube-teleport-proxy-alpn.localhost
  name: "example.test-a/b c"
contexts:
- context:
    cluster: example.test-prod
    user: example.test-prod
  name: example.test-prod
- context:
    cluster: "example.test-a/b c"
    user: "example.test-a/b c"
  name: "example.test-a/b c"
current-context: example.test-prod
kind: Config
preferences: {}
users:
- name: example.test-prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - kube-credentials
      - --destination-dir=/opt/machine-id
      - --cluster=prod
      command: /usr/local/bin/machine-id
      env: null
      provideClusterInfo: false
- name: "example.test-a/b c"
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - kube-credentials
      - --destination-dir=/opt/machine-id
      - "--cluster=a/b c"
      command: /usr/local/bin/machine-id
      env: null
      provideClusterInfo: false
"#;
    assert_eq!(kubeconfig(&several()), expected);
}

#[test]
fn each_of_several_clusters_has_its_files_in_a_directory_of_its_own() {
    let files = several().files();
    let single = Case::new(kubernetes("prod")).files();
    for folder in ["kube-prod".to_owned(), format!("kube-{}", file_word("a/b c"))] {
        assert_eq!(files[&format!("{folder}/identity")], files["identity"]);
        assert_eq!(files[&format!("{folder}/tls.crt")], files["tlscert"]);
        assert_eq!(files[&format!("{folder}/tls.cas")], files["teleport-host-ca.crt"]);
        assert!(files[&format!("{folder}/tls.key")].contains("PRIVATE KEY"));
    }
    for (folder, file) in files.keys().filter_map(|name| name.split_once('/')) {
        assert!(is_kube_folder(folder), "{folder}/{file}");
    }
    assert_eq!(files.len(), single.len() + 2 * 4);
    assert!(files.keys().all(|name| name.matches('/').count() <= 1 && !name.starts_with('/')), "{:?}", files.keys());
    for (name, text) in single {
        assert!(name == "kubeconfig.yaml" || files[&name] == text, "{name}");
    }
}

#[test]
fn namespace_context_name_and_inline_credentials_are_as_tbot_17_has_them() {
    let mut case = several();
    case.namespace = "team";
    let OutputKind::Kubernetes(output) = &mut case.kind else { panic!("another kind") };
    output.exec_plugin = false;
    let text = kubeconfig(&case);
    assert!(
        text.contains("    cluster: example.test-prod\n    namespace: team\n    user: example.test-prod\n"),
        "{text}"
    );
    assert!(!text.contains("exec") && text.matches("    client-key-data: ").count() == 2, "{text}");
}

#[test]
fn kubectl_reads_the_kubeconfig_whatever_the_cluster_is_called() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["kube1", "a: b", "- x", "null", "\"q\" 'q' \\ #", "é\u{85}\u{2028}", "{}", "1"] {
        let mut case = Case::new(kubernetes(name));
        case.directory = "/w/a b: #c".to_owned();
        let file = directory.path().join("kubeconfig.yaml");
        write(&file, &case.files()["kubeconfig.yaml"]);
        let output = Command::new("kubectl").args(["config", "view", "-o", "json", "--kubeconfig"]).arg(&file).output();
        let Ok(output) = output else {
            eprintln!("SKIPPED: kubectl is not installed, the kubeconfig was not read by it");
            return;
        };
        assert!(output.status.success(), "{name:?}: {}", String::from_utf8_lossy(&output.stderr));
        let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(seen["current-context"], format!("example.test-{name}"));
        assert_eq!(seen["contexts"][0]["context"]["user"], format!("example.test-{name}"));
        assert_eq!(seen["users"][0]["user"]["exec"]["args"][1], "--destination-dir=/w/a b: #c");
        assert_eq!(seen["clusters"][0]["cluster"]["server"], "https://localhost:13080");
    }
}

#[test]
fn kubectl_reads_every_context_of_a_kubeconfig_for_several_clusters() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("kubeconfig.yaml");
    let long = "x".repeat(255);
    let names = ["kube1", "../x", "a: b", "- x", "\"q\" 'q' \\ #", "--cluster", "null", &long];
    for exec_plugin in [true, false] {
        let output = KubernetesOutput { exec_plugin, ..KubernetesOutput::named(names) };
        write(&file, &Case::new(OutputKind::Kubernetes(output)).files()["kubeconfig.yaml"]);
        let view = ["config", "view", "--raw", "-o", "json", "--kubeconfig"];
        let Ok(output) = Command::new("kubectl").args(view).arg(&file).output() else {
            eprintln!("SKIPPED: kubectl is not installed, the kubeconfig was not read by it");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(seen["current-context"], "example.test-kube1");
        for kind in ["clusters", "contexts", "users"] {
            assert_eq!(seen[kind].as_array().unwrap().len(), names.len());
        }
        for user in seen["users"].as_array().unwrap() {
            let name = user["name"].as_str().unwrap().strip_prefix("example.test-").unwrap();
            assert!(names.contains(&name), "{name}");
            if exec_plugin {
                assert_eq!(user["user"]["exec"]["args"][2], format!("--cluster={name}"));
            } else {
                assert!(user["user"]["client-key-data"].is_string(), "{name}");
            }
        }
    }
}

#[test]
fn the_kubernetes_server_name_fits_the_proxys_address() {
    let name = |address: &str, tls_routing| {
        let mut case = Case::new(kubernetes("kube1"));
        case.cluster.kube_address = address.to_owned();
        case.cluster.tls_routing = tls_routing;
        let text = case.files()["kubeconfig.yaml"].clone();
        text.lines().find_map(|line| line.strip_prefix("    tls-server-name: ")).map(str::to_owned)
    };
    let local = Some("kube-teleport-proxy-alpn.teleport.cluster.local".to_owned());
    assert_eq!(name("t.example.com:443", true), Some("kube-teleport-proxy-alpn.t.example.com".to_owned()));
    assert_eq!(name("192.0.2.1:443", true), local);
    assert_eq!(name("[2001:db8::1]:443", true), local);
    assert_eq!(name("t.example.com:3026", false), None);
}

#[test]
fn the_exec_credential_holds_certificate_key_and_expiry() {
    let (key, certificates) = fixtures::tbot_directory("kubernetes");
    let text = exec_credential(&certificates.tls, &key).unwrap();
    let seen: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
    assert_eq!(
        seen,
        serde_json::json!({
            "kind": "ExecCredential",
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "spec": {"interactive": false},
            "status": {
                "expirationTimestamp": "2026-11-21T20:37:24Z",
                "clientCertificateData": fixtures::read("tbot/kubernetes/tlscert"),
                "clientKeyData": fixtures::read("tbot/kubernetes/key"),
            },
        })
    );
}
