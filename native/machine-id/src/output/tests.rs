//! The files of every kind, held against tbot's recorded directories and read by the real tools.

mod kubernetes;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::*;
use crate::config::{DatabaseFormat, IdentityOutput, KeyAlgorithm, KubernetesOutput, MultiplexerOutput};
use crate::identity::{Authorities, KeyPair, fixtures};
use crate::issue::{RoleCertificate, Target};
use crate::version::Version;

const HELPER: &str = "/usr/local/bin/machine-id";

fn cluster() -> ClusterFacts {
    ClusterFacts {
        name: "example.test".to_owned(),
        server_version: Version::parse("15.0.0"),
        proxy_host: "localhost".to_owned(),
        proxy_address: "localhost:13080".to_owned(),
        ssh_address: "localhost:13080".to_owned(),
        tls_routing: true,
        connection_upgrade: false,
        kube_address: "localhost:13080".to_owned(),
    }
}

fn certificate(recorded: &str) -> RoleCertificate {
    let (key, certificates) = fixtures::tbot_directory(recorded);
    RoleCertificate::new(key, certificates, Target::None, "example.test".to_owned(), fixtures::now()).unwrap()
}

/// Everything that a test may want to change.
struct Case {
    kind: OutputKind,
    certificate: RoleCertificate,
    authorities: Authorities,
    cluster: ClusterFacts,
    helper: String,
    directory: String,
    multiplexed: bool,
    namespace: &'static str,
}

impl Case {
    fn new(kind: OutputKind) -> Self {
        let recorded = if matches!(kind, OutputKind::Kubernetes(_)) { "kubernetes" } else { "identity" };
        Self {
            certificate: certificate(recorded),
            kind,
            authorities: fixtures::authorities(),
            cluster: cluster(),
            helper: HELPER.to_owned(),
            directory: "/opt/machine-id".to_owned(),
            multiplexed: false,
            namespace: "",
        }
    }

    fn try_files(&self) -> Result<BTreeMap<String, String>, OutputError> {
        self.with_request(|request| {
            let files = artifacts(request)?;
            Ok(files.into_iter().map(|file| (file.name.into_owned(), file.contents.expose().to_owned())).collect())
        })
    }

    fn with_request<T>(&self, work: impl FnOnce(&OutputRequest<'_>) -> T) -> T {
        let names: Vec<&str> = match &self.kind {
            OutputKind::Kubernetes(output) => output.names().collect(),
            _ => Vec::new(),
        };
        let kube = |cluster| KubeCertificate { cluster, namespace: self.namespace, certificate: &self.certificate };
        let kubernetes: Vec<_> = names.into_iter().map(kube).collect();
        let request = OutputRequest {
            kind: &self.kind,
            certificate: &self.certificate,
            kubernetes: &kubernetes,
            authorities: &self.authorities,
            cluster: &self.cluster,
            helper: Path::new(&self.helper),
            directory: Path::new(&self.directory),
            ssh: None,
            multiplexed: self.multiplexed,
        };
        work(&request)
    }

    fn files(&self) -> BTreeMap<String, String> {
        self.try_files().unwrap()
    }

    /// Names of files with secrets in them.
    fn secret(&self) -> Vec<String> {
        self.with_request(|request| {
            let files = artifacts(request).unwrap();
            let secret = files.into_iter().filter(|file| matches!(file.contents, Contents::Secret(_)));
            secret.map(|file| file.name.into_owned()).collect()
        })
    }

    fn add_leaf(&mut self, name: &str, key: &str) {
        let mut leaf = self.authorities.host[0].clone();
        leaf.cluster = name.to_owned();
        leaf.ssh_keys = vec![key.to_owned()];
        self.authorities.host.push(leaf);
    }
}

fn kubernetes(cluster: &str) -> OutputKind {
    OutputKind::Kubernetes(KubernetesOutput::named([cluster]))
}

fn database(format: Option<DatabaseFormat>) -> OutputKind {
    let (service, username, database) = ("pg".to_owned(), "app".to_owned(), String::new());
    OutputKind::Database { service, username, database, format }
}

/// All files in a recorded directory.
fn recorded(name: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(fixtures::path(&format!("tbot/{name}"))).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|file| (file.clone(), fixtures::read(&format!("tbot/{name}/{file}")))).collect()
}

