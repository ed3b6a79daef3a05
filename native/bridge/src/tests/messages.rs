use machine_id::vocabulary::limits::{BRIDGE_HEAD_BYTES, BRIDGE_REPLY_BYTES};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::calls::{Call, MAX_INPUT};
use crate::message::{self, MessageError};
use crate::serve::{ServeError, serve};

fn part(bytes: &[u8]) -> Vec<u8> {
    let mut part = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    part.extend_from_slice(bytes);
    part
}

fn message(head: &Value, body: &[u8]) -> Vec<u8> {
    [part(head.to_string().as_bytes()), part(body)].concat()
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

/// Its id, call, engine and body.
type Read = (u64, Call, i64, Vec<u8>);

/// All messages of some bytes, and how it ended.
fn read_all(mut bytes: &[u8]) -> (Vec<Read>, Result<(), MessageError>) {
    let mut read = Vec::new();
    block(async {
        loop {
            match message::read(&mut bytes).await {
                Ok(Some((asked, body))) => read.push((asked.id, asked.call, asked.engine, body.to_vec())),
                Ok(None) => return (read, Ok(())),
                Err(error) => return (read, Err(error)),
            }
        }
    })
}

#[test]
fn messages_come_out_as_they_went_in_with_white_space_in_the_head() {
    let mut filled = json!({"id": 2, "call": "status", "engine": 7}).to_string().into_bytes();
    filled.resize(BRIDGE_HEAD_BYTES, b' ');
    let bytes = [message(&json!({"id": 1, "call": "open"}), b"{}"), part(&filled), part(b"")].concat();
    let (read, end) = read_all(&bytes);
    assert_eq!(read, [(1, Call::Open, 0, b"{}".to_vec()), (2, Call::Status, 7, Vec::new())]);
    assert!(end.is_ok());
}

#[test]
fn what_is_longer_than_the_limit_is_refused_before_it_is_read() {
    for most in [BRIDGE_HEAD_BYTES, MAX_INPUT] {
        let head = if most == MAX_INPUT { part(br#"{"id":1,"call":"open"}"#) } else { Vec::new() };
        let length = u32::try_from(most + 1).unwrap();
        for length in [length, u32::MAX] {
            let (read, end) = read_all(&[head.clone(), length.to_be_bytes().to_vec()].concat());
            assert!(read.is_empty());
            assert!(matches!(end, Err(MessageError::TooLong { length: told, .. }) if told == length), "{end:?}");
        }
    }
}

#[test]
fn a_pipe_that_ends_too_early_is_told_from_one_that_ends() {
    let whole = message(&json!({"id": 1, "call": "close", "engine": 3}), b"x");
    for cut in 1..whole.len() {
        let (read, end) = read_all(&whole[..cut]);
        assert!(read.is_empty() && matches!(end, Err(MessageError::Torn)), "cut at {cut}: {end:?}");
    }
}

#[test]
fn heads_that_are_none_are_refused_and_not_repeated() {
    for head in [
        json!({"id": 1}),
        json!({"call": "open"}),
        json!({"id": -1, "call": "open"}),
        json!({"id": 1, "call": "hunter2"}),
        json!({"id": 1, "call": "open", "hunter2": 1}),
        json!({"id": 1, "call": "open", "engine": 1.5}),
        json!([1, "open"]),
        json!("hunter2"),
    ] {
        let (_, end) = read_all(&message(&head, b""));
        let error = end.unwrap_err();
        assert!(matches!(error, MessageError::NoHead), "{head}: {error:?}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, _) = read_all(&bytes);
    }

    #[test]
    fn what_follows_a_message_changes_nothing_of_it(
        id in 0..=u64::MAX, engine in any::<i64>(), body in proptest::collection::vec(any::<u8>(), 0..300),
        more in proptest::collection::vec(any::<u8>(), 0..50),
    ) {
        let bytes = [message(&json!({"id": id, "call": "acquire", "engine": engine}), &body), more].concat();
        let (read, _) = read_all(&bytes);
        prop_assert_eq!(&read[0], &(id, Call::Acquire, engine, body));
    }
}

/// One reply: its id and its body.
async fn reply(from: &mut DuplexStream) -> (u64, Value) {
    let mut parts = Vec::new();
    for _ in 0..2 {
        let length = usize::try_from(from.read_u32().await.unwrap()).unwrap();
        assert!(length <= BRIDGE_REPLY_BYTES);
        let mut part = vec![0; length];
        from.read_exact(&mut part).await.unwrap();
        parts.push(serde_json::from_slice::<Value>(&part).unwrap());
    }
    (parts[0]["id"].as_u64().unwrap(), parts.remove(1))
}

fn serving<T>(work: impl AsyncFnOnce(DuplexStream, DuplexStream) -> T) -> (T, Result<(), ServeError>) {
    let runtime = crate::runtime::shared().unwrap();
    let (calls, input) = tokio::io::duplex(1 << 16);
    let (output, replies) = tokio::io::duplex(1 << 16);
    runtime.block_on(async { tokio::join!(work(calls, replies), serve(input, output, std::future::pending())) })
}

#[test]
fn the_first_message_says_who_serves() {
    let _alone = super::alone();
    let (hello, end) = serving(async |_calls, mut replies| reply(&mut replies).await);
    assert_eq!(hello, (0, json!({"ok": {"abi": machine_id::vocabulary::ABI, "version": env!("CARGO_PKG_VERSION")}})));
    assert!(end.is_ok());
}

#[test]
fn calls_are_answered_by_their_ids_while_one_waits() {
    let _alone = super::alone();
    let root = tempfile::tempdir().unwrap();
    let (listener, address) = super::silence();
    listener.set_nonblocking(true).unwrap();
    let config = super::config(&root.path().join("root"), &address);
    let lease = "00000000000000000000000000000001";
    let ((), end) = serving(async |mut calls, mut replies| {
        reply(&mut replies).await;
        calls.write_all(&message(&json!({"id": 1, "call": "open"}), &config)).await.unwrap();
        let (id, opened) = reply(&mut replies).await;
        assert_eq!(id, 1);
        let engine = &opened["ok"]["engine"];
        let order = super::order(lease, &root.path().join("lease"));
        calls.write_all(&message(&json!({"id": 2, "call": "acquire", "engine": engine}), &order)).await.unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let _connection = listener.accept().await.unwrap();
        calls.write_all(&message(&json!({"id": 3, "call": "status", "engine": engine}), b"")).await.unwrap();
        assert_eq!(reply(&mut replies).await.0, 3);
        calls
            .write_all(&message(&json!({"id": 4, "call": "release", "engine": engine}), lease.as_bytes()))
            .await
            .unwrap();
        let both = [reply(&mut replies).await, reply(&mut replies).await];
        let cancelled = both.iter().find(|(id, _)| *id == 2).unwrap();
        assert_eq!(cancelled.1["error"]["code"], "cancelled");
        assert!(both.iter().any(|(id, _)| *id == 4));
        // Left open: the pipe's end closes it.
        drop(calls);
    });
    assert!(end.is_ok());
    assert_eq!(
        std::fs::read_dir(root.path().join("root/leases"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().contains(lease) })
            .count(),
        0
    );
}

#[test]
fn garbage_ends_it_with_the_reason() {
    let _alone = super::alone();
    let (kept, end) = serving(async |mut calls, replies| {
        calls.write_all(&[0xff; 64]).await.unwrap();
        (calls, replies)
    });
    drop(kept);
    assert!(matches!(end, Err(ServeError::Read(MessageError::TooLong { .. }))), "{end:?}");
}

#[test]
fn it_ends_where_nobody_reads_replies() {
    let _alone = super::alone();
    let (kept, end) = serving(async |mut calls, replies| {
        drop(replies);
        // The other side may be gone already.
        let _ = calls.write_all(&message(&json!({"id": 1, "call": "status", "engine": 1}), b"")).await;
        calls
    });
    assert!(matches!(end, Err(ServeError::Write(_))), "{end:?}");
    drop(kept);
}

#[test]
fn it_ends_when_it_is_told_to() {
    let _alone = super::alone();
    let runtime = crate::runtime::shared().unwrap();
    let (_calls, input) = tokio::io::duplex(64);
    let (output, _replies) = tokio::io::duplex(1 << 10);
    let ended = runtime.block_on(serve(input, output, tokio::task::yield_now()));
    assert!(ended.is_ok());
}
