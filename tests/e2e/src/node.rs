//! A real sshd on loopback.

use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use teleport_double::{Double, free_port};

use crate::machine::put;
use crate::wait::{LONG, until};
use crate::{Process, users};

/// An sshd that trusts a user CA and shows a host certificate.
#[derive(Debug)]
pub struct Node {
    sshd: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Node {
    /// Starts an sshd in `directory`. It trusts `users`' user CA; `hosts` signs its host certificate for `name`.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn start(directory: &Path, users: &Double, hosts: &Double, name: &str) -> Self {
        Self::start_with(directory, users, hosts, name, "")
    }

    /// The same with more lines of its configuration.
    ///
    /// # Panics
    /// When it doesn't start.
    pub fn start_with(directory: &Path, users: &Double, hosts: &Double, name: &str, more: &str) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        // The type that Teleport gives its own nodes, and what an ssh_config for RSA authorities accepts.
        let key = directory.join("host_key");
        users::prepare("ssh-keygen", &["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", key.to_str().unwrap()]);
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        let principals = [name, name.split('.').next().unwrap_or(name)];
        put(&directory.join("host_key-cert.pub"), &hosts.sign_host_certificate(&public, &principals).unwrap());
        put(&directory.join("user_ca.pub"), &users.user_ca_ssh_line());
        if nix::unistd::geteuid().is_root() {
            // Debian makes it when its service starts.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        // Another process may take the port between our look and sshd's.
        for _ in 0..5 {
            if let Some(node) = Self::try_start(directory, more) {
                return node;
            }
        }
        panic!("sshd doesn't start");
    }

    fn try_start(directory: &Path, more: &str) -> Option<Self> {
        let port = free_port();
        let file = |name: &str| directory.join(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nHostCertificate {}\nTrustedUserCAKeys {}\nPidFile none\n\
             UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AuthorizedKeysFile none\nPermitRootLogin yes\nSubsystem sftp internal-sftp\nMaxStartups 100\n{more}",
            file("host_key"),
            file("host_key-cert.pub"),
            file("user_ca.pub"),
        );
        let path = directory.join("sshd_config");
        put(&path, &config);
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f"]).arg(&path);
        let mut sshd = Process::spawn(command);
        let address = format!("127.0.0.1:{port}");
        let speaks = until("sshd's greeting", LONG, || {
            if !sshd.runs() {
                return Some(false);
            }
            greets(&address).then_some(true)
        });
        if !speaks && !sshd.stderr().contains("in use") {
            panic!("sshd: {}", sshd.stderr());
        }
        speaks.then_some(Self { sshd, address })
    }

    /// What sshd has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.sshd.stderr()
    }
}

fn greets(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut greeting = [0; 4];
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.read_exact(&mut greeting).is_ok() && greeting == *b"SSH-"
}