/// The recorded directory, changed in exactly the ways in which ours may differ.
fn with_differences(name: &str, differences: &[(&str, &str, &str)]) -> BTreeMap<String, String> {
    let mut files = recorded(name);
    // tbot's own trace of trying whether the directory can be written to; nothing reads it.
    assert_eq!(files.remove(".write-test").as_deref(), Some(""));
    for (file, theirs, ours) in differences {
        let text = files.get_mut(*file).unwrap();
        assert_eq!(text.matches(theirs).count(), 1, "{theirs}");
        *text = text.replace(theirs, ours);
    }
    files
}

#[test]
fn an_identity_output_equals_tbots_but_for_the_proxy_command_and_the_head() {
    let expected = with_differences(
        "identity",
        &[
            (
                "ssh_config",
                " by tbot\n",
                " by tbot\n# Include this file or copy its text: the files that it names keep their names when they are \
                 renewed.\n# Mount the whole directory into a container, not one of its files: a file that is mounted \
                 alone stays an old one.\n",
            ),
            (
                "ssh_config",
                "    ProxyCommand \"/usr/local/bin/tbot\" proxy --destination-dir=/opt/machine-id --proxy=localhost:13080 \
             ssh --cluster=example.test  %r@%h:%p\n",
                "    ProxyCommand \"/usr/local/bin/machine-id\" proxy-ssh --destination-dir=/opt/machine-id \
             --proxy=localhost:13080 --cluster=example.test '%r@%h:%p'\n",
            ),
        ],
    );
    assert_eq!(Case::new(OutputKind::Identity(IdentityOutput::default())).files(), expected);
}

#[test]
fn each_kind_has_its_files() {
    const COMMON: [&str; 8] = [
        "identity",
        "key",
        "key-cert.pub",
        "key.pub",
        "teleport-database-ca.crt",
        "teleport-host-ca.crt",
        "teleport-user-ca.crt",
        "tlscert",
    ];
    let application = |specific_tls_naming| OutputKind::Application { app: "grafana".to_owned(), specific_tls_naming };
    let cases: [(OutputKind, &[&str]); 8] = [
        (OutputKind::Identity(IdentityOutput::default()), &["known_hosts", "ssh_config"]),
        (kubernetes("kube1"), &["kubeconfig.yaml"]),
        (application(false), &[]),
        (application(true), &["tls.key", "tls.crt", "tls.cas"]),
        (database(None), &[]),
        (database(Some(DatabaseFormat::Tls)), &["tls.key", "tls.crt", "tls.cas"]),
        (database(Some(DatabaseFormat::Mongo)), &["mongo.crt", "mongo.cas"]),
        (database(Some(DatabaseFormat::Cockroach)), &["cockroach/node.key", "cockroach/node.crt", "cockroach/ca.crt"]),
    ];
    for (kind, extra) in cases {
        let mut expected: Vec<&str> = COMMON.iter().chain(extra).copied().collect();
        expected.sort_unstable();
        assert_eq!(Case::new(kind.clone()).files().into_keys().collect::<Vec<_>>(), expected, "{kind:?}");
        // What is looked for, and what is looked at before.
        assert!(crate::engine::expected_files(&kind).iter().all(|name| expected.contains(name)), "{kind:?}");
        let mut before = crate::engine::files_to_write(&kind);
        before.sort_unstable();
        assert_eq!(before, expected, "{kind:?}");
        let mut secret = Case::new(kind.clone()).secret();
        secret.sort_unstable();
        let keys: Vec<&str> = expected.iter().copied().filter(|name| crate::engine::holds_a_key(name)).collect();
        assert_eq!(secret, keys, "{kind:?}");
    }
    let several = OutputKind::Kubernetes(KubernetesOutput::named(["a", "b/c"]));
    let written: Vec<_> = Case::new(several.clone()).files().into_keys().collect();
    let mut before = crate::engine::files_to_write(&several);
    before.sort_unstable();
    assert_eq!(before, written);
}

#[test]
fn database_formats_hold_the_database_ca_and_application_files_the_host_ca() {
    let case = Case::new(database(Some(DatabaseFormat::Mongo)));
    let files = case.files();
    assert_eq!(files["mongo.cas"], files["teleport-database-ca.crt"]);
    assert_eq!(files["mongo.crt"], format!("{}{}", files["tlscert"], case.certificate.key.tls_private_pem().expose()));
    let files = Case::new(database(Some(DatabaseFormat::Cockroach))).files();
    assert_eq!(files["cockroach/ca.crt"], files["teleport-database-ca.crt"]);
    let files = Case::new(database(Some(DatabaseFormat::Tls))).files();
    assert_eq!(files["tls.cas"], files["teleport-host-ca.crt"]);
    let mut case = Case::new(database(Some(DatabaseFormat::Mongo)));
    case.authorities.database = None;
    assert_eq!(case.try_files().unwrap_err(), OutputError::NoAuthority { what: "database" });
}

