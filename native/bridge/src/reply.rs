//! The envelope of every reply: `{"ok": …}` or `{"error": {"code", "message", "hint", "retry"}}`.

use std::time::Duration;

use machine_id::error::{Error, Retry};
use serde::{Serialize, Serializer};

/// What `open` gives.
#[derive(Debug, Serialize)]
pub(crate) struct Opened {
    /// Number of the engine, for all further calls; below 2^53, so that any JSON reader keeps it whole.
    pub(crate) engine: i64,
}

/// What `close` gives.
#[derive(Debug, Serialize)]
pub(crate) struct Closed {}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Envelope<'a, T> {
    Ok(T),
    Error(Failure<'a>),
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'static str,
    message: &'a str,
    hint: &'a str,
    #[serde(serialize_with = "retry")]
    retry: Retry,
}

/// Nothing of ours should ever be impossible to write as JSON; if it is, the caller still gets an envelope.
pub(crate) const UNWRITABLE: &[u8] =
    br#"{"error":{"code":"internal","message":"a reply can't be written","hint":"report this","retry":"no"}}"#;
/// Without a thread of ours nothing can be formatted: this is.
pub(crate) const NO_THREADS: &[u8] = br#"{"error":{"code":"internal","message":"the library can't start its threads","hint":"check the limits of processes and open files of the agent's user","retry":"later"}}"#;

/// The reply for an outcome.
pub(crate) fn of<T: Serialize>(outcome: Result<T, Error>) -> Vec<u8> {
    let written = match &outcome {
        Ok(value) => serde_json::to_vec(&Envelope::Ok(value)),
        Err(error) => serde_json::to_vec(&Envelope::<()>::Error(Failure {
            code: error.code().as_str(),
            message: error.message(),
            hint: error.hint(),
            retry: error.retry(),
        })),
    };
    written.unwrap_or_else(|_| UNWRITABLE.to_vec())
}

fn retry<S: Serializer>(retry: &Retry, serializer: S) -> Result<S::Ok, S::Error> {
    match retry {
        Retry::No => serializer.serialize_str("no"),
        Retry::Later => serializer.serialize_str("later"),
        Retry::After(delay) => serializer.serialize_u64(whole_seconds(*delay)),
    }
}

/// Rounded up: nobody is asked to come back too early.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() > 0))
}
