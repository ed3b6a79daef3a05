//! A double with any number of bots, each with a directory, a configuration and a fresh token.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use teleport_double::Double;
use tempfile::TempDir;

use crate::Failure;

/// The role that every bot may take.
pub const ROLE: &str = "workers";

/// A double and the program under test.
#[derive(Debug)]
pub struct World {
    /// The cluster.
    pub double: Double,
    /// The program.
    pub program: PathBuf,
    /// Everything lies below.
    pub directory: TempDir,
    bots: AtomicUsize,
}

impl World {
    /// Starts a double on the current runtime.
    ///
    /// # Errors
    /// When the double or a directory can't be made, or the program isn't built.
    pub async fn start() -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("machine-id-faults-").tempdir()?;
        let double = Double::builder().directory(directory.path().join("double")).start().await?;
        Ok(Self { double, program: program()?, directory, bots: AtomicUsize::new(0) })
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
            web_ca: self.double.web_ca_pem().to_owned(),
            program: self.program.clone(),
            name,
            directory,
        };
        fs::create_dir(&bot.leases)?;
        bot.write_config(&self.double.proxy_address(), "1s")?;
        fs::write(&bot.token, self.double.new_token(&bot.name))?;
        Ok(bot)
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
    /// Its token file.
    pub token: PathBuf,
    web_ca: PathBuf,
    program: PathBuf,
}

impl Bot {
    /// Writes the configuration: renewed `interval` after it was issued.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_config(&self, proxy: &str, interval: &str) -> Result<(), Failure> {
        let text = format!(
            "version: v2\nproxy_server: {proxy}\ncertificate_ttl: 1h\nrenewal_interval: {interval}\n\
             onboarding: {{join_method: token, token: {}}}\nstorage: {{type: directory, path: {}}}\n\
             outputs:\n- type: identity\n  destination: {{type: directory, path: {}}}\n",
            self.token.display(),
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
        command
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
