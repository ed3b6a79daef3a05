//! A real sshd, one process a connection, so that it always shows the present host certificate and trusts the present
//! user CA, as Teleport's own nodes do during a rotation.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use teleport_double::Double;
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;

pub(super) struct Node {
    pub(super) address: String,
}

struct Files {
    directory: PathBuf,
    double: Arc<Double>,
    public: String,
}

impl Node {
    pub(super) async fn start(directory: PathBuf, double: Arc<Double>) -> Result<Self, Failure> {
        fs::create_dir(&directory)?;
        let key = directory.join("host_key");
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f"]).arg(&key).status()?;
        if !made.success() {
            return Err("ssh-keygen fails".into());
        }
        if nix::unistd::geteuid().is_root() {
            fs::create_dir_all("/run/sshd")?;
        }
        let file = |name: &str| directory.join(name).display().to_string();
        let config = format!(
            "HostKey {}\nHostCertificate {}\nTrustedUserCAKeys {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\nPermitRootLogin yes\n",
            file("host_key"),
            file("host_key-cert.pub"),
            file("user_ca.pub"),
        );
        fs::write(directory.join("sshd_config"), config)?;
        let public = fs::read_to_string(directory.join("host_key.pub"))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let files = Arc::new(Files { directory, double, public });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let files = Arc::clone(&files);
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = files.serve(stream) {
                        eprintln!("sshd: {error}");
                    }
                });
            }
        });
        Ok(Self { address })
    }
}

impl Files {
    fn serve(&self, stream: TcpStream) -> Result<(), Failure> {
        let certificate = self.double.sign_host_certificate(&self.public, &["node1", "node1.example.test"])?;
        replace(&self.directory.join("host_key-cert.pub"), &certificate)?;
        replace(&self.directory.join("user_ca.pub"), &self.double.user_ca_ssh_line())?;
        let stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        let (input, output) = (OwnedFd::from(stream.try_clone()?), OwnedFd::from(stream));
        let mut sshd = Command::new("/usr/sbin/sshd");
        sshd.arg("-i").arg("-f").arg(self.directory.join("sshd_config"));
        sshd.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::null());
        sshd.status()?;
        Ok(())
    }
}

/// Several connections write the same file.
fn replace(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let part = path.with_extension(format!("{:x}", fastrand::u64(..)));
    fs::write(&part, text)?;
    Ok(fs::rename(part, path)?)
}
