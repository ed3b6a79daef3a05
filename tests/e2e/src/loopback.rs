//! A service of a platform, on loopback: a metadata service, or what issues ID tokens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A client that says nothing doesn't keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer: status and body. A text alone is one with 200.
#[derive(Debug)]
pub struct Reply(u16, Vec<u8>);

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self(200, text.into_bytes())
    }
}

impl<T: Into<Vec<u8>>> From<(u16, T)> for Reply {
    fn from((status, body): (u16, T)) -> Self {
        Self(status, body.into())
    }
}

/// Answers requests by a function until it is dropped.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    ends: Arc<Mutex<bool>>,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    /// Answers each request line and its headers (`GET /path HTTP/1.1`, …); `None` is 404.
    ///
    /// # Panics
    /// When it can't listen.
    pub fn start<R: Into<Reply>>(answer: impl Fn(&[String]) -> Option<R> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (seen, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(false)));
        let mut service = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::clone(&seen),
            ends: Arc::clone(&ends),
            thread: None,
        };
        service.thread = Some(std::thread::spawn(move || {
            for client in listener.incoming() {
                if *ends.lock().unwrap() {
                    return;
                }
                // Who goes away has what it wanted.
                let Some(head) = client.ok().and_then(|client| talk(&client, &answer)) else { continue };
                seen.lock().unwrap().push(head);
            }
        }));
        service
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The request lines so far.
    ///
    /// # Panics
    /// Never in practice.
    #[must_use]
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        *self.ends.lock().unwrap() = true;
        // Wakes it.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One request; its first line.
fn talk<R: Into<Reply>>(client: &TcpStream, answer: &impl Fn(&[String]) -> Option<R>) -> Option<String> {
    client.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(client);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    reader.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()?;
    let Reply(status, body) = answer(&head).map_or(Reply(404, Vec::new()), Into::into);
    let mut client = client;
    write!(client, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).ok()?;
    client.write_all(&body).ok()?;
    head.into_iter().next()
}
