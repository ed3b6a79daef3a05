//! The library for a caller in another process: calls come over one pipe, replies go over another one, in any order.

use std::sync::Arc;
use std::time::Duration;

use machine_id::error::{Code, Error};
use machine_id::vocabulary::ABI;
use machine_id::vocabulary::limits::BRIDGE_REPLY_BYTES;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, Notify};
use tokio::task::JoinSet;

use crate::calls::{self, Input};
use crate::message::{self, Asked, MessageError};
use crate::reply;

/// How long the engines may take to end when the caller has gone: whoever waits for them is gone, too.
const ENDING: Duration = Duration::from_secs(20);
/// The id of the message that comes unasked, first of all.
const HELLO: u64 = 0;

/// What the caller has to know before its first call.
#[derive(Serialize)]
struct Hello {
    abi: u32,
    version: &'static str,
}

/// Why serving has ended, unless the caller wanted it.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It isn't one of ours.
    #[error("the calls can't be read: {0}")]
    Read(#[from] MessageError),
    /// Nobody reads the replies.
    #[error("the replies can't be written: {0}")]
    Write(#[source] std::io::Error),
}

/// Where replies go, one at a time.
struct Replies<W> {
    to: Mutex<W>,
    /// One couldn't be written.
    broken: Notify,
}

impl<W: AsyncWrite + Unpin> Replies<W> {
    async fn send(&self, id: u64, reply: &[u8]) -> std::io::Result<()> {
        let mut to = self.to.lock().await;
        if message::fits(reply) {
            return message::write(&mut *to, id, reply).await;
        }
        let refused = reply::of::<()>(Err(too_long(reply.len())));
        message::write(&mut *to, id, &refused).await
    }
}

fn too_long(bytes: usize) -> Error {
    Error::new(
        Code::Internal,
        format!("the reply has {bytes} bytes; at most {BRIDGE_REPLY_BYTES} are sent"),
        "use fewer identities and leases at a time on this agent",
    )
}

/// Serves until the caller closes its pipe or `stop` is done, then ends all engines. Runs on
/// [`crate::runtime::shared`].
///
/// # Errors
/// What comes isn't readable, or nobody reads what goes. The engines have ended then, too.
pub async fn serve<R, W>(mut input: R, output: W, stop: impl Future<Output = ()>) -> Result<(), ServeError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let replies = Arc::new(Replies { to: Mutex::new(output), broken: Notify::new() });
    let hello = reply::of(Ok(Hello { abi: ABI, version: env!("CARGO_PKG_VERSION") }));
    replies.send(HELLO, &hello).await.map_err(ServeError::Write)?;
    let mut running = JoinSet::new();
    let outcome = tokio::select! {
        outcome = read_all(&mut input, &replies, &mut running) => outcome.map_err(ServeError::from),
        () = replies.broken.notified() => Err(ServeError::Write(std::io::ErrorKind::BrokenPipe.into())),
        () = stop => Ok(()),
    };
    // A directory that hangs must not keep this process.
    let _in_time = tokio::time::timeout(ENDING, async {
        calls::end_all().await;
        // Whoever still listens is told what has become of each call.
        while running.join_next().await.is_some() {}
    })
    .await;
    outcome
}

/// Has each call done beside the others.
async fn read_all<R, W>(input: &mut R, replies: &Arc<Replies<W>>, running: &mut JoinSet<()>) -> Result<(), MessageError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    while let Some((asked, body)) = message::read(input).await? {
        while running.try_join_next().is_some() {}
        running.spawn(answer(asked, body, Arc::clone(replies)));
    }
    Ok(())
}

async fn answer<W: AsyncWrite + Unpin>(asked: Asked, body: Input, replies: Arc<Replies<W>>) {
    let reply = calls::answer(asked.call, asked.engine, body).await;
    if replies.send(asked.id, &reply).await.is_err() {
        replies.broken.notify_one();
    }
}
