//! The table of key files in `docs/compatibility.md`, held against the real clients.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::process::{Command, Output};

use e2e::machine::put;
use e2e::{Cluster, Machine, users};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");

/// Those of Python have `/usr/bin` in front: Debian's packages belong to its own.
const PYTHON: &str = "/usr/bin/python3";
const PARAMIKO: &str = "import paramiko, sys, warnings\n\
    for kind in paramiko.RSAKey, paramiko.ECDSAKey, paramiko.Ed25519Key:\n\
    \x20   try: kind.from_private_key_file(sys.argv[1]); sys.exit(0)\n\
    \x20   except paramiko.SSHException: pass\n\
    sys.exit(9)";
const ASYNCSSH: &str = "import asyncssh, sys\n\
    try: asyncssh.read_private_key(sys.argv[1])\n\
    except asyncssh.KeyImportError: sys.exit(9)";
const SSL: &str = "import ssl, sys\n\
    try: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(sys.argv[2], sys.argv[1])\n\
    except ssl.SSLError: sys.exit(9)";
const JAVA: &str = "import java.nio.file.*; import java.security.*; import java.security.spec.*; import java.util.*;\n\
    class Read { public static void main(String[] of) throws Exception {\n\
    String text = Files.readString(Path.of(of[0])).replaceAll(\"-----[^-]*-----|\\\\s\", \"\");\n\
    for (String kind : List.of(\"RSA\", \"EC\", \"Ed25519\")) try {\n\
    KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text))); return;\n\
    } catch (InvalidKeySpecException | IllegalArgumentException other) { }\n\
    System.exit(9); } }\n";

/// A client: its column, and whether it reads the key in the file (with the certificate in the other); none where it
/// isn't here.
type Reads = fn(&Machine, &Cluster, &str, &str) -> Option<bool>;
const CLIENTS: [(&str, Reads); 8] = [
    ("OpenSSH", openssh),
    ("paramiko", |machine, _, key, _| python(machine, PARAMIKO, "import paramiko", &[key])),
    ("asyncssh", |machine, _, key, _| python(machine, ASYNCSSH, "import asyncssh", &[key])),
    ("openssl", openssl),
    ("curl", curl),
    ("Python", |machine, _, key, certificate| python(machine, SSL, "import ssl", &[key, certificate])),
    ("kubectl", kubectl),
    ("Java", java),
];

fn run(machine: &Machine, program: &str, arguments: &[&str]) -> Option<Output> {
    // Some show keys when they are asked to, so they aren't run under the watch for secrets.
    let mut command: Command = machine.command(program);
    command.args(arguments).output().ok()
}

fn openssh(machine: &Machine, _: &Cluster, key: &str, _: &str) -> Option<bool> {
    let derives = run(machine, "ssh-keygen", &["-y", "-P", "", "-f", key])?.status.success();
    // An agent of its own, which ends with the command.
    let adds = run(machine, "ssh-agent", &["ssh-add", "-q", key])?.status.success();
    assert_eq!(derives, adds, "{key}: ssh-keygen and ssh-add don't agree");
    Some(derives)
}

fn openssl(machine: &Machine, _: &Cluster, key: &str, _: &str) -> Option<bool> {
    Some(run(machine, "openssl", &["pkey", "-in", key, "-noout"])?.status.success())
}

fn python(machine: &Machine, script: &str, needs: &str, arguments: &[&str]) -> Option<bool> {
    run(machine, PYTHON, &["-c", needs])?.status.success().then_some(())?;
    let read = run(machine, PYTHON, &[&["-W", "ignore", "-c", script], arguments].concat())?;
    match read.status.code() {
        Some(0) => Some(true),
        Some(9) => Some(false),
        _ => panic!("{}", String::from_utf8_lossy(&read.stderr)),
    }
}

fn curl(machine: &Machine, cluster: &Cluster, key: &str, certificate: &str) -> Option<bool> {
    let url = format!("https://{}/webapi/ping", e2e::Stage::proxy_address(cluster));
    let ca = e2e::Stage::web_ca(cluster).display().to_string();
    let got = run(machine, "curl", &["-sS", "--cacert", &ca, "--cert", certificate, "--key", key, &url])?;
    match got.status.code() {
        Some(0) => Some(true),
        // "Problem with the local client certificate."
        Some(58) => Some(false),
        _ => panic!("{}", String::from_utf8_lossy(&got.stderr)),
    }
}

