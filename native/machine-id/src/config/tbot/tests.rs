use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{
    AclMode, AddressKind, CaSource, ConfigError, DatabaseFormat, IdentityOutput, KubeClusters, KubernetesOutput,
    OutputConfig, OutputKind, Reader, SymlinkMode, TbotConfig, TokenSource, UserRef,
};
use crate::error::{Code, Fault};
use crate::method::JoinMethod;
use crate::vocabulary::limits::LIFETIME_MAX;

const MINIMAL: &str = "proxy_server: example.com\n";

pub(super) fn read(text: &str) -> Result<TbotConfig, ConfigError> {
    TbotConfig::from_yaml("tbot.yaml", text.as_bytes(), Path::new("/home/ci"))
}

pub(super) fn faults(text: &str) -> Vec<String> {
    read(text).map(|_| Vec::new()).unwrap_or_else(|error| error.diagnostics().iter().map(ToString::to_string).collect())
}

pub(super) fn v2(rest: &str) -> String {
    format!("version: v2\n{MINIMAL}{rest}")
}

fn paths(outputs: &[OutputConfig]) -> Vec<&str> {
    outputs.iter().filter_map(|output| output.destination.path.to_str()).collect()
}

#[test]
fn the_file_of_the_jenkins_guide_works_as_it_is() {
    let config = read(
        r#"auth_server: "teleport.example.com:443"
onboarding:
  join_method: "token"
  token: "00000000000000000000000000000000"
  ca_pins:
  - "sha256:1111111111111111111111111111111111111111111111111111111111111111"
storage:
  directory: /var/lib/teleport/bot
destinations:
  - directory: /opt/machine-id
"#,
    )
    .unwrap();
    let identity = &config.identity;
    assert_eq!((identity.cluster.host.as_str(), identity.cluster.port), ("teleport.example.com", 443));
    assert_eq!(identity.cluster.kind, AddressKind::AuthOrProxy);
    assert_eq!(identity.cluster.ca_pins.iter().map(|pin| pin.0).collect::<Vec<_>>(), [[0x11; 32]]);
    assert_eq!(identity.join.method, JoinMethod::Token);
    assert!(matches!(&identity.join.token, TokenSource::Value(token) if token.expose() == "0".repeat(32)));
    assert_eq!(identity.storage.as_ref().unwrap().path, PathBuf::from("/var/lib/teleport/bot"));
    assert_eq!((identity.lifetime, identity.max_ttl), (Duration::from_secs(3600), Duration::from_secs(3600)));
    assert_eq!(identity.renewal_interval, Some(Duration::from_secs(1200)));
    assert_eq!(paths(&config.outputs), ["/opt/machine-id"]);
    assert_eq!(config.outputs[0].kind, OutputKind::Identity(IdentityOutput::default()));
    assert!(config.warnings.is_empty() && !config.oneshot, "{:?}", config.warnings);
}

#[test]
fn the_recorded_file_of_a_real_tbot_15_works() {
    let text = include_str!("../../../../../tests/fixtures/teleport-15/tbot/tbot.yaml");
    let config = read(text).unwrap();
    assert_eq!((config.identity.cluster.host.as_str(), config.identity.cluster.port), ("localhost", 13080));
    assert_eq!(config.identity.lifetime, Duration::from_secs(12 * 3600));
    assert_eq!(config.identity.renewal_interval, Some(Duration::from_secs(3600)));
    assert_eq!(config.identity.storage.as_ref().unwrap().path, PathBuf::from("/opt/machine-id/bot"));
    assert_eq!(paths(&config.outputs), ["/opt/machine-id", "/opt/machine-id/kubernetes"]);
    assert_eq!(config.outputs[1].kind, OutputKind::Kubernetes(KubernetesOutput::named(["kube1"])));
    assert!(config.oneshot && config.warnings.is_empty());
}

