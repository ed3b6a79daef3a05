//! The same inside a WebSocket, as servers from 16 on have it (protocol section D1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Bytes;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio_websockets::{Message, ServerBuilder};

use super::stream::Io;

/// RFC 6455, 1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BUFFER: usize = 64 << 10;

/// The answer to a client's key.
pub(super) fn accept(key: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes()))
}

/// The bytes inside the binary messages on `io`.
pub(super) fn bytes(io: Io) -> DuplexStream {
    let (ours, theirs) = duplex(BUFFER);
    let (mut reader, mut writer) = split(theirs);
    let (mut sink, mut messages) = ServerBuilder::new().serve(io).split();
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if message.is_close() || (message.is_binary() && writer.write_all(message.as_payload()).await.is_err()) {
                break;
            }
        }
        let _ = writer.shutdown().await;
    });
    tokio::spawn(async move {
        let mut buffer = vec![0_u8; BUFFER];
        // As a real one does now and then.
        let mut sent = sink.send(Message::ping("teleport")).await;
        while sent.is_ok() {
            match reader.read(&mut buffer).await {
                Ok(count) if count > 0 => {
                    let part = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
                    sent = sink.send(Message::binary(part)).await;
                }
                _ => break,
            }
        }
        let _ = sink.close().await;
    });
    ours
}