#[test]
fn clusters_from_version_16_get_files_of_their_own_too() {
    let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
    case.cluster.server_version = Version::parse("16.0.0");
    let files = case.files();
    let ssh_config = &files["example.test.ssh_config"];
    assert!(ssh_config.contains("UserKnownHostsFile \"/opt/machine-id/example.test.known_hosts\"\n"), "{ssh_config}");
    assert!(!ssh_config.contains("Host *"), "{ssh_config}");
    let key = &case.authorities.host[0].ssh_keys[0];
    assert!(files["example.test.known_hosts"].ends_with(&format!("\n@cert-authority * {key} type=host\n")));
}

#[test]
fn host_key_algorithms_follow_the_keys_of_the_ca() {
    let line = |key: &str, version: &str| {
        let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
        case.authorities.host[0].ssh_keys = key.split('\n').map(str::to_owned).collect();
        case.cluster.server_version = Version::parse(version);
        let text = case.files()["ssh_config"].clone();
        text.lines().find_map(|line| line.strip_prefix("    HostKeyAlgorithms ")).unwrap().to_owned()
    };
    let keys = |name: &str| fixtures::read(&format!("keys/{name}.ssh.pub")).trim_end().to_owned();
    let rsa = fixtures::authorities().host[0].ssh_keys[0].clone();
    assert!(line(&rsa, "15").starts_with("rsa-sha2-512") && !line(&rsa, "15").contains("ed25519"));
    assert!(line(&rsa, "17").contains("ssh-ed25519-cert-v01@openssh.com") && line(&rsa, "17").contains("rsa-sha2-512"));
    assert!(line(&keys("ed25519"), "17").starts_with("ssh-ed25519-cert-v01@openssh.com,"));
    assert!(line(&keys("ecdsa"), "17").starts_with("ecdsa-sha2-nistp256-cert-v01@openssh.com,"));
    let mixed = line(&format!("{rsa}\n{}", keys("ecdsa")), "15");
    for kind in ["rsa-sha2-512", "ssh-ed25519", "ecdsa-sha2-nistp256"] {
        assert!(mixed.contains(kind), "{mixed}");
    }
}

/// What `ssh` makes of our configuration for a host.
fn ssh_settings(case: &Case, host: &str) -> BTreeMap<String, String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ssh_config");
    write(&file, &case.files()["ssh_config"]);
    let output = Command::new("ssh").arg("-G").arg("-F").arg(&file).arg(host).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_once(' ')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

#[test]
fn ssh_reads_the_configuration() {
    let settings =
        ssh_settings(&Case::new(OutputKind::Identity(IdentityOutput::default())), "jenkins@node1.example.test");
    assert_eq!(settings["port"], "3022");
    assert_eq!(settings["identityfile"], "/opt/machine-id/key");
    assert_eq!(settings["certificatefile"], "/opt/machine-id/key-cert.pub");
    assert_eq!(settings["userknownhostsfile"], "/opt/machine-id/known_hosts");
    assert!(settings["proxycommand"].starts_with("\"/usr/local/bin/machine-id\" proxy-ssh --destination-dir=/opt/"));
    let proxy = ssh_settings(&Case::new(OutputKind::Identity(IdentityOutput::default())), "localhost");
    assert!(!proxy.contains_key("proxycommand") && proxy["port"] == "22");
}

#[test]
fn a_leaf_below_the_root_gets_its_own_block_in_ssh() {
    let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
    let key = fixtures::read("keys/ed25519.ssh.pub").trim_end().to_owned();
    case.add_leaf("eu.example.test", &key);
    case.add_leaf("other.test", &key);
    for (host, cluster) in [
        ("node1.example.test", "--cluster=example.test "),
        ("node1.eu.example.test", "--cluster=eu.example.test "),
        ("node1.other.test", "--cluster=other.test "),
    ] {
        let settings = ssh_settings(&case, host);
        assert!(settings["proxycommand"].contains(cluster), "{host}: {}", settings["proxycommand"]);
    }
    let files = case.files();
    assert!(files["known_hosts"].ends_with(&format!(
        "@cert-authority eu.example.test,*.eu.example.test {key} type=host\n\
         @cert-authority other.test,*.other.test {key} type=host\n"
    )));
    let root = files["known_hosts"].lines().next().unwrap();
    let patterns = "localhost,example.test,*.example.test,!eu.example.test,!*.eu.example.test";
    assert!(root.starts_with(&format!("@cert-authority {patterns} ssh-rsa ")), "{root}");
    assert_eq!(files["identity"].matches("@cert-authority").count(), 3);
}

