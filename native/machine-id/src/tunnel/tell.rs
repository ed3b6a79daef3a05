//! What is told of a tunnel's failures: to the log each once, however many connections meet it; to whoever has the tunnels,
//! each cause once.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use crate::local::quota::lock;

/// How many causes are kept, and how many characters of each.
const MOST: usize = 8;
const LONGEST: usize = 500;

/// Why connections failed, for whoever has the tunnels: each cause once, in the order in which they came.
#[derive(Debug, Default)]
pub struct Failures(Mutex<Vec<Told>>);

/// A cause, with the tunnel that met it.
#[derive(Debug)]
struct Told {
    tunnel: String,
    what: String,
}

impl Failures {
    /// Adds one, of a tunnel that leads to `tunnel`. Further ones than there is room for are in the log alone.
    pub fn add(&self, tunnel: &str, what: &str) {
        let what: String = what.chars().take(LONGEST).collect();
        let mut all = lock(&self.0);
        let known = |known: &Told| known.tunnel == tunnel && cause(&known.what).eq(cause(&what));
        if all.len() < MOST && !all.iter().any(known) {
            all.push(Told { tunnel: tunnel.to_owned(), what });
        }
    }

    /// All of them, as sentences.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let sentence =
            |Told { tunnel, what }: &Told| format!("tunnel to {tunnel}: {what}").chars().take(LONGEST).collect();
        lock(&self.0).iter().map(sentence).collect()
    }
}

/// What changes from one connection to the next, as a time or a port does, makes no other cause.
fn cause(what: &str) -> impl Iterator<Item = char> {
    what.chars().filter(|letter| !letter.is_ascii_digit())
}

/// What was told last.
#[derive(Debug)]
pub(super) struct Teller {
    name: String,
    last: Mutex<Option<String>>,
    failures: Arc<Failures>,
}

impl Teller {
    pub(super) fn new(name: String, failures: Arc<Failures>) -> Self {
        Self { name, last: Mutex::default(), failures }
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
        self.failures.add(&self.name, &text);
        *last = Some(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_kept_once_and_not_more_than_there_is_room_for() {
        let failures = Arc::new(Failures::default());
        let teller = Teller::new("database \"pg\"".to_owned(), Arc::clone(&failures));
        for port in 0..100 {
            teller.failed("a connection was cut", &format!("127.0.0.1:{port} has gone"));
            teller.works();
        }
        assert_eq!(failures.all(), ["tunnel to database \"pg\": a connection was cut: 127.0.0.1:0 has gone"]);
        let other = Teller::new("database \"pg2\"".to_owned(), Arc::clone(&failures));
        other.failed("a connection was cut", &"127.0.0.1:0 has gone");
        assert_eq!(failures.all()[1], "tunnel to database \"pg2\": a connection was cut: 127.0.0.1:0 has gone");
        for letter in 'a'..='z' {
            teller.failed("a connection can't be made", &letter.to_string().repeat(10_000));
        }
        let all = failures.all();
        assert_eq!(all.len(), MOST);
        assert!(all.iter().all(|one| one.chars().count() <= LONGEST));
    }
}
