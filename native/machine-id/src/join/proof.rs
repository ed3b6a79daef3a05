//! Reading an ID token from where a method has it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::config::{JoinMethod, ProofSource};
use crate::secret::Secret;

use super::error::JoinError;

/// Where variables are looked up: the process environment, or a test's.
pub(super) type Lookup<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// Longest token or proof.
const LONGEST: u64 = 64 << 10;

/// The proof in a file or variable.
pub(super) fn read(method: JoinMethod, source: &ProofSource, lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    match source {
        ProofSource::Variable(name) => variable(method, name, lookup),
        ProofSource::File(path) => file(method, path),
    }
}

/// The proof in the environment variable `name`.
pub(super) fn variable(method: JoinMethod, name: &str, lookup: Lookup<'_>) -> Result<Secret, JoinError> {
    let missing = || JoinError::ProofMissing {
        method,
        place: format!("the environment variable {name}"),
        reason: "it isn't set".to_owned(),
    };
    let value = Zeroizing::new(lookup(name).ok_or_else(missing)?);
    match value.trim() {
        "" => Err(missing()),
        text => Ok(Secret::new(text.to_owned())),
    }
}

/// The proof in a file.
pub(super) fn file(method: JoinMethod, path: &Path) -> Result<Secret, JoinError> {
    let missing =
        |reason: String| JoinError::ProofMissing { method, place: format!("the file {}", path.display()), reason };
    let text = text(path).map_err(|error| missing(error.to_string()))?;
    if text.expose().is_empty() {
        return Err(missing("it is empty".to_owned()));
    }
    Ok(text)
}

/// A file's text without surrounding white space.
pub(super) fn text(path: &Path) -> std::io::Result<Secret> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(Secret::new(text.trim().to_owned()))
}
