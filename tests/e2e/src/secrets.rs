//! What must never be printed.

use std::path::Path;
use std::sync::{Arc, Mutex};

/// Words that only stand in a private key.
const MARK: &str = "PRIVATE KEY-----";

/// Texts that no program may show, shared by all who learn of them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    /// Adds one.
    ///
    /// # Panics
    /// Never in practice.
    pub fn add(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }

    /// All of them by now.
    ///
    /// # Panics
    /// Never in practice.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The secret parts of every private key in the files below a directory.
#[must_use]
pub fn keys_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let Ok(kind) = path.symlink_metadata() else { continue };
        if kind.is_dir() {
            found.extend(keys_below(&path));
        } else if kind.is_file() && kind.len() < 1 << 20 {
            // It may be gone by now.
            let text = std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            found.extend(text.iter().flat_map(|text| keys_in(text)));
        }
    }
    found
}

/// Keys in PEM, also where the line feeds are written as in JSON.
fn keys_in(text: &str) -> Vec<String> {
    let text = text.replace("\\n", "\n");
    let parts = text.split("-----BEGIN ").filter_map(|part| part.split_once(MARK));
    let bodies = parts.filter_map(|(_, rest)| rest.split_once("-----END").map(|(body, _)| body.to_owned()));
    bodies
        .flat_map(|body| body.lines().filter(|line| line.len() >= 40).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// Fails if a text holds a private key or one of the secrets.
///
/// # Panics
/// When it does; the text itself isn't repeated.
pub fn assert_none(place: &str, text: &str, secrets: &[String]) {
    assert!(!text.contains(MARK), "{place} shows a private key");
    for secret in secrets {
        let shown: String = secret.chars().take(6).collect();
        assert!(!text.contains(secret.as_str()), "{place} shows the secret that begins with {shown:?}");
    }
}

/// Fails if any process of the machine shows a secret in its arguments, as `ps` prints them.
///
/// # Panics
/// When one does.
pub fn assert_ps_is_clean(secrets: &[String]) {
    let all = std::process::Command::new("ps").args(["axww", "-o", "args"]).output().expect("ps");
    let text = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(text.lines().count() > 1);
    assert_none("ps", &text, secrets);
}