#[test]
fn a_leaf_above_the_root_or_of_the_proxys_name_vouches_for_neither() {
    let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
    case.cluster.proxy_host = "proxy.corp.test".to_owned();
    let key = fixtures::read("keys/ed25519.ssh.pub").trim_end().to_owned();
    case.add_leaf("test", &key);
    case.add_leaf("corp.test", &key);
    let files = case.files();
    for patterns in [
        "test,*.test,!example.test,!*.example.test,!corp.test,!*.corp.test,!proxy.corp.test",
        "corp.test,*.corp.test,!proxy.corp.test",
    ] {
        let line = format!("\n@cert-authority {patterns} {key} type=host\n");
        assert!(files["known_hosts"].contains(&line) && files["identity"].contains(&line), "{}", files["known_hosts"]);
    }
    // What OpenSSH makes of it.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("known_hosts");
    write(&file, &files["known_hosts"]);
    let vouched = |host: &str| {
        let found = Command::new("ssh-keygen").arg("-F").arg(host).arg("-f").arg(&file).output().unwrap();
        let text = String::from_utf8(found.stdout).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("@cert-authority")).collect();
        assert_eq!(lines.len(), 1, "{host}: {text}");
        if lines[0].contains(&key) { "leaf" } else { "root" }
    };
    for host in ["proxy.corp.test", "node1.example.test", "example.test"] {
        assert_eq!(vouched(host), "root", "{host}");
    }
    for host in ["node1.corp.test", "node1.test"] {
        assert_eq!(vouched(host), "leaf", "{host}");
    }
}

/// Runs what `ssh` runs as ProxyCommand, and shows the arguments that our binary would see.
fn proxy_arguments(case: &mut Case, directory: &Path, host: &str) -> Vec<String> {
    let helper = directory.join("the helper's 100%");
    write(&helper, "#!/bin/sh\nprintf '%s\\n' \"$@\" >&2\nexit 1\n");
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    case.helper = helper.to_str().unwrap().to_owned();
    let file = directory.join("ssh_config");
    write(&file, &case.files()["ssh_config"]);
    let output = Command::new("ssh").env("SHELL", "/bin/sh").arg("-T").arg("-F").arg(&file).arg(host).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().take_while(|line| line.len() > 1).map(str::to_owned).collect()
}

#[test]
fn paths_with_spaces_quotes_and_percent_signs_reach_our_binary_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
    case.directory = "/w/feature%2Fone two's; $HOME `id`@tmp".to_owned();
    let seen = proxy_arguments(&mut case, directory.path(), "jenkins@node1.example.test");
    let expected = [
        "proxy-ssh",
        "--destination-dir=/w/feature%2Fone two's; $HOME `id`@tmp",
        "--proxy=localhost:13080",
        "--cluster=example.test",
        "jenkins@node1.example.test:3022",
    ];
    assert_eq!(seen[..expected.len()], expected, "{seen:?}");
}

#[test]
fn a_percent_sign_in_the_path_finds_known_hosts_in_old_and_new_ssh() {
    let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
    case.directory = "/w/feature%2Fone two".to_owned();
    let text = case.files()["ssh_config"].clone();
    assert!(text.contains("    UserKnownHostsFile \"/w/feature%%2Fone two/known_hosts\"\n"), "{text}");
    assert!(text.contains("    GlobalKnownHostsFile \"/w/feature%2Fone two/known_hosts\"\n"), "{text}");
    assert_eq!(ssh_settings(&case, "a.example.test")["globalknownhostsfile"], "/w/feature%2Fone two/known_hosts");
}

#[test]
fn paths_that_ssh_config_cannot_hold_are_refused() {
    for directory in ["/w/a\"b", "/w/a\\b", "/w/${HOME}", "/w/a\nb"] {
        let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
        case.directory = directory.to_owned();
        assert!(matches!(case.try_files(), Err(OutputError::Path { .. })), "{directory:?}");
    }
}

