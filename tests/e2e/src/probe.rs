//! Asking a program's diagnostics, by a plain HTTP of our own: what was sent back is seen as it came.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's status.
    pub status: u16,
    /// The content type; empty: none.
    pub kind: String,
    /// What came after the head.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A free port of 127.0.0.1, as an address.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_address() -> String {
    format!("127.0.0.1:{}", teleport_double::free_port())
}

/// Asks; none: nobody listens or answers.
#[must_use]
pub fn ask(address: &str, method: &str, path: &str) -> Option<Answer> {
    ask_within(address, method, path, Duration::from_secs(30))
}

/// Asks as [`ask`] does; none: nobody listens, or says anything for so long.
#[must_use]
pub fn ask_within(address: &str, method: &str, path: &str, patience: Duration) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: BTreeMap<String, &str> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value)).collect();
    let body = if headers.get("transfer-encoding") == Some(&"chunked") { unchunked(body)? } else { body.to_owned() };
    Some(Answer { status, kind: headers.get("content-type").copied().unwrap_or_default().to_owned(), body })
}

fn unchunked(mut text: &str) -> Option<String> {
    let mut whole = String::new();
    loop {
        let (size, rest) = text.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(rest.get(..size)?);
        text = rest.get(size + 2..)?;
    }
}

/// Asks with GET.
///
/// # Panics
/// When nobody answers.
#[must_use]
#[track_caller]
pub fn get(address: &str, path: &str) -> Answer {
    ask(address, "GET", path).unwrap_or_else(|| panic!("nobody answers at {address}{path}"))
}

/// The samples of a text in Prometheus' format, by name and labels as they stand there.
///
/// # Panics
/// When a line isn't a comment, empty, or a sample of a family that was announced before.
#[must_use]
pub fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut family = String::new();
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# TYPE ") {
            comment.split(' ').next().unwrap().clone_into(&mut family);
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(series.starts_with(&family) && !family.is_empty(), "{line} stands below {family}");
            let value = value.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(found.insert(series.to_owned(), value).is_none(), "{line} twice");
        }
    }
    found
}
