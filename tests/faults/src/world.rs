//! A double with any number of bots, each with a directory, a configuration and a fresh token.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use teleport_double::{BoundKeypairOptions, Double, IamOptions, RecoveryMode, Role, TokenOptions};
use tempfile::TempDir;

use crate::Failure;

/// The role that every bot may take.
pub const ROLE: &str = "workers";

/// How the bots of a world join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By a token that works once.
    Token,
    /// By AWS credentials from the environment.
    Iam,
    /// By a bound key, registered with a secret.
    BoundKeypair,
}

/// A double and the program under test.
#[derive(Debug)]
pub struct World {
    /// The cluster.
    pub double: Double,
    /// The program.
    pub program: PathBuf,
    /// Everything lies below.
    pub directory: TempDir,
    method: Method,
    bots: AtomicUsize,
}

impl World {
    /// Starts a double on the current runtime.
    ///
    /// # Errors
    /// When the double or a directory can't be made, or the program isn't built.
    pub async fn start() -> Result<Self, Failure> {
        Self::of_version("15.0.0-dev", true, Method::Token).await
    }

    /// As [`World::start`], of a version that takes joins the old ways, too (`legacy`), or not.
    ///
    /// # Errors
    /// As there.
    pub async fn of_version(version: &str, legacy: bool, method: Method) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("machine-id-faults-").tempdir()?;
        let builder = Double::builder().version(version).legacy_joins(legacy);
        let double = builder.directory(directory.path().join("double")).start().await?;
        Ok(Self { double, program: program()?, directory, method, bots: AtomicUsize::new(0) })
    }

    /// A new bot that has never joined.
    ///
    /// # Errors
    /// When its files can't be written.
    pub fn bot(&self) -> Result<Bot, Failure> {
        let number = self.bots.fetch_add(1, Ordering::Relaxed);
        let name = format!("bot{number}");
        let directory = self.directory.path().join(&name);
        fs::create_dir(&directory)?;
        self.double.add_bot(&name, &[ROLE]);
        let bot = Bot {
            storage: directory.join("storage"),
            destination: directory.join("destination"),
            leases: directory.join("leases"),
            config: directory.join("tbot.yaml"),
            token: directory.join("token"),
            resource: self.resource(&name),
            method: self.method,
            web_ca: self.double.web_ca_pem().to_owned(),
            program: self.program.clone(),
            name,
            directory,
        };
        fs::create_dir(&bot.leases)?;
        bot.write_config(&self.double.proxy_address(), "1s")?;
        let stored = self.double.bound_keypair(&bot.resource);
        fs::write(&bot.token, stored.map_or_else(|| bot.resource.clone(), |stored| stored.registration_secret))?;
        Ok(bot)
    }

    /// A new token of the world's method.
    fn resource(&self, bot: &str) -> String {
        let mut options = TokenOptions::default();
        match self.method {
            Method::Token => {}
            Method::Iam => options.iam = Some(aws()),
            Method::BoundKeypair => {
                let recovery_mode = RecoveryMode::Relaxed;
                options.bound_keypair = Some(BoundKeypairOptions { recovery_mode, ..BoundKeypairOptions::default() });
            }
        }
        self.double.new_token_with(bot, options)
    }

    /// What an administrator does for a bot that is stuck: up to version 15 it is made anew, with a fresh token.
    ///
    /// # Errors
    /// When the token can't be written.
    pub fn bring_fresh_token(&self, bot: &Bot) -> Result<(), Failure> {
        self.double.delete_bot(&bot.name);
        self.double.add_bot(&bot.name, &[ROLE]);
        Ok(fs::write(&bot.token, self.double.new_token(&bot.name))?)
    }

    /// What an administrator does for a bound key whose state is lost, and takes back after the next join.
    pub fn recover_without_state(&self, bot: &Bot, allowed: bool) {
        let mode = if allowed { RecoveryMode::Insecure } else { RecoveryMode::Relaxed };
        self.double.edit_bound_keypair(&bot.resource, |options, _| options.recovery_mode = mode);
    }

    /// The cluster wants another bound key at the next join.
    #[expect(clippy::disallowed_methods, reason = "the double compares it with its own clock")]
    pub fn ask_for_rotation(&self, bot: &Bot) {
        let now = std::time::SystemTime::now();
        self.double.edit_bound_keypair(&bot.resource, |options, _| options.rotate_after = Some(now));
    }

    /// The bot's own certificates live so long from now on.
    pub fn shorten_life(&self, bot: &Bot, life: Duration) {
        self.double.set_role(Role::new(&format!("bot-{}", bot.name)).max_session_ttl(life));
    }
}

fn aws() -> IamOptions {
    IamOptions { session_token: Some("faults-session-token".to_owned()), ..IamOptions::default() }
}

