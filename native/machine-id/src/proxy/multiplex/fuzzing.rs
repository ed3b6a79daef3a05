//! Doors for the fuzzer to both ends of the socket.

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, LazyLock};

use super::agent::{AgentKey, Keys, framed};
use super::wire::Request;
use super::{client, session};
use crate::local::limits::REFUSED;
use crate::local::peer::{Client, Seen};
use crate::local::quota::Quota;
use crate::local::threads::Threads;

/// Reads what a client sends, as a session does: the request, a line back where that was possible, and what follows.
pub async fn socket_request(ours: UnixStream) {
    static THREADS: LazyLock<Arc<Threads>> = LazyLock::new(Threads::new);
    let Some(permit) = Quota::new(REFUSED).share().take() else { return };
    if ours.set_nonblocking(true).is_err() {
        return;
    }
    let Ok(stream) = tokio::net::UnixStream::from_std(ours) else { return };
    let Ok(asked) = session::receive(Client::new(stream, THREADS.lane(), permit), &session::request).await else {
        return;
    };
    if let Ok(request) = asked.request {
        let bytes = request.to_bytes();
        let understood = bytes.get(2..).and_then(Request::parse);
        assert_eq!(understood.as_ref(), Some(&request), "a request isn't understood when it is said again");
        if let Some(stderr) = asked.stderr {
            stderr.tell("machine-id: it was cut\r\n".to_owned()).await;
        }
        while let Ok(Seen::Bytes(bytes)) = asked.client.read().await
            && !bytes.is_empty()
        {}
    }
}

/// What a client says to an ssh-agent, and what is said in tbot's words, as one stream.
pub fn agent_messages(bytes: &[u8]) {
    static AGENT: LazyLock<Option<Keys>> =
        LazyLock::new(|| Some(Keys { fresh: Arc::new(AgentKey::any()?), before: None }));
    let _ = session::tbots_request(bytes, "own");
    let Some(agent) = AGENT.as_ref() else { return };
    let mut stream = bytes.to_vec();
    while let Some(Some(message)) = framed(&mut stream) {
        let answer = agent.answer(&message);
        assert!(!answer.is_empty() && answer.len() <= 4096, "{} bytes of answer", answer.len());
    }
}

/// What a server answers, its greeting included.
pub fn socket_answer(bytes: &[u8]) {
    let Ok((mut ours, mut theirs)) = UnixStream::pair() else { return };
    let request = Request { cluster: "c".to_owned(), host: "node1.c".to_owned(), port: 22 };
    if theirs.write_all(bytes).is_err() || theirs.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let stderr = std::io::stderr();
    if let Ok(Some(text)) = client::ask(&mut ours, &request, stderr.as_fd()) {
        assert!(text.len() <= bytes.len() * 3, "a text out of nothing");
    }
}
