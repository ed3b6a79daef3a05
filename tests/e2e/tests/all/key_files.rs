//! The table of key files in `docs/compatibility.md`, held against the real clients.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use e2e::machine::put;
use e2e::{Cluster, Machine, users};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");

/// Debian's packages belong to its own Python.
const PYTHON: &str = "/usr/bin/python3";
/// Each is run once with all key files, each with its certificate behind it, and says for each whether it reads it.
const PARAMIKO: &str = "import paramiko, sys
def read(key, _):
    for kind in paramiko.RSAKey, paramiko.ECDSAKey, paramiko.Ed25519Key:
        try: return bool(kind.from_private_key_file(key))
        except paramiko.SSHException: pass
    return False";
const ASYNCSSH: &str = "import asyncssh, sys
def read(key, _):
    try: return bool(asyncssh.read_private_key(key))
    except asyncssh.KeyImportError: return False";
const SSL: &str = "import ssl, sys
def read(key, certificate):
    try: return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key) is None
    except ssl.SSLError: return False";
const EACH: &str = "\nfor at in range(1, len(sys.argv), 2): print('yes' if read(*sys.argv[at:at + 2]) else '-')";
const JAVA: &str = "import java.nio.file.*; import java.security.*; import java.security.spec.*; import java.util.*;
class Read {
    public static void main(String[] of) throws Exception {
        for (int at = 0; at < of.length; at += 2) System.out.println(reads(of[at]) ? \"yes\" : \"-\");
    }
    static boolean reads(String key) throws Exception {
        String text = Files.readString(Path.of(key)).replaceAll(\"-----[^-]*-----|\\\\s\", \"\");
        for (String kind : List.of(\"RSA\", \"EC\", \"Ed25519\")) try {
            KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
            return true;
        } catch (InvalidKeySpecException | IllegalArgumentException other) { }
        return false;
    }
}
";

/// A key file and its certificate.
type Pair = [String; 2];
/// A client: its column, and which of the key files it reads; none where it isn't here.
type Reads = fn(&Machine, &Cluster, &[Pair]) -> Option<Vec<bool>>;
const CLIENTS: [(&str, Reads); 8] = [
    ("OpenSSH", |machine, _, all| all.iter().map(|[key, _]| openssh(machine, key)).collect()),
    ("paramiko", |machine, _, all| python(machine, PARAMIKO, all)),
    ("asyncssh", |machine, _, all| python(machine, ASYNCSSH, all)),
    ("openssl", |machine, _, all| all.iter().map(|[key, _]| openssl(machine, key)).collect()),
    ("curl", |machine, cluster, all| all.iter().map(|pair| curl(machine, cluster, pair)).collect()),
    ("Python", |machine, _, all| python(machine, SSL, all)),
    ("kubectl", |machine, cluster, all| all.iter().map(|pair| kubectl(machine, cluster, pair)).collect()),
    ("Java", |machine, _, all| java(machine, all)),
];

fn run(machine: &Machine, program: &str, arguments: &[&str]) -> Option<Output> {
    // Some show keys when they are asked to, so they aren't run under the watch for secrets.
    let mut command: Command = machine.command(program);
    command.args(arguments).output().ok()
}

fn openssh(machine: &Machine, key: &str) -> Option<bool> {
    let derives = run(machine, "ssh-keygen", &["-y", "-P", "", "-f", key])?.status.success();
    // An agent of its own, which ends with the command.
    let adds = run(machine, "ssh-agent", &["ssh-add", "-q", key])?.status.success();
    assert_eq!(derives, adds, "{key}: ssh-keygen and ssh-add don't agree");
    Some(derives)
}

/// From 9.6 on.
fn reads_ed25519_as_pkcs8(machine: &Machine) -> bool {
    let said = run(machine, "ssh", &["-V"]).unwrap().stderr;
    let said = String::from_utf8(said).unwrap();
    let version = said.strip_prefix("OpenSSH_").unwrap().split(|c: char| !c.is_ascii_digit());
    let version: Vec<u32> = version.take(2).map(|number| number.parse().unwrap()).collect();
    version >= vec![9, 6]
}

fn openssl(machine: &Machine, key: &str) -> Option<bool> {
    Some(run(machine, "openssl", &["pkey", "-in", key, "-noout"])?.status.success())
}

/// What a program says that looks at all of them.
fn said(output: &Output, all: &[Pair]) -> Vec<bool> {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.lines().count() == all.len(), "{stdout}{stderr}");
    stdout.lines().map(|line| line == "yes").collect()
}

fn python(machine: &Machine, script: &str, all: &[Pair]) -> Option<Vec<bool>> {
    let import = script.lines().next().unwrap();
    run(machine, PYTHON, &["-W", "ignore", "-c", import])?.status.success().then_some(())?;
    let script = format!("{script}{EACH}");
    let mut arguments = vec!["-W", "ignore", "-c", &script];
    arguments.extend(all.iter().flatten().map(String::as_str));
    Some(said(&run(machine, PYTHON, &arguments)?, all))
}

fn curl(machine: &Machine, cluster: &Cluster, [key, certificate]: &Pair) -> Option<bool> {
    let url = format!("https://{}/webapi/ping", e2e::Stage::proxy_address(cluster));
    let ca = e2e::Stage::web_ca(cluster).display().to_string();
    let got = run(machine, "curl", &["-sS", "--cacert", &ca, "--cert", certificate, "--key", key, &url])?;
    match got.status.code() {
        // "Problem with the local client certificate."
        Some(58) => Some(false),
        // It didn't get as far as the key: no address, no server, no TLS with it.
        Some(6 | 7 | 35 | 60 | 77) | None => panic!("{}", String::from_utf8_lossy(&got.stderr)),
        // An application's certificate leads to the application, which isn't there and answers nothing.
        Some(_) => Some(true),
    }
}

/// There are no pods: what matters is whether it gets so far.
fn kubectl(machine: &Machine, cluster: &Cluster, [key, certificate]: &Pair) -> Option<bool> {
    let files = [format!("--client-key={key}"), format!("--client-certificate={certificate}")];
    let server = format!("--server=https://{}", e2e::Stage::proxy_address(cluster));
    let common = ["--kubeconfig=/dev/null", &*server, "--insecure-skip-tls-verify", "--request-timeout=60s"];
    let asked = run(machine, "kubectl", &[&common[..], &[&files[0], &files[1], "get", "--raw", "/version"]].concat())?;
    let said = String::from_utf8_lossy(&asked.stderr);
    let refuses = said.contains("failed to parse private key");
    // An application's certificate leads to the application, which isn't there and answers nothing.
    let asked = ["Error from server", "read tcp ", "write tcp ", "EOF", "stream error", "GOAWAY", "http2:"];
    assert!(refuses || asked.iter().any(|words| said.contains(words)), "{said}");
    Some(!refuses)
}

fn java(machine: &Machine, all: &[Pair]) -> Option<Vec<bool>> {
    put(&machine.path("Read.java"), JAVA);
    // A runtime alone can't read sources.
    run(machine, "javac", &["-version"])?;
    let arguments: Vec<&str> = ["Read.java"].into_iter().chain(all.iter().flatten().map(String::as_str)).collect();
    Some(said(&run(machine, "java", &arguments)?, all))
}

/// The rows of the table: output, file, algorithm, what the block is called, and a word for each client.
fn documented() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(TABLE).unwrap();
    let (_, table) = text.split_once("| output | file |").unwrap();
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

/// The key files of a row, each with its certificate.
fn files_of(row: &[String]) -> impl Iterator<Item = Pair> {
    row[0].split(", ").map(|output| {
        let folder = if output == "identity" { "out" } else { output };
        let certificate = if row[1] == "identity" { "identity" } else { "tlscert" };
        [format!("{folder}/{}", row[1]), format!("{folder}/{certificate}")]
    })
}

#[test]
fn every_client_reads_the_key_files_that_the_table_says_it_reads_and_no_others() {
    let rows = documented();
    let mut missing = BTreeSet::new();
    let mut wrong = Vec::new();
    for algorithm in ["ecdsa-p256", "rsa-2048", "ed25519"] {
        let (cluster, machine) = write(algorithm);
        let rows: Vec<_> = rows.iter().filter(|row| row[2] == algorithm).collect();
        let files: Vec<(Pair, &[String])> =
            rows.iter().flat_map(|row| files_of(row).map(|pair| (pair, &row[3..]))).collect();
        for ([key, _], cells) in &files {
            let begins = format!("-----BEGIN {}-----", cells[0]);
            assert!(machine.read(key).starts_with(&begins), "{algorithm}: {key} doesn't begin with {begins}");
        }
        let pairs: Vec<Pair> = files.iter().map(|(pair, _)| pair.clone()).collect();
        for (column, (client, reads)) in CLIENTS.iter().enumerate() {
            let Some(seen) = reads(&machine, &cluster, &pairs) else {
                missing.insert(*client);
                continue;
            };
            for (([key, _], cells), seen) in files.iter().zip(seen) {
                let newer = *client == "OpenSSH" && algorithm == "ed25519" && reads_ed25519_as_pkcs8(&machine);
                if seen != (newer || cells[column + 1] == "yes") {
                    wrong.push(format!("{client} reads {key} of {algorithm}: {seen}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "docs/compatibility.md says otherwise:\n{}", wrong.join("\n"));
    for client in missing {
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
