//! Doors for the fuzzer to both ends of the socket.

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use tokio::io::AsyncWriteExt;

use super::wire::Request;
use super::{client, session};

/// What a client sends: the first byte says after how many bytes it pauses.
pub async fn socket_request(bytes: &[u8]) {
    let Some((pause, bytes)) = bytes.split_first() else { return };
    let Ok((ours, mut theirs)) = tokio::net::UnixStream::pair() else { return };
    let send = async move {
        let (first, second) = bytes.split_at(usize::from(*pause).min(bytes.len()));
        let _ = theirs.write_all(first).await;
        tokio::task::yield_now().await;
        let _ = theirs.write_all(second).await;
    };
    let (received, ()) = tokio::join!(session::receive(&ours), send);
    if let Ok((Some(request), _)) = received {
        let bytes = request.to_bytes();
        let understood = bytes.get(2..).and_then(Request::parse);
        assert_eq!(understood.as_ref(), Some(&request), "a request isn't understood when it is said again");
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
