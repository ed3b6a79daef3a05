//! Real databases on loopback, whose data goes with them. They run as an unprivileged user: neither runs as root.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{User, chown, geteuid};
use teleport_double::free_port;
use tempfile::TempDir;

use crate::machine::put;
use crate::users::skipped;
use crate::wait::{LONG, until};
use crate::{Cluster, Process};

/// What the databases run as where the tests run as root.
const NOBODY: &str = "nobody";

/// A database's server.
#[derive(Debug)]
pub struct Database {
    _server: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
    directory: TempDir,
}

impl Database {
    /// PostgreSQL with TLS, a certificate of the cluster's database CA, and user and database `orders`; who connects by
    /// TCP has to show a certificate of that CA for the user. None where it isn't installed, which is said.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn postgres(cluster: &Cluster) -> Option<Self> {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = cluster.certify_database(&spki(&key)).unwrap();
        Self::postgres_with(free_port(), &certificate, &pem(&key), &cluster.database_ca_pem())
    }

    /// The same at a port, with a key and certificate that somebody else has made, PEM, and whom it takes clients from.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn postgres_with(port: u16, certificate: &str, key: &str, authorities: &str) -> Option<Self> {
        let Some(binaries) = postgres_binaries() else {
            skipped("PostgreSQL isn't installed (Debian's package postgresql)");
            return None;
        };
        let directory = scratch();
        let file = |name: &str| directory.path().join(name);
        put(&file("server.crt"), certificate);
        put(&file("server.key"), key);
        put(&file("ca.crt"), authorities);
        put(&file("hba"), "local all all trust\nhostssl all all 127.0.0.1/32 cert\n");
        std::fs::set_permissions(file("server.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
        own(directory.path());
        let data = file("data").display().to_string();
        let tool = |name: &str| binaries.join(name).display().to_string();
        run(as_user(directory.path(), &tool("initdb")).args([
            "-D",
            &data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--no-sync",
        ]));
        let mut server = as_user(directory.path(), &tool("postgres"));
        server.args(["-D", &data, "-p", &port.to_string(), "-k"]).arg(directory.path());
        for setting in [
            "listen_addresses=127.0.0.1",
            "max_connections=300",
            "fsync=off",
            "ssl=on",
            &format!("ssl_cert_file={}", file("server.crt").display()),
            &format!("ssl_key_file={}", file("server.key").display()),
            &format!("ssl_ca_file={}", file("ca.crt").display()),
            &format!("hba_file={}", file("hba").display()),
        ] {
            server.args(["-c", setting]);
        }
        let server = Process::spawn(server);
        let psql = |statement: &str| {
            let mut psql = as_user(directory.path(), "psql");
            psql.arg("-h").arg(directory.path()).args(["-p", &port.to_string(), "-U", "postgres", "-c", statement]);
            psql
        };
        until("PostgreSQL", LONG, || psql("select 1").output().unwrap().status.success().then_some(()));
        run(&mut psql("create role orders login"));
        run(&mut psql("create database orders owner orders"));
        Some(Self { _server: server, address: format!("127.0.0.1:{port}"), directory })
    }

    /// MariaDB with user and database `orders`, without a password. None where it isn't installed, which is said.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn mariadb() -> Option<Self> {
        let server = Path::new("/usr/sbin/mariadbd");
        if !server.exists() || !is_there("mysql") {
            skipped("MariaDB isn't installed (Debian's packages mariadb-server and default-mysql-client)");
            return None;
        }
        let directory = scratch();
        own(directory.path());
        let file = |name: &str| directory.path().join(name).display().to_string();
        run(as_user(directory.path(), "mariadb-install-db").args([
            "--no-defaults",
            &format!("--datadir={}", file("data")),
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]));
        let port = free_port();
        let socket = format!("--socket={}", file("socket"));
        let mut command = as_user(directory.path(), server.to_str().unwrap());
        command.args(["--no-defaults", &format!("--datadir={}", file("data")), &socket]);
        command.args([&format!("--port={port}"), "--bind-address=127.0.0.1", "--skip-name-resolve"]);
        command.args(["--max-connections=300", "--max-allowed-packet=256M"]);
        let server = Process::spawn(command);
        let mysql = |statement: &str| {
            let mut mysql = Command::new("mysql");
            mysql.args(["--no-defaults", &socket, "-uroot", "-e", statement]);
            mysql
        };
        until("MariaDB", LONG, || mysql("select 1").output().unwrap().status.success().then_some(()));
        run(&mut mysql(
            "create database orders; create user orders@'127.0.0.1'; grant all on orders.* to orders@'127.0.0.1'",
        ));
        Some(Self { _server: server, address: format!("127.0.0.1:{port}"), directory })
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// Debian keeps the server's programs out of PATH, by version.
fn postgres_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions.flatten().map(|entry| entry.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists() && bin.join("postgres").exists());
    found.sort();
    found.pop().filter(|_| is_there("psql"))
}

fn spki(key: &rcgen::KeyPair) -> Vec<u8> {
    use rcgen::PublicKeyData;
    key.subject_public_key_info()
}

fn pem(key: &rcgen::KeyPair) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(key.serialize_der());
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// A short path: a socket's address has room for 107 bytes.
fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("e2e-db-").tempdir().unwrap()
}

fn own(directory: &Path) {
    if !geteuid().is_root() {
        return;
    }
    let user = User::from_name(NOBODY).unwrap().expect("there is no user nobody");
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.chain([directory.to_owned()]) {
        chown(&path, Some(user.uid), Some(user.gid)).unwrap();
    }
}

fn as_user(directory: &Path, program: &str) -> Command {
    let mut command = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", "65534", "--clear-groups", "--pdeathsig", "KILL", program]);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(directory).env("HOME", directory).env("LC_ALL", "C.UTF-8");
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).exists())
}