/// A bot's directories.
#[derive(Clone, Debug)]
pub struct Bot {
    /// Its name at the double.
    pub name: String,
    /// Everything of it lies below.
    pub directory: PathBuf,
    /// Where its identity is kept.
    pub storage: PathBuf,
    /// Its standing output.
    pub destination: PathBuf,
    /// Where `machine-id run` makes its directories.
    pub leases: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// Its token file; of a bound key the file with the registration secret.
    pub token: PathBuf,
    /// The name of its first token.
    pub resource: String,
    /// How it joins.
    pub method: Method,
    web_ca: PathBuf,
    program: PathBuf,
}

impl Bot {
    /// Writes the configuration: renewed `interval` after it was issued.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_config(&self, proxy: &str, interval: &str) -> Result<(), Failure> {
        let (resource, file) = (&self.resource, self.token.display());
        let onboarding = match self.method {
            Method::Token => format!("join_method: token, token: {file}"),
            Method::Iam => format!("join_method: iam, token: {resource}"),
            Method::BoundKeypair => format!(
                "join_method: bound_keypair, token: {resource}, bound_keypair: {{registration_secret_path: {file}}}"
            ),
        };
        let text = format!(
            "version: v2\nproxy_server: {proxy}\ncertificate_ttl: 1h\nrenewal_interval: {interval}\n\
             onboarding: {{{onboarding}}}\nstorage: {{type: directory, path: {}}}\n\
             outputs:\n- type: identity\n  destination: {{type: directory, path: {}}}\n",
            self.storage.display(),
            self.destination.display()
        );
        Ok(fs::write(&self.config, text)?)
    }

    /// Where it opens files of its own.
    #[must_use]
    pub fn directories(&self) -> [PathBuf; 5] {
        let (storage, records) = (self.storage.clone(), self.storage.join("leases"));
        [self.directory.clone(), storage, records, self.destination.clone(), self.leases.clone()]
    }

    /// `machine-id start --oneshot`.
    #[must_use]
    pub fn oneshot(&self) -> Command {
        self.command(&["start", "--oneshot"], &[])
    }

    /// `machine-id start`.
    #[must_use]
    pub fn daemon(&self) -> Command {
        self.command(&["start"], &[])
    }

    /// `machine-id run -- true`.
    #[must_use]
    pub fn run(&self) -> Command {
        self.command(&["run"], &["--", "true"])
    }

    fn command(&self, before: &[&str], after: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(before).arg("-c").arg(&self.config).args(after);
        command.env("SSL_CERT_FILE", &self.web_ca).env("XDG_RUNTIME_DIR", &self.leases).env_remove("HTTPS_PROXY");
        command.env("RUST_BACKTRACE", "0");
        if self.method == Method::Iam {
            let IamOptions { access_key_id, secret_access_key, session_token, .. } = aws();
            command.env("AWS_ACCESS_KEY_ID", access_key_id).env("AWS_SECRET_ACCESS_KEY", secret_access_key);
            command.env("AWS_SESSION_TOKEN", session_token.unwrap_or_default());
            command.env("AWS_REGION", "eu-central-1").env("AWS_EC2_METADATA_DISABLED", "true");
        }
        command
    }

    /// What nothing may ever show: what it joins with, and what lies in its storage.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        let mut secrets = vec![read(self.token.clone()), read(self.storage.join("bkp_state"))];
        if self.method == Method::Iam {
            secrets = vec![aws().secret_access_key, aws().session_token.unwrap_or_default()];
        }
        for file in ["identity.json", "id_bkp", "bkp_key_history.json"] {
            let text = read(self.storage.join(file)).replace("\\n", "\n");
            let parts = text.split("PRIVATE KEY-----\n").skip(1).step_by(2);
            secrets.extend(parts.filter_map(|part| part.lines().next()).map(str::to_owned));
        }
        secrets.retain(|secret| secret.len() >= 16);
        secrets
    }

    /// As after the end of its certificates, or when they are lost.
    ///
    /// # Errors
    /// When the file can't be deleted.
    pub fn forget_identity(&self) -> Result<(), Failure> {
        match fs::remove_file(self.storage.join("identity.json")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Where a command's standard error goes.
    #[must_use]
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// The program beside this one.
fn program() -> Result<PathBuf, Failure> {
    let ours = std::env::current_exe()?;
    let folder =
        ours.parent().map(|folder| if folder.ends_with("deps") { folder.join("..") } else { folder.to_owned() });
    let program = folder.unwrap_or_else(|| Path::new(".").to_owned()).join("machine-id");
    if program.is_file() {
        return Ok(program);
    }
    Err(format!("{} isn't there: cargo build -p machine-id-cli", program.display()).into())
}
