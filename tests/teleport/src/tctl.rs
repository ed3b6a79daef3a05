//! What an administrator does, by `tctl`.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::{Outcome, Process};
use serde_json::Value;

/// A call of a program of this size, on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The administrator of one cluster.
#[derive(Debug)]
pub(crate) struct Tctl {
    program: PathBuf,
    directory: PathBuf,
    config: PathBuf,
    resources: Cell<u32>,
}

impl Tctl {
    pub(crate) fn new(program: PathBuf, directory: &Path, config: PathBuf) -> Self {
        Self { program, directory: directory.to_owned(), config, resources: Cell::new(0) }
    }

    /// Calls it, whatever comes of it.
    pub(crate) fn attempt(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).args(arguments).env("HOME", &self.directory);
        // It checks the whole configuration, the web certificate too.
        command.env("SSL_CERT_FILE", self.directory.join("web-ca.pem"));
        Process::spawn(command).wait(LIMIT)
    }

    /// Calls it and returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.attempt(arguments).succeeded().stdout
    }

    /// The same for what it prints as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.run(&[arguments, &["--format=json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("tctl {arguments:?}: {error}: {text}"))
    }

    /// Creates or replaces a resource.
    #[track_caller]
    pub(crate) fn create(&self, resource: &Value) {
        self.try_create(resource).succeeded();
    }

    pub(crate) fn try_create(&self, resource: &Value) -> Outcome {
        self.try_create_text(&resource.to_string())
    }

    /// As an administrator does with a text that somebody gave him.
    pub(crate) fn try_create_text(&self, text: &str) -> Outcome {
        self.resources.set(self.resources.get() + 1);
        let file = self.directory.join(format!("resource{}.yaml", self.resources.get()));
        std::fs::write(&file, text).unwrap();
        self.attempt(&["create", "-f", file.to_str().unwrap()])
    }

    /// The proxies and SSH nodes; none while the auth server doesn't answer.
    pub(crate) fn servers(&self) -> Vec<Value> {
        let of = |kind| -> Vec<Value> {
            serde_json::from_str(&self.attempt(&["get", kind, "--format=json"]).stdout).unwrap_or_default()
        };
        ["node", "proxy"].into_iter().flat_map(of).collect()
    }

    /// Generations that the cluster has recorded for a bot's instances.
    pub(crate) fn generations(&self, bot: &str) -> Vec<u64> {
        let instances = self.json(&["get", &format!("bot_instance/{bot}")]);
        let all = instances.as_array().into_iter().flatten();
        all.flat_map(|instance| instance["status"]["latest_authentications"].as_array().into_iter().flatten())
            .filter_map(|authentication| authentication["generation"].as_u64())
            .collect()
    }

    /// The same where a bot has no instances: the user's label.
    pub(crate) fn generation_label(&self, bot: &str) -> Option<u64> {
        let users = self.json(&["get", &format!("user/bot-{bot}")]);
        users[0]["metadata"]["labels"]["teleport.internal/bot-generation"].as_str()?.parse().ok()
    }

    pub(crate) fn version(&self) -> String {
        let status = self.run(&["status"]);
        let line = status.lines().find_map(|line| line.trim().strip_prefix("Version"));
        line.unwrap_or_else(|| panic!("no version: {status}")).trim_start_matches(':').trim().to_owned()
    }

    /// Of the host CAs that are trusted, active first.
    pub(crate) fn ca_pins(&self) -> Vec<String> {
        let status = self.run(&["status"]);
        status.split_whitespace().filter(|word| word.starts_with("sha256:")).map(str::to_owned).collect()
    }
}
