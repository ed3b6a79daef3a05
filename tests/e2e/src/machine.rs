//! A build agent: a directory with a configuration, the bot's store and its outputs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;

use crate::loopback::Reply;
use crate::secrets::Secrets;
use crate::wait::LONG;
use crate::{Loopback, Outcome, Process, Stage, program, secrets, users};

/// A machine that uses a cluster.
#[derive(Debug)]
pub struct Machine {
    directory: TempDir,
    environment: Vec<(String, String)>,
    /// The cluster's.
    tokens: Secrets,
    secrets: Mutex<Vec<String>>,
    services: Vec<Loopback>,
}

/// Writes a file of the test's own.
///
/// # Panics
/// When it can't.
#[expect(clippy::disallowed_methods, reason = "a test's own file, not a destination")]
pub fn put(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

impl Machine {
    /// A machine that trusts the cluster's web certificate. Its directory can be passed through by all users.
    ///
    /// # Panics
    /// When its directory can't be made.
    #[must_use]
    pub fn new(cluster: &dyn Stage) -> Self {
        let directory = tempfile::Builder::new().prefix("e2e-machine-").tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        let temporary = directory.path().join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        let text = |path: &Path| path.display().to_string();
        let environment = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", text(directory.path())),
            ("TMPDIR", text(&temporary)),
            ("SSL_CERT_FILE", text(cluster.web_ca())),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Self { directory, environment, tokens: cluster.secrets(), secrets: Mutex::default(), services: Vec::new() }
    }

    /// Sets a variable for all programs from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A path on this machine.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Contents of a file on this machine.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes `tbot.yaml`: proxy, token, store in `bot`, an identity output in `out`, and more lines.
    pub fn configure(&self, cluster: &dyn Stage, token: &str, more: &str) {
        self.configure_address(&cluster.proxy_address(), token, more);
    }

    /// The same for any address of a proxy.
    pub fn configure_address(&self, proxy: &str, token: &str, more: &str) {
        let (bot, out) = (self.path("bot"), self.path("out"));
        self.write_config(&format!(
            "version: v2\nproxy_server: {proxy}\nonboarding:\n  join_method: token\n  token: {token}\n\
             storage: {{type: directory, path: {}}}\noutputs:\n\
             - type: identity\n  destination: {{type: directory, path: {}}}\n{more}",
            bot.display(),
            out.display(),
        ));
    }

    /// Changes the join method in what [`Self::configure`] has written.
    pub fn configure_method(&self, method: &str) {
        let config = self.read("tbot.yaml");
        self.write_config(&config.replace("join_method: token", &format!("join_method: {method}")));
    }

    /// Leads to the auth server instead of the proxy in what [`Self::configure`] has written.
    pub fn configure_auth_server(&self, cluster: &dyn Stage) {
        let (proxy, auth) =
            (format!("proxy_server: {}", cluster.proxy_address()), format!("auth_server: {}", cluster.auth_address()));
        self.write_config(&self.read("tbot.yaml").replace(&proxy, &auth));
    }

    /// Adds a pin to what [`Self::configure`] has written.
    pub fn configure_pin(&self, pin: &str) {
        let pinned = format!("onboarding:\n  ca_pins: [\"{pin}\"]\n");
        self.write_config(&self.read("tbot.yaml").replace("onboarding:\n", &pinned));
    }

    /// Starts a service of the platform that this machine is on, until the machine goes; `host:port` of it.
    pub fn serve<R: Into<Reply>>(&mut self, answer: impl Fn(&[String]) -> Option<R> + Send + 'static) -> String {
        let service = Loopback::start(answer);
        let address = service.address();
        self.services.push(service);
        address
    }

    /// Writes `tbot.yaml` whole.
    pub fn write_config(&self, text: &str) {
        put(&self.path("tbot.yaml"), text);
    }

    /// A command with this machine's environment and nothing else in it.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.directory.path());
        command
    }

    /// Starts a program; when it ends its output is searched for secrets.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn spawn(&self, command: Command) -> Process {
        let mut process = Process::spawn(command);
        let directory = self.directory.path().to_owned();
        // What it removes at its end must not have been shown either.
        self.secrets.lock().unwrap().extend(secrets::keys_below(&directory));
        let (known, tokens) = (self.secrets.lock().unwrap().clone(), self.tokens.clone());
        process.check = Some(Box::new(move |outcome| {
            let mut all = known;
            all.extend(secrets::keys_below(&directory));
            all.extend(tokens.all());
            secrets::assert_none(
                &format!("{}'s output", outcome.name),
                &(outcome.stdout.clone() + &outcome.stderr),
                &all,
            );
        }));
        process
    }

    /// Makes texts secrets that no program may show.
    ///
    /// # Panics
    /// Never in practice.
    pub fn keep_secret(&self, texts: impl IntoIterator<Item = String>) {
        self.secrets.lock().unwrap().extend(texts);
    }

    /// Everything that must not be shown by now.
    ///
    /// # Panics
    /// Never in practice.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut all = self.secrets.lock().unwrap().clone();
        all.extend(self.tokens.all());
        all.extend(secrets::keys_below(self.directory.path()));
        all
    }

    /// Starts `machine-id`.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start(&self, arguments: &[&str]) -> Process {
        let mut command = self.command(program::program().to_str().unwrap());
        command.args(arguments);
        self.spawn(command)
    }

    /// Starts any program.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start_tool(&self, program: &str, arguments: &[&str]) -> Process {
        let mut command = self.command(program);
        command.args(arguments);
        self.spawn(command)
    }

    /// Runs `machine-id` to its end.
    ///
    /// # Panics
    /// When it takes too long.
    pub fn machine_id(&self, arguments: &[&str]) -> Outcome {
        self.start(arguments).wait(LONG)
    }

    /// Runs `machine-id start --oneshot` on `tbot.yaml`.
    ///
    /// # Panics
    /// When it takes too long.
    pub fn oneshot(&self) -> Outcome {
        self.machine_id(&["start", "--oneshot", "-c", "tbot.yaml"])
    }

    /// Logs in to `host` by the `ssh_config` in `out`, with more options, and says "here" there.
    ///
    /// # Panics
    /// As [`Self::tool`].
    pub fn ssh_echo(&self, options: &[&str], host: &str) -> Outcome {
        let target = format!("{}@{host}", users::login());
        let mut arguments = vec!["-F", "out/ssh_config", "-o", "BatchMode=yes"];
        arguments.extend_from_slice(options);
        arguments.extend([target.as_str(), "echo", "here"]);
        self.tool("ssh", &arguments)
    }

    /// Runs any program to its end.
    ///
    /// # Panics
    /// When it can't be started or takes too long.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Outcome {
        self.tool_within(LONG, program, arguments)
    }

    /// Runs any program to its end, within a time.
    ///
    /// # Panics
    /// When it can't be started or takes too long.
    pub fn tool_within(&self, limit: Duration, program: &str, arguments: &[&str]) -> Outcome {
        self.start_tool(program, arguments).wait(limit)
    }

    /// Names in a directory, sorted; none if it isn't there.
    ///
    /// # Panics
    /// When a name isn't text.
    #[must_use]
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(directory)).into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Fails unless nothing is left of a failed first start: no stored identity, no lease, no destination.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.names("out"), [""; 0], "left in the destination");
        assert!(!self.path("bot/identity.json").exists(), "an identity is stored");
        assert_eq!(self.names("tmp"), [""; 0], "left in the temporary directory");
        let leases: Vec<_> = self.names("bot/leases").into_iter().filter(|name| !name.starts_with(".lock")).collect();
        assert_eq!(leases, [""; 0], "leases are left");
    }
}