/// There are no pods: what matters is whether it gets so far.
fn kubectl(machine: &Machine, cluster: &Cluster, key: &str, certificate: &str) -> Option<bool> {
    let files = [format!("--client-key={key}"), format!("--client-certificate={certificate}")];
    let server = format!("--server=https://{}", e2e::Stage::proxy_address(cluster));
    let common = ["--kubeconfig=/dev/null", &*server, "--insecure-skip-tls-verify", "--request-timeout=20s"];
    let asked = run(machine, "kubectl", &[&common[..], &[&files[0], &files[1], "get", "--raw", "/version"]].concat())?;
    let said = String::from_utf8_lossy(&asked.stderr);
    let refuses = said.contains("failed to parse private key");
    assert!(refuses || said.contains("Error from server"), "{said}");
    Some(!refuses)
}

fn java(machine: &Machine, _: &Cluster, key: &str, _: &str) -> Option<bool> {
    put(&machine.path("Read.java"), JAVA);
    // A runtime alone can't read sources.
    run(machine, "javac", &["-version"])?;
    let read = run(machine, "java", &["-Xshare:auto", "Read.java", key])?;
    match read.status.code() {
        Some(0) => Some(true),
        Some(9) => Some(false),
        _ => panic!("{}", String::from_utf8_lossy(&read.stderr)),
    }
}

/// The rows of the table: output, file, algorithm, what the block is called, and a word for each client.
fn documented() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(TABLE).unwrap();
    let (_, table) = text.split_once("| output | file |").expect("docs/compatibility.md has no table of key files");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect()).collect()
}

/// Writes every output with keys of an algorithm; where the file of an output lies, and its certificate.
fn write(algorithm: &str) -> (Cluster, Machine) {
    let cluster = Cluster::with(|builder| {
        builder.kube("kube1").database("db1", "postgres").app("app1", "app1.example.test", "http://localhost:1")
    });
    let machine = Machine::new(&cluster);
    let directory = |name: &str| format!("destination: {{type: directory, path: {}}}", machine.path(name).display());
    let more = format!(
        "- type: kubernetes\n  kubernetes_cluster: kube1\n  {}\n- type: database\n  service: db1\n  username: u\n  \
         database: d\n  format: tls\n  {}\n- type: application\n  app_name: app1\n  specific_tls_naming: true\n  {}\n",
        directory("kubernetes"),
        directory("database"),
        directory("application"),
    );
    machine.configure(&cluster, &cluster.token(), &more);
    let arguments = ["start", "--oneshot", "-c", "tbot.yaml", "--key-algorithm", algorithm];
    let warned = machine.machine_id(&arguments).succeeded().stderr.matches("/out: with ed25519, only ssh").count();
    assert_eq!(warned, usize::from(algorithm == "ed25519"), "a key that TLS clients don't read is warned of once");
    (cluster, machine)
}

#[test]
fn every_client_reads_the_key_files_that_the_table_says_it_reads_and_no_others() {
    let rows = documented();
    let mut missing = BTreeMap::new();
    let mut wrong = Vec::new();
    for algorithm in ["ecdsa-p256", "rsa-2048", "ed25519"] {
        let (cluster, machine) = write(algorithm);
        for row in rows.iter().filter(|row| row[2] == algorithm) {
            for output in row[0].split(", ") {
                let folder = if output == "identity" { "out" } else { output };
                let key = format!("{folder}/{}", row[1]);
                let certificate = match row[1].as_str() {
                    "identity" => key.clone(),
                    _ => format!("{folder}/tlscert"),
                };
                let begins = format!("-----BEGIN {}-----", row[3]);
                assert!(machine.read(&key).starts_with(&begins), "{algorithm}: {key} doesn't begin with {begins}");
                for ((client, reads), said) in CLIENTS.iter().zip(&row[4..]) {
                    match reads(&machine, &cluster, &key, &certificate) {
                        None => drop(missing.insert(*client, ())),
                        Some(seen) if seen == (said == "yes") => {}
                        Some(seen) => wrong.push(format!("{algorithm} {key} {client}: {seen}, documented {said}")),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (client, ()) in missing {
        assert!(std::env::var_os("CI").is_none(), "{client} isn't installed: CI has to try it");
        users::skipped(&format!("{client} isn't installed; which key files it reads wasn't tried"));
    }
}

#[test]
fn the_table_names_every_client_and_every_algorithm_of_every_output() {
    let rows = documented();
    let text = std::fs::read_to_string(TABLE).unwrap();
    let head = text.lines().find(|line| line.starts_with("| output | file |")).unwrap();
    let columns: Vec<_> = head.trim_matches('|').split('|').map(str::trim).skip(4).collect();
    assert_eq!(columns, CLIENTS.map(|(client, _)| client));
    for output in ["identity", "kubernetes", "application", "database"] {
        for algorithm in ["ecdsa-p256", "rsa-2048", "ed25519"] {
            let named = rows.iter().any(|row| row[0].contains(output) && row[1] == "key" && row[2] == algorithm);
            assert!(named, "the file key of {output} with {algorithm}");
        }
    }
}
