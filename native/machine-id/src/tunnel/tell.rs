//! What the log is told of a tunnel's failures: each once, however many connections meet it.

use std::fmt::Display;
use std::sync::Mutex;

use crate::local::quota::lock;

/// What was told last.
#[derive(Debug)]
pub(super) struct Teller {
    name: String,
    last: Mutex<Option<String>>,
}

impl Teller {
    pub(super) fn new(name: String) -> Self {
        Self { name, last: Mutex::default() }
    }

    /// A connection was made: what fails from now on is new.
    pub(super) fn works(&self) {
        if lock(&self.last).take().is_some() {
            tracing::info!("the tunnel to {} works again", self.name);
        }
    }

    /// A connection couldn't be made, was cut, or was refused.
    pub(super) fn failed(&self, what: &str, why: &impl Display) {
        let text = format!("{what}: {why}");
        let mut last = lock(&self.last);
        if last.as_ref() == Some(&text) {
            return tracing::debug!("tunnel to {}: {text}", self.name);
        }
        tracing::warn!("tunnel to {}: {text}", self.name);
        *last = Some(text);
    }
}
