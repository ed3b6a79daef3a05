//! A running Teleport: auth server, proxy and node in one process.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::Process;
use e2e::secrets::Secrets;
use e2e::stage::Version;
use tempfile::TempDir;

use crate::cloud::Cloud;
use crate::config::{self, Ports};
use crate::issuer::Issuer;
use crate::tctl::Tctl;
use crate::web::Authority;

/// How long a start, or a change of all servers' certificates, may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A cluster of one process; killed and removed when dropped.
#[derive(Debug)]
pub(crate) struct Teleport {
    pub(crate) ports: Ports,
    pub(crate) tctl: Tctl,
    pub(crate) issuer: Issuer,
    pub(crate) cloud: Cloud,
    pub(crate) secrets: Secrets,
    pub(crate) web_ca: PathBuf,
    pub(crate) skipped: RefCell<Option<String>>,
    version: Version,
    _process: Process,
    directory: TempDir,
}

impl Teleport {
    /// Starts the `teleport` of a folder and sets it up with the `tctl` beside it.
    pub(crate) fn start(binaries: &Path) -> Self {
        // Another process may take a port between our look and Teleport's.
        for _ in 0..3 {
            if let Some(teleport) = Self::try_start(binaries) {
                return teleport;
            }
        }
        panic!("Teleport doesn't start: see above");
    }

    fn try_start(binaries: &Path) -> Option<Self> {
        let directory = tempfile::Builder::new().prefix("cluster-").tempdir().unwrap();
        let ports = Ports::free();
        let (authority, issuer) = (Authority::new(), Issuer::new());
        authority.write(directory.path());
        let cloud = Cloud::start(&authority, issuer.fetched_jwks());
        let file = directory.path().join("teleport.yaml");
        std::fs::write(&file, config::teleport(directory.path(), ports).to_string()).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(binaries.join("teleport")).args(["start", "-c"]).arg(&file);
        command.current_dir(directory.path()).env("HOME", directory.path());
        command.env("SSL_CERT_FILE", directory.path().join("web-ca.pem")).env("TELEPORT_UNSTABLE_DISABLE_AWS", "yes");
        // Teleport's AWS library gives it to all of the process.
        command.env_remove("AWS_CA_BUNDLE");
        // Its own connections on loopback don't go there.
        command.env("HTTPS_PROXY", cloud.url());
        // The proxy would ask for it over its connection to the application service, under the name of every server.
        command.env("NO_PROXY", "teleport.cluster.local");
        let mut process = Process::spawn(command);
        let tctl = Tctl::new(binaries.join("tctl"), directory.path(), file);
        let Some(version) = answers(&mut process, &tctl) else {
            let log = std::fs::read_to_string(directory.path().join("teleport.log")).unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("teleport ended: {}{}", process.stderr(), last.into_iter().rev().collect::<Vec<_>>().join("\n"));
            return None;
        };
        tctl.create(&config::role());
        Some(Self {
            ports,
            tctl,
            issuer,
            cloud,
            secrets: Secrets::default(),
            web_ca: directory.path().join("web-ca.pem"),
            skipped: RefCell::default(),
            version,
            _process: process,
            directory,
        })
    }

    /// What the server says it is.
    pub(crate) fn version(&self) -> Version {
        self.version.clone()
    }

    /// Where the auth server keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Why the last scenario could not be shown, if so.
    pub(crate) fn skipped(&self) -> Option<String> {
        self.skipped.borrow_mut().take()
    }
}

/// Waits until proxy and node are known to the auth server; `None` when the process ended before.
fn answers(process: &mut Process, tctl: &Tctl) -> Option<Version> {
    let end = Instant::now() + PATIENCE;
    while process.runs() {
        assert!(
            Instant::now() < end,
            "Teleport isn't up within {PATIENCE:?}; tctl says: {:?}",
            tctl.attempt(&["status"])
        );
        let servers = tctl.servers();
        if ["node", "proxy"].iter().all(|kind| servers.iter().any(|server| server["kind"] == *kind)) {
            return Some(Version::new(&tctl.version()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    None
}
