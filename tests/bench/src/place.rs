//! Where it is measured: a double, or a real cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use e2e::{Cluster, users};
use tempfile::TempDir;

/// A cluster and the programs that use it.
pub(crate) struct Place {
    /// Our program.
    pub(crate) program: PathBuf,
    /// `libmachine_id.so`, if it was built.
    pub(crate) library: Option<PathBuf>,
    /// tbot.
    pub(crate) peer: Option<PathBuf>,
    /// `host:port` of the proxy.
    pub(crate) proxy: String,
    /// `user@host` that ssh reaches through the cluster.
    pub(crate) target: Option<String>,
    /// `host:port` of that host itself, where it can be reached past the cluster.
    pub(crate) direct: Option<String>,
    /// CA of the proxy's web certificate.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) quick: bool,
    pub(crate) directory: TempDir,
    double: Option<Cluster>,
    tctl: Option<String>,
    roles: String,
    bots: AtomicU32,
}

impl Place {
    pub(crate) fn of_environment(quick: bool) -> Self {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let beside = |name: &str| std::env::current_exe().unwrap().with_file_name(name);
        let program = given("MACHINE_ID").map_or_else(|| beside("machine-id"), PathBuf::from);
        assert!(program.exists(), "{} isn't built; set MACHINE_ID", program.display());
        let library = given("LIBRARY").map_or_else(|| beside("libmachine_id_jni.so"), PathBuf::from);
        let directory = tempfile::Builder::new().prefix("machine-id-bench-").tempdir().unwrap();
        let mut place = Self {
            program: program.canonicalize().unwrap(),
            library: Some(library).filter(|path| path.exists()),
            peer: given("TBOT").map(PathBuf::from),
            proxy: String::new(),
            target: given("SSH_TARGET"),
            direct: given("SSH_DIRECT"),
            ca: given("SSL_CERT_FILE").map(PathBuf::from),
            quick,
            directory,
            double: None,
            tctl: given("TCTL"),
            roles: given("ROLES").unwrap_or_else(|| "api-workers".to_owned()),
            bots: AtomicU32::new(0),
        };
        match given("CLUSTER") {
            Some(proxy) => {
                assert!(place.tctl.is_some(), "CLUSTER needs TCTL: each cold start takes a token of its own");
                place.proxy = proxy;
            }
            None => {
                let cluster = Cluster::start().and_node();
                place.proxy = cluster.proxy_address();
                place.ca = Some(cluster.web_ca_pem().to_owned());
                place.target = Some(format!("{}@node1.example.test", users::login()));
                // A peer needs the tokens of a real cluster.
                place.peer = None;
                place.double = Some(cluster);
            }
        }
        place
    }

    pub(crate) fn describe(&self) -> String {
        if self.double.is_some() {
            "the double, on this machine".to_owned()
        } else {
            format!("the cluster {}", self.proxy)
        }
    }

    pub(crate) fn double(&self) -> Option<&Cluster> {
        self.double.as_ref()
    }

    /// How often something is measured: `many`, or just enough to see that it works.
    pub(crate) fn rounds(&self, many: u32) -> u32 {
        if self.quick { 3.min(many) } else { many }
    }

    /// A bot of its own.
    pub(crate) fn bot(&self) -> Bot {
        let number = self.bots.fetch_add(1, Ordering::Relaxed);
        let name = format!("bench-{}-{number}", std::process::id());
        if let Some(double) = &self.double {
            double.add_bot(&name, &["api-workers"]);
            let token = double.new_token(&name);
            return Bot { name, token };
        }
        let tctl = self.tctl.as_deref().unwrap();
        let script = format!("{tctl} bots add {name} --roles={} --ttl=1h", self.roles);
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let hex = |word: &&str| word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
        let found = text.split(|c: char| !c.is_ascii_alphanumeric()).find(hex).map(str::to_owned);
        let token = found
            .unwrap_or_else(|| panic!("{script}: no token in {text:?} {}", String::from_utf8_lossy(&output.stderr)));
        Bot { name, token }
    }

    /// A fresh machine: a configuration in tbot's format, an empty store, an identity output in `out`.
    pub(crate) fn machine(&self) -> Machine {
        self.machine_with("")
    }

    /// The same with more lines at the configuration's top.
    pub(crate) fn machine_with(&self, more: &str) -> Machine {
        let directory = tempfile::Builder::new().tempdir_in(self.directory.path()).unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        let text = format!(
            "version: v2\n{more}auth_server: {}\nonboarding: {{join_method: token, token: {}}}\n\
             storage: {{type: directory, path: {}}}\noutputs:\n- type: identity\n  destination: {{type: directory, \
             path: {}}}\n",
            self.proxy,
            self.bot().token,
            at("bot"),
            at("out"),
        );
        e2e::machine::put(&directory.path().join("tbot.yaml"), &text);
        Machine { directory, ca: self.ca.clone() }
    }
}

/// A bot that hasn't joined yet.
pub(crate) struct Bot {
    pub(crate) name: String,
    pub(crate) token: String,
}

/// A directory with everything that a bot has.
pub(crate) struct Machine {
    directory: TempDir,
    ca: Option<PathBuf>,
}

impl Machine {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory.path()).stdin(std::process::Stdio::null());
        if let Some(ca) = &self.ca {
            command.env("SSL_CERT_FILE", ca);
        }
        command
    }

    /// `PROGRAM start --oneshot -c tbot.yaml`: ours and tbot's are called alike.
    pub(crate) fn oneshot(&self, program: &Path) {
        let mut command = self.command(program);
        command.args(["start", "--oneshot", "-c", "tbot.yaml"]);
        crate::tools::quiet(command);
    }
}
