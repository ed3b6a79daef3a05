//! What goes over the pipes: messages of two parts, a head and a body, each a length (32 bits, big-endian) and so many
//! bytes of JSON. The body is what the contract has for the call, byte for byte; nobody reads it to find the message's end.
//!
//! A request's head is `{"id": 7, "call": "acquire", "engine": 281474976710656}`, that of its reply `{"id": 7}`. White
//! space in a head may fill up the caller's write.

use machine_id::vocabulary::limits::{BRIDGE_HEAD_BYTES, BRIDGE_REPLY_BYTES};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use crate::calls::{Call, Input, MAX_INPUT};

/// The head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The caller's number for this call; the reply has it, too.
    pub id: u64,
    /// What is to be done.
    pub call: Call,
    /// The engine's number; left out where there is none.
    #[serde(default)]
    pub engine: i64,
}

/// The head of a reply.
#[derive(Debug, Serialize)]
struct Answered {
    id: u64,
}

/// Why what comes can't be read; nothing after it can.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// More than is ever sent.
    #[error("the {part} of a message has {length} bytes; at most {most} are read")]
    TooLong {
        /// `head` or `body`.
        part: &'static str,
        /// As announced.
        length: u32,
        /// The limit.
        most: usize,
    },
    /// The caller has ended while it wrote.
    #[error("the pipe ended in the middle of a message")]
    Torn,
    /// No request of the contract. What it is isn't repeated: it may be anything.
    #[error("the head of a message isn't one")]
    NoHead,
    /// The pipe can't be read.
    #[error("the pipe can't be read: {0}")]
    Failed(#[source] std::io::Error),
}

/// The next request; none where the pipe has ended.
///
/// # Errors
/// What comes is no message.
pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Option<(Asked, Input)>, MessageError> {
    let Some(head) = part(from, "head", BRIDGE_HEAD_BYTES, true).await? else { return Ok(None) };
    // The reader would take a list of the values, too.
    let object = Some(&head).filter(|head| head.trim_ascii_start().starts_with(b"{")).ok_or(MessageError::NoHead)?;
    let asked = serde_json::from_slice(object).map_err(|_| MessageError::NoHead)?;
    Ok(part(from, "body", MAX_INPUT, false).await?.map(|body| (asked, body)))
}

/// One part; none where nothing comes any more, and that `may_end`.
async fn part(
    from: &mut (impl AsyncRead + Unpin),
    part: &'static str,
    most: usize,
    may_end: bool,
) -> Result<Option<Input>, MessageError> {
    let mut length = [0; 4];
    let first = from.read(&mut length).await.map_err(MessageError::Failed)?;
    if first == 0 {
        return if may_end { Ok(None) } else { Err(MessageError::Torn) };
    }
    fill(from, length.get_mut(first..).unwrap_or_default()).await?;
    let length = u32::from_be_bytes(length);
    let bytes = usize::try_from(length).ok().filter(|bytes| *bytes <= most);
    let mut content = Zeroizing::new(vec![0; bytes.ok_or(MessageError::TooLong { part, length, most })?]);
    fill(from, &mut content).await?;
    Ok(Some(content))
}

async fn fill(from: &mut (impl AsyncRead + Unpin), bytes: &mut [u8]) -> Result<(), MessageError> {
    from.read_exact(bytes).await.map(drop).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => MessageError::Torn,
        _ => MessageError::Failed(error),
    })
}

/// Whether a reply may be sent.
pub(crate) const fn fits(reply: &[u8]) -> bool {
    reply.len() <= BRIDGE_REPLY_BYTES
}

/// Writes the reply to a call.
///
/// # Errors
/// Nobody reads it.
pub async fn write(to: &mut (impl AsyncWrite + Unpin), id: u64, reply: &[u8]) -> std::io::Result<()> {
    let head = serde_json::to_vec(&Answered { id })?;
    for part in [head.as_slice(), reply] {
        let length = u32::try_from(part.len()).map_err(std::io::Error::other)?;
        to.write_all(&length.to_be_bytes()).await?;
        to.write_all(part).await?;
    }
    to.flush().await
}
