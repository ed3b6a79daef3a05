//! What the documents of tbot 16 to 19 show: each key of the reference, and whole files in the shapes that people have.

use std::path::PathBuf;
use std::time::Duration;

use super::tests::{read, v2};
use crate::config::{IdentityOutput, Leads, OutputKind, TbotConfig};
use crate::error::{Code, Fault};

/// What becomes of a part of a file.
#[derive(Clone, Copy, Debug)]
enum Becomes {
    /// It is read, and nothing is said.
    Read,
    /// It is read, and what it means here is said once, with these words.
    Said(&'static str),
    /// tbot has it, we don't: named as such, at the place of the word.
    NotBuilt(&'static str),
}
use Becomes::{NotBuilt, Read, Said};

fn check(text: &str, becomes: Becomes) {
    let outcome = read(text);
    match becomes {
        Read | Said(_) => {
            let config = outcome.unwrap_or_else(|error| panic!("{text}{error}"));
            let Said(words) = becomes else {
                return assert!(config.warnings.is_empty(), "{text}{:?}", config.warnings);
            };
            let [warning] = config.warnings.as_slice() else { panic!("{text}{:?}", config.warnings) };
            assert!(warning.contains(words), "{text}{warning}");
        }
        NotBuilt(place) => {
            let error = outcome.expect_err(text);
            assert_eq!(error.code(), Code::Unsupported, "{text}{error}");
            let [fault] = error.diagnostics() else { panic!("{text}{error}") };
            let word = place.rsplit(['.', ']']).next().unwrap_or_default();
            let line = text.lines().position(|line| line.contains(&format!("{word}:"))).unwrap() + 1;
            assert_eq!(fault.location, format!("tbot.yaml:{line}: {place}"), "{text}");
            assert!(!fault.message.contains("unknown"), "{text}{error}");
        }
    }
}

/// An output with further lines.
fn output(lines: &str) -> String {
    v2(&format!(
        "onboarding: {{join_method: iam, token: t}}\nservices:\n- {}\n  destination:\n    type: directory\n    path: /o\n",
        lines.replace('\n', "\n  ")
    ))
}

#[test]
fn each_key_of_an_output_in_the_reference_of_19_is_read_or_named() {
    const KUBE: &str = "type: kubernetes/v2\nselectors:\n- name: k\n";
    for (lines, becomes) in [
        ("type: identity", Read),
        ("type: identity\nname: my-service-name", Read),
        ("type: identity\nssh_config: on", Read),
        ("type: identity\nssh_config: off", Read),
        ("type: identity\nallow_reissue: true", Read),
        ("type: identity\nallow_reissue: false", Read),
        ("type: identity\ncluster: leaf.example.com", Read),
        ("type: identity\nroles: [editor]", Read),
        ("type: identity\ncredential_ttl: 30m", Read),
        // A page that all of them include says it by the old name.
        ("type: identity\ncertificate_ttl: 30m", Read),
        ("type: identity\nrenewal_interval: 15m", Said("renewed after half of its lifetime")),
        ("type: application\napp_name: grafana\nname: a", Read),
        ("type: application\napp_name: grafana\nspecific_tls_naming: true", Read),
        ("type: database\nservice: pg\ndatabase: d\nusername: u\nformat: tls\nname: a", Read),
        ("type: kubernetes\nkubernetes_cluster: k\ndisable_exec_plugin: true\nname: a", Read),
        (KUBE, Read),
        (&format!("{KUBE}  default_namespace: n\n- labels: {{env: dev}}"), Read),
        (&format!("{KUBE}disable_exec_plugin: false\ncontext_name_template: '{{{{.KubeName}}}}'\nname: a"), Read),
        (&format!("{KUBE}relay_server: relay.example.com"), NotBuilt("services[0].relay_server")),
        (
            "type: kubernetes/argo-cd\nselectors:\n- name: k\nsecret_namespace: argocd\nproject: p",
            NotBuilt("services[0].type"),
        ),
        ("type: ssh_host\nprincipals: [host.example.com]\nca_type: user", NotBuilt("services[0].type")),
        ("type: workload-identity-x509\nselector:\n  name: w", NotBuilt("services[0].type")),
        ("type: workload-identity-jwt\naudiences: [example.com]\nselector:\n  name: w", NotBuilt("services[0].type")),
        ("type: workload-identity-aws-roles-anywhere\nrole_arn: arn:aws:iam::1:role/r", NotBuilt("services[0].type")),
        ("type: workload-identity-api\nlisten: unix:///w.sock", NotBuilt("services[0].type")),
        ("type: spiffe-svid\nsvid:\n  path: /svc/foo", NotBuilt("services[0].type")),
        ("type: spiffe-workload-api\nlisten: unix:///w.sock", NotBuilt("services[0].type")),
        ("type: ssh-multiplexer\nenable_resumption: false\nproxy_command: [fdpass-teleport]\nname: n", Read),
        ("type: ssh-multiplexer\nenable_resumption: true", Said("isn't resumed")),
        ("type: ssh-multiplexer\nproxy_templates_path: /t", NotBuilt("services[0].proxy_templates_path")),
        ("type: example", NotBuilt("services[0].type")),
    ] {
        check(&output(lines), becomes);
    }
}

#[test]
fn each_key_of_a_tunnel_in_the_reference_of_19_is_read_or_named() {
    const TCP: &str = "every user of this machine";
    for (lines, becomes) in [
        ("type: database-tunnel\nlisten: tcp://127.0.0.1:25432\nservice: pg\ndatabase: d\nusername: u", Said(TCP)),
        (
            "type: database-tunnel\nlisten: unix:///r/s\nservice: pg\ndatabase: d\nusername: u\nroles: [a]\nname: n",
            Read,
        ),
        ("type: application-tunnel\nlisten: tcp://127.0.0.1:8084\napp_name: a\nname: n", Said(TCP)),
        (
            "type: application-tunnel\nlisten: tcp://0.0.0.0:8084\napp_name: a",
            Said("everybody who reaches this machine"),
        ),
        ("type: application-tunnel\nlisten: unix:///r/s\napp_name: a\ncredential_ttl: 30m", Read),
        (
            "type: application-tunnel\nlisten: unix:///r/s\napp_name: a\nrenewal_interval: 15m",
            Said("when a connection needs it"),
        ),
        ("type: application-proxy\nlisten: tcp://127.0.0.1:8080\nname: n", Said(TCP)),
        ("type: application-proxy\nlisten: unix:///r/s\nroles: [a]\ncredential_ttl: 30m", Read),
        (
            "type: application-proxy\nlisten: unix:///r/s\napp_name: a",
            Said("does nothing: no version of tbot reads such a key; remove it"),
        ),
        ("type: application-proxy\nlisten: unix:///r/s\ncredential_lifetime:\n  credential_ttl: 30m", Read),
        (
            "type: application-proxy\nlisten: unix:///r/s\ncredential_lifetime:\n  renewal_interval: 15m",
            Said("when a connection needs it"),
        ),
    ] {
        let lines = lines.replace('\n', "\n  ");
        check(&v2(&format!("onboarding: {{join_method: iam, token: t}}\nservices:\n- {lines}\n")), becomes);
    }
    for (lines, message) in [
        ("type: database-tunnel\nlisten: unix:///r/s\nservice: pg", "username: is missing"),
        ("type: application-tunnel\napp_name: a", "listen: is missing"),
        ("type: application-proxy", "listen: is missing"),
        (
            "type: application-proxy\nlisten: unix:///r/s\ncredential_lifetime: {credential_ttl: 1s}",
            "shorter than a minute",
        ),
        ("type: application-tunnel\napp_name: a\nlisten: 127.0.0.1:1", "write tcp://127.0.0.1:PORT or unix:///PATH"),
    ] {
        let lines = lines.replace('\n', "\n  ");
        let error = read(&v2(&format!("services:\n- {lines}\n"))).unwrap_err();
        assert!(error.to_string().contains(message), "{lines}: {error}");
    }
    let lifetimes = "{type: application-proxy, listen: 'unix:///r/s', credential_lifetime: {credential_ttl: 30m}}";
    let config = read(&v2(&format!("onboarding: {{join_method: iam, token: t}}\nservices: [{lifetimes}]\n"))).unwrap();
    assert_eq!(
        (&config.tunnels[0].leads, config.tunnels[0].ttl),
        (&Leads::Applications, Some(Duration::from_secs(1800)))
    );
    let twice = "- {type: application-tunnel, app_name: a, listen: 'unix:///r/s'}\n";
    let error = read(&v2(&format!("services:\n{twice}{twice}"))).unwrap_err();
    assert!(error.to_string().contains("listens where services[0] does"), "{error}");
    let same = "diag_addr: 127.0.0.1:3001\nservices:\n- {type: application-tunnel, app_name: a, listen: 'tcp://0.0.0.0:3001'}\n";
    let error = read(&v2(same)).unwrap_err().to_string();
    assert!(error.contains("services[0]: listens where diag_addr does; take another port"), "{error}");
}

#[test]
fn each_key_of_a_destination_in_the_reference_of_19_is_read_or_named() {
    for (lines, becomes) in [
        ("type: directory\npath: /o", Read),
        ("type: directory\npath: /o\nsymlinks: try-secure\nacls: try\nreaders:\n- user: teleport\n- user: 123", Read),
        ("type: directory\npath: /o\nreaders:\n- group: teleport\n- group: 123", Read),
        ("type: directory\npath: /o\nacls: off\nreaders:\n- user: nobody", Said("does nothing with acls: off")),
        ("type: directory\npath: /o\nacls: off", Read),
        (
            "type: kubernetes_secret\nname: s\nnamespace: default\nlabels: {a: b}\nkubeconfig_path: /k\nkubeconfig_context: c",
            NotBuilt("services[0].destination.type"),
        ),
    ] {
        let lines = lines.replace('\n', "\n    ");
        let text = v2(&format!(
            "onboarding: {{join_method: iam, token: t}}\nservices:\n- destination:\n    {lines}\n  \"type\": identity\n"
        ));
        check(&text, becomes);
    }
}

#[test]
fn each_key_at_the_top_of_the_reference_of_19_is_read_or_named() {
    let rest = "onboarding: {join_method: github, token: t}\nservices: [{type: identity, destination: {type: directory, path: /o}}]\n";
    for (line, becomes) in [
        ("credential_ttl: 1h", Read),
        ("certificate_ttl: 1h", Read),
        ("renewal_interval: 20m", Read),
        ("oneshot: true", Read),
        ("debug: false", Read),
        ("debug: true", Said("MACHINE_ID_LOG=debug")),
        ("diag_addr: 127.0.0.1:3001", Read),
        ("diag_socket_for_updater: /run/s", Said("diag_addr")),
        ("insecure: false", Read),
        ("insecure: true", NotBuilt("insecure")),
        ("fips: true", NotBuilt("fips")),
        ("storage: {type: directory, path: /s}", Read),
        ("storage: {type: memory}", Read),
        ("storage:\n  type: kubernetes_secret\n  name: s", NotBuilt("storage.type")),
        ("outputs: []", Read),
    ] {
        check(&v2(&format!("{line}\n{rest}")), becomes);
    }
}

/// Whole files as people write them, each with what is said about it and how many outputs it has.
#[test]
fn files_in_the_shapes_of_16_to_19_load() {
    let files: [(&str, Option<&str>, usize); 12] = [
        // A container that joins anew each time.
        (
            "version: v2\nproxy_server: example.teleport.sh:443\nonboarding:\n  join_method: kubernetes\n  token: kube-bot\n\
             storage:\n  type: memory\noutputs:\n  - type: identity\n    destination:\n      type: directory\n      path: /out\n",
            None,
            1,
        ),
        // A secret token and nowhere to keep what it brings.
        (
            "version: v2\nproxy_server: p.example.com:443\nonboarding:\n  token: \"0123abcd\"\n  join_method: token\n\
             storage:\n  type: memory\noneshot: true\nservices:\n  - type: identity\n    destination: {type: directory, path: ./o}\n",
            Some(
                "tbot.yaml:7: storage.type: keeps the bot's identity no longer than this process runs: after a restart a fresh token is needed",
            ),
            1,
        ),
        // A job of GitHub Actions, without ssh.
        (
            "version: v2\nproxy_server: \"p.example.com:443\"\noneshot: true\nonboarding:\n  join_method: github\n  token: ci\n\
             storage: {type: memory}\nservices:\n- type: identity\n  name: api\n  ssh_config: \"off\"\n  allow_reissue: yes\n  \
             destination: {type: directory, path: /w/api}\n",
            None,
            1,
        ),
        // GitLab with its own variable, two clusters of Kubernetes.
        (
            "version: v2\nproxy_server: p:443\nonboarding:\n  join_method: gitlab\n  token: gl\n  gitlab:\n    token_env_var_name: MY_JWT\n\
             storage: {type: memory}\noutputs:\n- type: kubernetes/v2\n  selectors:\n  - name: a\n  - labels: {env: dev}\n  \
             disable_exec_plugin: true\n  destination: {type: directory, path: k}\n",
            None,
            1,
        ),
        // A Helm chart's values, rendered.
        (
            "version: v2\ndebug: false\ninsecure: false\nauth_server: teleport-auth.teleport.svc.cluster.local:3025\n\
             credential_ttl: 2h\nrenewal_interval: 30m\nonboarding:\n  join_method: kubernetes\n  kubernetes: {token_path: /t}\n  \
             token: k8s\nstorage:\n  type: memory\nservices: []\noutputs:\n- type: identity\n  destination: {type: directory, path: /o}\n",
            None,
            1,
        ),
        // A systemd unit's file on a VM of AWS.
        (
            "version: v2\nproxy_server: p.example.com:443\ndiag_addr: 127.0.0.1:3001\nonboarding:\n  join_method: iam\n  token: iam-bot\n\
             storage:\n  type: directory\n  path: /var/lib/teleport/bot\n  acls: off\noutputs:\n- type: identity\n  destination:\n    \
             type: directory\n    path: /opt/machine-id\n    acls: try\n    readers:\n    - user: ansible\n",
            None,
            1,
        ),
        // What `tbot configure identity` of 18 prints.
        (
            "version: v2\nonboarding:\n  token: t\n  join_method: circleci\nstorage:\n  type: directory\n  path: /var/lib/teleport/bot\n  \
             symlinks: try-secure\n  acls: try\nservices:\n  - type: identity\n    destination:\n      type: directory\n      \
             path: /opt/machine-id\n      symlinks: try-secure\n      acls: try\ndebug: false\nproxy_server: p.example.com:443\n\
             oneshot: false\nfips: false\n",
            None,
            1,
        ),
        // Several kinds, each with a life of its own.
        (
            "version: v2\nproxy_server: p:443\nonboarding: {join_method: spacelift, token: s}\nservices:\n\
             - type: database\n  name: db\n  service: pg\n  database: d\n  username: u\n  credential_ttl: 30m\n  destination: {type: directory, path: /d}\n\
             - type: application\n  name: app\n  app_name: grafana\n  destination: {type: directory, path: /a}\n\
             - type: kubernetes\n  name: kube\n  kubernetes_cluster: k\n  destination: {type: directory, path: /k}\n",
            None,
            3,
        ),
        // A leaf cluster by SSH.
        (
            "version: v2\nproxy_server: p:443\nonboarding: {join_method: terraform_cloud, token: tf, terraform: {audience_tag: X}}\n\
             storage: {type: memory}\noutputs:\n- {type: identity, cluster: leaf, destination: {type: directory, path: /l}}\n",
            None,
            1,
        ),
        // The token in a file that an installer puts there.
        (
            "version: v2\nproxy_server: p:443\nonboarding:\n  join_method: token\n  token: /var/lib/teleport/tokenjoin\n  \
             ca_pins:\n  - sha256:1111111111111111111111111111111111111111111111111111111111111111\noutputs:\n\
             - {type: identity, roles: [access], destination: {type: directory, path: /o}}\n",
            None,
            1,
        ),
        // JSON is YAML, too; provisioning tools write it.
        (
            "{\"version\": \"v2\", \"proxy_server\": \"p:443\", \"onboarding\": {\"join_method\": \"bitbucket\", \"token\": \"b\"}, \
             \"storage\": {\"type\": \"memory\"}, \"services\": [{\"type\": \"identity\", \"ssh_config\": \"on\", \
             \"destination\": {\"type\": \"directory\", \"path\": \"/o\"}}]}\n",
            None,
            1,
        ),
        // The bot alone, as for `machine-id status` after `tbot start`.
        (
            "version: v2\nproxy_server: p:443\nonboarding: {join_method: iam, token: i}\nstorage: {type: memory}\n",
            Some("no outputs"),
            0,
        ),
    ];
    for (text, said, outputs) in files {
        let config = read(text).unwrap_or_else(|error| panic!("{text}{error}"));
        assert_eq!(config.outputs.len(), outputs, "{text}");
        match said {
            None => assert!(config.warnings.is_empty(), "{text}{:?}", config.warnings),
            Some(said) => assert!(
                matches!(config.warnings.as_slice(), [warning] if warning.contains(said)),
                "{text}{:?}",
                config.warnings
            ),
        }
    }
}

#[test]
fn a_storage_in_memory_has_no_directory_in_either_version() {
    let v1 = "proxy_server: a\nstorage: {memory: true}\nonboarding: {join_method: iam, token: t}\n";
    for text in [v1, &v2("storage: {type: memory}\nonboarding: {join_method: iam, token: t}\n")] {
        assert_eq!(read(text).unwrap().identity.storage, None, "{text}");
    }
    let unwritten = read("proxy_server: a\n").unwrap().identity.storage;
    assert_eq!(unwritten.map(|storage| storage.path), Some(PathBuf::from("/var/lib/teleport/bot")));
    let config =
        read(&v2("storage: {type: memory, path: /x}\nonboarding: {join_method: iam, token: t}\noutputs: []")).unwrap();
    assert!(config.warnings[0].contains("storage.path: does nothing: no version of tbot"), "{:?}", config.warnings);
}

#[test]
fn what_is_special_about_an_identity_output_is_read_as_it_is_written() {
    let kind = |lines: &str| {
        let TbotConfig { outputs, .. } = read(&output(lines)).unwrap();
        outputs[0].kind.clone()
    };
    let plain = IdentityOutput { ssh_config: true, reissuable: false };
    assert_eq!(kind("type: identity"), OutputKind::Identity(plain));
    assert_eq!(
        kind("type: identity\nssh_config: off"),
        OutputKind::Identity(IdentityOutput { ssh_config: false, ..plain })
    );
    assert_eq!(
        kind("type: identity\nallow_reissue: true"),
        OutputKind::Identity(IdentityOutput { reissuable: true, ..plain })
    );
}

#[test]
fn a_path_that_ssh_config_cannot_hold_is_refused_by_line_before_anything_is_sent() {
    for (path, reason) in [
        ("${RUNNER_TEMP}/mid", "ssh would expand \"${\" in it"),
        ("/it\"s", "ssh_config can't hold quotes and backslashes in a path"),
    ] {
        let destination = format!("destination:\n    type: directory\n    path: '{path}'\n");
        let error = read(&v2(&format!("services:\n- type: identity\n  {destination}"))).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("tbot.yaml:7: services[0].destination.path: is "), "{text}");
        assert!(
            text.contains(reason) && text.ends_with("variables aren't expanded here, write the path out"),
            "{text}"
        );
        // Without an ssh_config, and for other kinds, such a path is a path.
        for fine in ["type: identity\n  ssh_config: off", "type: application\n  app_name: a"] {
            assert!(read(&v2(&format!("services:\n- {fine}\n  {destination}"))).is_ok(), "{path} {fine}");
        }
        let v1 = format!("proxy_server: a\ndestinations:\n- directory: '{path}'\n");
        assert!(
            read(&v1).unwrap_err().to_string().starts_with("tbot.yaml:3: destinations[0].directory: is "),
            "{path}"
        );
    }
}

#[test]
fn an_output_in_memory_is_left_out_in_either_version() {
    let v1 =
        "proxy_server: a\nonboarding: {join_method: iam, token: t}\ndestinations: [{memory: {}}, {directory: /o}]\n";
    let v2 =
        v2("onboarding: {join_method: iam, token: t}\noutputs:\n- {type: identity, destination: {type: memory}}\n\
                 - {type: identity, destination: {type: directory, path: /o}}\n");
    for text in [v1, &v2] {
        let config = read(text).unwrap();
        assert_eq!(config.outputs.len(), 1, "{text}");
        assert!(matches!(config.warnings.as_slice(), [one] if one.contains("this output is left out")), "{text}");
    }
}
