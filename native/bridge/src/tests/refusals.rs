use proptest::prelude::*;

use super::{code, config, ok, opened, parse, with_others};
use crate::calls::{self, Call};
use crate::funnel;
use machine_id::error::Error;
use machine_id::vocabulary::ABI;

#[test]
fn a_number_that_stands_for_nothing_is_an_error_of_every_call() {
    for number in [0, -1, 1, i64::MIN, i64::MAX] {
        let replies = [
            calls::wait(Call::Acquire, number, b"{}"),
            calls::wait(Call::Release, number, b"00000000000000000000000000000001"),
            calls::wait(Call::Renew, number, b"api"),
            calls::wait(Call::Status, number, b""),
            calls::wait(Call::Close, number, b""),
        ];
        for reply in replies {
            assert_eq!(code(&reply), "handle_invalid", "{number}");
        }
    }
}

#[test]
fn a_closed_number_stays_invalid_while_others_are_opened() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let first = opened(&config(root.path(), "127.0.0.1:1"));
    ok(&calls::wait(Call::Close, first, b""));
    let second = opened(&config(root.path(), "127.0.0.1:1"));
    assert_ne!(first, second);
    assert_eq!(code(&calls::wait(Call::Status, first, b"")), "handle_invalid");
    assert_eq!(code(&calls::wait(Call::Close, first, b"")), "handle_invalid");
    ok(&calls::wait(Call::Status, second, b""));
    ok(&calls::wait(Call::Close, second, b""));
}

#[test]
fn another_abi_number_is_refused_at_open() {
    let root = tempfile::tempdir().unwrap();
    let text = String::from_utf8(config(root.path(), "127.0.0.1:1")).unwrap();
    assert!(text.contains(&format!("\"abi\":{}", ABI)));
    let other = text.replace(&format!("\"abi\":{}", ABI), &format!("\"abi\":{}", ABI + 1));
    assert_eq!(code(&calls::wait(Call::Open, 0, other.as_bytes())), "config_invalid");
}

#[test]
fn check_takes_one_identity() {
    let none = serde_json::json!({"abi": ABI, "root": "/nonexistent/root", "helper": "/nonexistent/helper",
        "helper_sha256": "0".repeat(64)});
    assert_eq!(code(&calls::wait(Call::Check, 0, none.to_string().as_bytes())), "request_invalid");
}

#[test]
fn ids_that_are_no_text_are_refused_and_not_repeated() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let engine = opened(&config(root.path(), "127.0.0.1:1"));
    for reply in [
        calls::wait(Call::Release, engine, b"\xff\xfe"),
        calls::wait(Call::Renew, engine, b"\xff\xfe"),
        calls::wait(Call::Renew, engine, b"other"),
    ] {
        assert_eq!(code(&reply), "request_invalid");
    }
    ok(&calls::wait(Call::Close, engine, b""));
}

#[test]
fn a_panic_becomes_a_reply_without_its_text() {
    let reply = funnel::run::<(), std::future::Ready<_>>(|| panic!("the token is hunter2"));
    assert_eq!(code(&reply), "internal");
    assert!(!parse(&reply).to_string().contains("hunter2"));
}

#[test]
fn a_panic_in_the_middle_of_the_work_becomes_a_reply() {
    let reply = funnel::run(async || -> Result<(), Error> {
        tokio::task::yield_now().await;
        panic!("the token is hunter2")
    });
    assert_eq!(code(&reply), "internal");
}

#[test]
fn a_panic_with_a_payload_that_panics_when_dropped_becomes_a_reply_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    assert_eq!(code(&funnel::run::<(), std::future::Ready<_>>(|| std::panic::panic_any(Bomb))), "internal");
}

proptest! {
    #[test]
    fn garbage_is_always_answered_with_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for reply in [calls::wait(Call::Open, 0, &bytes), calls::wait(Call::Check, 0, &bytes), calls::wait(Call::Acquire, 7, &bytes), calls::wait(Call::Discard, 0, &bytes)] {
            prop_assert!(parse(&reply)["error"]["code"].is_string());
        }
    }
}