/// The kind of the only output of a file in version 2, or the file's faults.
fn kubernetes(lines: &str) -> Result<OutputKind, Vec<String>> {
    let text = format!(
        "version: v2\n{MINIMAL}outputs:\n- type: kubernetes/v2\n  destination: {{type: directory, path: /k}}\n{lines}"
    );
    let config =
        read(&text).map_err(|error| error.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(config.outputs[0].kind.clone())
}

#[test]
fn the_kubernetes_output_of_tbot_17_selects_clusters_by_name_and_by_label() {
    let selectors = "  selectors:\n  - name: prod\n    default_namespace: team\n  - name: a.b_c\n  - labels: {env: dev, tier: '1'}\n";
    let OutputKind::Kubernetes(output) = kubernetes(selectors).unwrap() else { panic!("another kind") };
    assert_eq!(output.names().collect::<Vec<_>>(), ["prod", "a.b_c"]);
    assert_eq!((output.selectors[0].namespace.as_str(), output.selectors[1].namespace.as_str()), ("team", ""));
    let labels = [("env", "dev"), ("tier", "1")].map(|(label, value)| (label.to_owned(), value.to_owned()));
    assert_eq!(output.selectors[2].clusters, KubeClusters::Labelled(labels.into()));
    assert_eq!((output.exec_plugin, output.context_name.render("t", "k")), (true, "t-k".to_owned()));
    let more = format!("{selectors}  disable_exec_plugin: true\n  context_name_template: 'x-{{{{ .KubeName }}}}'\n");
    let OutputKind::Kubernetes(output) = kubernetes(&more).unwrap() else { panic!("another kind") };
    assert_eq!((output.exec_plugin, output.context_name.render("t", "k")), (false, "x-k".to_owned()));
}

#[test]
fn faults_of_a_kubernetes_output_of_tbot_17_are_named() {
    for (lines, fault) in [
        ("", "tbot.yaml:4: outputs[0].selectors: is missing; write a list of {name: …} or {labels: …}"),
        (
            "  selectors: []\n",
            "tbot.yaml:6: outputs[0].selectors: selects no cluster; write at least one {name: …} or {labels: …}",
        ),
        (
            "  selectors: [{default_namespace: x}]\n",
            "tbot.yaml:6: outputs[0].selectors[0]: needs exactly one of name and labels",
        ),
        (
            "  selectors: [{name: a, labels: {b: c}}]\n",
            "tbot.yaml:6: outputs[0].selectors[0]: needs exactly one of name and labels",
        ),
        (
            "  selectors: [{labels: x}]\n",
            "tbot.yaml:6: outputs[0].selectors[0].labels: is a text; write a mapping of labels to values",
        ),
        ("  selectors: [{labels: {}}]\n", "tbot.yaml:6: outputs[0].selectors[0].labels: has 0 labels; write 1 to 100"),
        ("  selectors: [{nam: a}]\n", "tbot.yaml:6: outputs[0].selectors[0]: needs exactly one of name and labels"),
        (
            "  selectors: [{name: a}, {name: b}]\n  context_name_template: x\n",
            "tbot.yaml:7: outputs[0].context_name_template: gives all contexts one name; write {{.KubeName}} into it",
        ),
        (
            "  selectors: [{name: a}]\n  context_name_template: '{{.Nosuch}}'\n",
            "tbot.yaml:7: outputs[0].context_name_template: is \"{{.Nosuch}}\"; only {{.ClusterName}} and {{.KubeName}} are built",
        ),
        (
            "  selectors: [{name: a}]\n  relay_server: r:1\n",
            "tbot.yaml:7: outputs[0].relay_server: relays aren't built here; remove it",
        ),
    ] {
        assert_eq!(kubernetes(lines).unwrap_err().first().map(String::as_str), Some(fault), "{lines}");
    }
}

#[test]
fn version_1_in_all_its_shapes() {
    let config = read(
        r"
# as `tbot configure` of tbot 12 writes it, and what its guides show
onboarding: {token: /etc/tbot/token, ca_path: '', ca_pins: [], join_method: token}
auth_server: example.teleport.sh
storage:
  directory: {path: /var/lib/bot, symlinks: try-secure, acls: required}
destinations:
- directory: {path: /opt/machine-id, acls: off, symlinks: insecure}
  roles: [api-workers, jenkins]
  kinds: [ssh, tls]
  configs: [ssh_client, identity, {tls_cas: {}}]
- directory: ./kube
  kubernetes_cluster: prod
  configs:
  - kubernetes
- directory: /opt/db
  database: {service: pg, username: alice, database: example}
  configs: [mongo]
- {directory: /opt/app, app: grafana, configs: [tls]}
- {directory: /opt/leaf, cluster: leaf.example.com}
debug: false
certificate_ttl: 1h0m0s
renewal_interval: 20m0s
oneshot: no
fips: false
",
    )
    .unwrap();
    assert!(matches!(&config.identity.join.token, TokenSource::File(path) if path == Path::new("/etc/tbot/token")));
    assert_eq!(config.identity.cluster.port, 3025);
    assert_eq!(
        config.identity.storage.as_ref().map(|storage| (storage.acls, storage.symlinks)),
        Some((AclMode::Required, SymlinkMode::TrySecure))
    );
    assert_eq!(paths(&config.outputs), ["/opt/machine-id", "/home/ci/kube", "/opt/db", "/opt/app", "/opt/leaf"]);
    assert_eq!(config.outputs[0].roles, ["api-workers", "jenkins"]);
    assert_eq!(
        (config.outputs[0].destination.acls, config.outputs[0].destination.symlinks),
        (AclMode::Off, SymlinkMode::Insecure)
    );
    assert_eq!(
        config.outputs[2].kind,
        OutputKind::Database {
            service: "pg".to_owned(),
            username: "alice".to_owned(),
            database: "example".to_owned(),
            format: Some(DatabaseFormat::Mongo),
        }
    );
    assert_eq!(
        config.outputs[3].kind,
        OutputKind::Application { app: "grafana".to_owned(), specific_tls_naming: true }
    );
    assert_eq!(config.outputs[4].route_to_cluster.as_deref(), Some("leaf.example.com"));
    assert_eq!(config.warnings, ["tbot.yaml:10: destinations[0].kinds: does nothing, in tbot either; remove it"]);
}

#[test]
fn version_2_in_all_its_shapes() {
    let config = read(
        r"
version: v2
proxy_server: https://example.teleport.sh:443/
onboarding:
  join_method: gitlab
  token: ci
  gitlab: {token_env_var_name: MY_TOKEN}
  kubernetes: {token_path: /x}
storage:
  type: directory
  path: /var/lib/teleport/bot/
credential_ttl: 2h
renewal_interval: 1.5h
debug: true
diag_addr: 127.0.0.1:3001
outputs:
- type: identity
  ssh_config: on
  allow_reissue: false
  cluster: leaf.example.com
  name: leaf
  credential_ttl: 4h
  destination:
    type: directory
    path: /opt/a
    acls: try
    readers: [{user: jenkins}, {user: 123}]
- type: application
  app_name: grafana
  specific_tls_naming: yes
  destination: {type: directory, path: /opt/b}
services:
- type: database
  service: pg
  format: cockroach
  destination: {type: directory, path: /opt/c}
",
    )
    .unwrap();
    assert_eq!((config.identity.cluster.kind, config.identity.cluster.port), (AddressKind::Proxy, 443));
    assert_eq!(config.identity.join.settings.text("variable"), Some("MY_TOKEN"));
    assert_eq!(config.identity.storage.as_ref().unwrap().path, PathBuf::from("/var/lib/teleport/bot"));
    assert_eq!(config.identity.renewal_interval, Some(Duration::from_secs(5400)));
    assert_eq!(config.identity.max_ttl, Duration::from_secs(4 * 3600));
    assert_eq!(config.outputs[0].ttl, Some(Duration::from_secs(4 * 3600)));
    assert_eq!(config.outputs[0].name.as_deref(), Some("leaf"));
    assert_eq!(
        config.outputs[0].destination.readers,
        [UserRef::Name("jenkins".to_owned()), UserRef::Id(123)].map(Reader::User)
    );
    assert_eq!(
        config.outputs[1].kind,
        OutputKind::Application { app: "grafana".to_owned(), specific_tls_naming: true }
    );
    assert_eq!(
        config.outputs[2].kind,
        OutputKind::Database {
            service: "pg".to_owned(),
            username: String::new(),
            database: String::new(),
            format: Some(DatabaseFormat::Cockroach),
        }
    );
    let places: Vec<&str> = config.warnings.iter().filter_map(|w| w.split(": ").nth(1)).collect();
    assert_eq!(places, ["onboarding.kubernetes", "debug"]);
    assert_eq!(config.diagnostics, Some("127.0.0.1:3001".parse().unwrap()));
}

#[test]
fn generic_oidc_needs_a_place_of_its_token() {
    assert_eq!(
        faults(&v2("onboarding: {token: t, join_method: generic_oidc}\n")),
        ["tbot.yaml:3: onboarding: has no place of the ID token; method \"generic_oidc\" needs env or command"]
    );
}

#[test]
fn the_settings_of_a_method_stand_in_its_section() {
    let settings =
        |section: &str| read(&v2(&format!("onboarding: {{token: t, {section}}}"))).unwrap().identity.join.settings;
    let kubernetes = settings("join_method: kubernetes, kubernetes: {token_path: /t}");
    assert_eq!(kubernetes.path("token_path"), Some(Path::new("/t")));
    let terraform = settings("join_method: terraform_cloud, terraform: {audience_tag: A}");
    assert_eq!(terraform.text("audience_tag"), Some("A"));
    assert!(settings("join_method: github").is_empty());
    assert!(settings("join_method: circleci, gitlab: {token_env_var_name: A}").is_empty());
}

#[test]
fn all_faults_of_a_file_are_reported_by_line_and_key() {
    let found = faults(
        r#"auth_server: "teleport.example.com:https"
onboarding:
  join_metod: "token"
  token: "0"
  ca_pins:
  - "sha256:1111"
storage:
  directory: /var/lib/teleport/bot
certificate_ttl: 60
destinations:
  - directory: /opt/machine-id
    roles: jenkins
"#,
    );
    assert_eq!(
        found,
        [
            "tbot.yaml:1: auth_server: has the port \"https\"; write a number from 1 to 65535",
            "tbot.yaml:3: onboarding.join_metod: unknown key; did you mean \"join_method\"?",
            "tbot.yaml:6: onboarding.ca_pins[0]: has 4 characters after \"sha256:\"; write sha256: and 64 hex digits, as `tctl status` prints it",
            "tbot.yaml:9: certificate_ttl: has no unit; write for example 90s, 20m or 1h30m",
            "tbot.yaml:12: destinations[0].roles: is a text; write a list",
        ]
    );
}

#[test]
fn each_wrong_value_has_its_own_sentence() {
    for (text, expected) in [
        ("version: v3\nproxy_server: a\n", "tbot.yaml:1: version: is \"v3\"; write v1 or v2"),
        (&v2("auth_server: a\n"), "tbot.yaml:2: proxy_server: stands beside auth_server; write one of them"),
        ("debug: false\n", "tbot.yaml:1: proxy_server is missing; write proxy_server: HOST:PORT (or auth_server)"),
        ("", "tbot.yaml:1: proxy_server is missing; write proxy_server: HOST:PORT (or auth_server)"),
        (&v2("outputs: {}\n"), "tbot.yaml:3: outputs: is a mapping; write a list"),
        (&v2("oneshot: maybe\n"), "tbot.yaml:3: oneshot: is a text; write true or false"),
        (&v2("certificate_ttl: 30s\n"), "tbot.yaml:3: certificate_ttl: is shorter than a minute; write for example 1h"),
        (
            &v2("renewal_interval: 1ms\n"),
            "tbot.yaml:3: renewal_interval: is shorter than a second; write for example 20m",
        ),
        (
            &v2("destinations: []\n"),
            "tbot.yaml:3: destinations: belongs to version v1; in v2 write outputs, each with type and destination",
        ),
        (
            "proxy_server: a\noutputs: []\n",
            "tbot.yaml:2: outputs: belongs to version v2; add `version: v2` at the top of the file",
        ),
        (
            &v2("storage: {directory: /x}\n"),
            "tbot.yaml:3: storage: is written as in version v1; write type: directory and path: PATH",
        ),
        (&v2("storage: {path: /x}\n"), "tbot.yaml:3: storage.type: is missing; write type: directory"),
        (
            &v2("storage: {type: directroy, path: /x}\n"),
            "tbot.yaml:3: storage.type: is \"directroy\"; did you mean \"directory\"?",
        ),
        (
            &v2("onboarding: {join_method: github}\n"),
            "tbot.yaml:3: onboarding: has no token; method \"github\" needs the name of its join token",
        ),
        (
            &v2(&format!("onboarding: {{ca_path: /x, ca_pins: ['sha256:{}']}}\n", "a".repeat(64))),
            "tbot.yaml:3: onboarding.ca_pins: stands beside ca_path; write one of them",
        ),
        (
            &v2("outputs: [{type: database, service: a, format: pg, destination: {type: directory, path: /x}}]\n"),
            "tbot.yaml:3: outputs[0].format: is \"pg\"; allowed: tls, mongo, cockroach",
        ),
        (
            &v2("outputs: [{type: kubernetes, destination: {type: directory, path: /x}}]\n"),
            "tbot.yaml:3: outputs[0].kubernetes_cluster: is missing; write its name in Teleport",
        ),
        (
            &v2("outputs: [{type: identity, destination: {type: directory, path: /x, acls: 'on'}}]\n"),
            "tbot.yaml:3: outputs[0].destination.acls: is \"on\"; allowed: off, try, required",
        ),
        (
            &v2("outputs: [{type: identity, destination: {type: directory, path: /var/lib/teleport/./bot}}]\n"),
            "tbot.yaml:3: outputs[0]: writes to \"/var/lib/teleport/bot\", where the bot's own identity is stored; take another directory",
        ),
        (
            "proxy_server: a\ndestinations: [{directory: /x}, {directory: /x/}]\n",
            "tbot.yaml:2: destinations[1]: writes to \"/x\" like destinations[0]; take another directory",
        ),
        (
            "proxy_server: a\ndestinations: [{directory: /x, app: b, kubernetes_cluster: c}]\n",
            "tbot.yaml:2: destinations[0]: has app and kubernetes_cluster; a destination is for one of them",
        ),
        (
            "proxy_server: a\ndestinations: [{directory: /x, configs: [ssh]}]\n",
            "tbot.yaml:2: destinations[0].configs[0]: is \"ssh\"; allowed: ssh_client, identity, tls, tls_cas, mongo, cockroach, kubernetes, ssh_host_cert",
        ),
        (
            "proxy_server: a\ndestinations: [{roles: [b]}]\n",
            "tbot.yaml:2: destinations[0].directory: is missing; write a path",
        ),
        (
            "proxy_server: a\nstorage: {type: directory, path: /x}\n",
            "tbot.yaml:2: storage: is written as in version v2; add `version: v2` at the top, or write storage: {directory: PATH}",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
        assert_eq!(read(text).unwrap_err().code(), Code::ConfigInvalid, "{text}");
    }
}

#[test]
fn what_tbot_knows_and_we_do_not_is_named_as_such() {
    for (text, place) in [
        (v2("insecure: true\n"), "insecure"),
        (v2("fips: true\n"), "fips"),
        (v2("onboarding: {join_method: tpm, token: t}\n"), "onboarding.join_method"),
        (v2("outputs: [{type: ssh_host, principals: [a], destination: {type: memory}}]\n"), "outputs[0].type"),
        (
            v2(
                "services: [{type: ssh-multiplexer, proxy_templates_path: /t, destination: {type: directory, path: /x}}]\n",
            ),
            "services[0].proxy_templates_path",
        ),
        (
            v2("outputs: [{type: identity, destination: {type: kubernetes_secret, name: a}}]\n"),
            "outputs[0].destination.type",
        ),
        (
            format!("{MINIMAL}destinations: [{{directory: /x, configs: [ssh_host_cert: {{principals: [a]}}]}}]\n"),
            "destinations[0].configs[0]",
        ),
        (
            format!("{MINIMAL}destinations: [{{directory: /x, configs: [ssh_client: {{proxy_port: 1}}]}}]\n"),
            "destinations[0].configs[0].ssh_client",
        ),
    ] {
        let error = read(&text).unwrap_err();
        assert_eq!(error.code(), Code::Unsupported, "{text}{error}");
        assert_eq!(error.diagnostics().len(), 1, "{text}{error}");
        assert!(error.diagnostics()[0].location.ends_with(&format!(": {place}")), "{text}{error}");
    }
}

#[test]
fn a_lifetime_of_seven_days_is_asked_for_as_it_is_written() {
    let outputs = "outputs: [{type: identity, credential_ttl: 168h, destination: {type: directory, path: x}}]\n";
    let config = read(&v2(&format!("credential_ttl: 168h\nrenewal_interval: 24h\n{outputs}"))).unwrap();
    let (week, day) = (Duration::from_secs(7 * 86_400), Duration::from_secs(86_400));
    assert_eq!((config.identity.lifetime, config.identity.renewal_interval), (week, Some(day)));
    assert_eq!((config.identity.max_ttl, config.outputs[0].ttl), (week, Some(week)));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn longer_lifetimes_and_late_renewals_are_warned_about() {
    let config = read(&v2("certificate_ttl: 169h\nrenewal_interval: 168h\n")).unwrap();
    assert_eq!((config.identity.lifetime, config.identity.renewal_interval), (LIFETIME_MAX, None));
    assert_eq!(config.warnings.len(), 3, "{:?}", config.warnings);
    let told = "certificate_ttl: is longer than 168h, the most that is asked for here: 168h it is";
    assert!(config.warnings[0].ends_with(told), "{:?}", config.warnings);
    let config = read(&v2(
        "certificate_ttl: 10m\noneshot: true\noutputs: [{type: identity, destination: {type: directory, path: x}}]",
    ))
    .unwrap();
    assert_eq!((config.identity.renewal_interval, config.warnings.len()), (None, 0));
    let config = read(&v2("certificate_ttl: 0s\nrenewal_interval: 0s\n")).unwrap();
    assert_eq!(config.identity.renewal_interval, Some(Duration::from_secs(1200)));
}

#[test]
fn a_ca_file_and_relative_paths_are_below_the_working_directory() {
    let config = read(&v2("onboarding: {ca_path: ../ca.pem, token: ./token}\n")).unwrap();
    assert_eq!(config.identity.cluster.ca, Some(CaSource::File("/home/ca.pem".into())));
    assert!(matches!(config.identity.join.token, TokenSource::Value(_)), "only an absolute path is a token file");
}