#[test]
fn names_that_no_cluster_has_are_refused() {
    for name in ["", "a b", "a\nProxyCommand evil", "a,b", "*", "a\"b", "$(id)"] {
        let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
        case.add_leaf(name, "ssh-ed25519 AAAA");
        assert!(matches!(case.try_files(), Err(OutputError::Name { .. })), "{name:?}");
        let mut case = Case::new(OutputKind::Identity(IdentityOutput::default()));
        case.cluster.proxy_host = name.to_owned();
        assert!(matches!(case.try_files(), Err(OutputError::Name { .. })), "{name:?}");
    }
}

#[test]
fn each_key_is_encoded_as_those_read_it_that_the_output_is_for() {
    use KeyAlgorithm::{EcdsaP256, Ed25519, Rsa2048};
    let application = || OutputKind::Application { app: "grafana".to_owned(), specific_tls_naming: true };
    let several = || OutputKind::Kubernetes(KubernetesOutput::named(["a", "b"]));
    let begins = |files: &BTreeMap<String, String>, file: &str| {
        files[file].lines().find(|line| line.contains("PRIVATE KEY")).unwrap().trim_matches('-')["BEGIN ".len()..]
            .to_owned()
    };
    for (algorithm, ssh, tbot) in [
        (Rsa2048, "RSA PRIVATE KEY", "RSA PRIVATE KEY"),
        (EcdsaP256, "EC PRIVATE KEY", "PRIVATE KEY"),
        (Ed25519, "OPENSSH PRIVATE KEY", "PRIVATE KEY"),
    ] {
        for (kind, file, expected) in [
            (OutputKind::Identity(IdentityOutput::default()), "key", ssh),
            (OutputKind::Identity(IdentityOutput::default()), "identity", tbot),
            (several(), "key", "PRIVATE KEY"),
            (several(), "kube-b/tls.key", "PRIVATE KEY"),
            (application(), "key", "PRIVATE KEY"),
            (application(), "tls.key", "PRIVATE KEY"),
            (database(Some(DatabaseFormat::Tls)), "key", "PRIVATE KEY"),
            (database(Some(DatabaseFormat::Tls)), "tls.key", tbot),
            (database(Some(DatabaseFormat::Mongo)), "mongo.crt", tbot),
            (database(Some(DatabaseFormat::Cockroach)), "cockroach/node.key", tbot),
        ] {
            let mut case = Case::new(kind);
            case.certificate.key = Arc::new(KeyPair::generate(algorithm).unwrap());
            assert_eq!(begins(&case.files(), file), expected, "{algorithm:?} {file} of {:?}", case.kind);
        }
    }
}

#[test]
fn ssh_keygen_reads_the_certificate_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key-cert.pub");
    write(&file, &Case::new(OutputKind::Identity(IdentityOutput::default())).files()["key-cert.pub"]);
    let output = Command::new("ssh-keygen").arg("-L").arg("-f").arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("Key ID: \"bot-tbotfx\"") && text.contains("jenkins"), "{text}");
}

#[expect(clippy::disallowed_methods, reason = "a file for another program in a test")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

fn multiplexer(words: &[&str]) -> Case {
    let proxy_command = words.iter().map(|&word| word.to_owned()).collect();
    Case::new(OutputKind::Multiplexer(MultiplexerOutput { proxy_command }))
}

#[test]
fn a_multiplexer_has_no_key_in_a_file_and_tbots_ssh_config() {
    let files = multiplexer(&[]).files();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["known_hosts", "ssh_config"]);
    let block = "
Host *.example.test
    Port 3022
    UserKnownHostsFile \"/opt/machine-id/known_hosts\"
    HostKeyAlgorithms rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,ssh-rsa-cert-v01@openssh.com
    IdentityFile none
    IdentityAgent \"/opt/machine-id/agent.sock\"
    ProxyCommand '/usr/local/bin/machine-id' 'ssh-multiplexer-proxy-command' '/opt/machine-id/v1.sock' '%h:%p|example.test'
    ProxyUseFdpass yes
";
    assert!(files["ssh_config"].contains(block), "{}", files["ssh_config"]);
    let other = multiplexer(&["fdpass-teleport", "it's 5%"]).files();
    let command = "ProxyCommand 'fdpass-teleport' 'it'\\''s 5%%' '/opt/machine-id/v1.sock' '%h:%p|example.test'\n";
    assert!(other["ssh_config"].contains(command), "{}", other["ssh_config"]);
}
