use std::net::TcpListener;
use std::sync::Barrier;
use std::thread;

use super::{check_config, code, config, ok, opened, order, silence, with_others};
use crate::calls::{self, Call};

const LEASE: &str = "00000000000000000000000000000001";

/// Until the engine is at work for the lease: somebody connects.
fn wait_for_connection(listener: &TcpListener) -> std::net::TcpStream {
    listener.accept().unwrap().0
}

#[test]
fn release_takes_back_a_lease_that_is_being_acquired() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let (listener, address) = silence();
    let engine = opened(&config(&root.path().join("root"), &address));
    thread::scope(|scope| {
        let acquiring = scope.spawn(|| calls::wait(Call::Acquire, engine, &order(LEASE, &root.path().join("lease"))));
        let _connection = wait_for_connection(&listener);
        ok(&calls::wait(Call::Release, engine, LEASE.as_bytes()));
        assert_eq!(code(&acquiring.join().unwrap()), "cancelled");
    });
    assert_eq!(ok(&calls::wait(Call::Release, engine, LEASE.as_bytes()))["released"], false);
    ok(&calls::wait(Call::Close, engine, b""));
}

#[test]
fn close_takes_back_what_is_being_acquired_and_waits_for_it() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let (listener, address) = silence();
    let engine = opened(&config(&root.path().join("root"), &address));
    thread::scope(|scope| {
        let acquiring = scope.spawn(|| calls::wait(Call::Acquire, engine, &order(LEASE, &root.path().join("lease"))));
        let _connection = wait_for_connection(&listener);
        ok(&calls::wait(Call::Close, engine, b""));
        assert_eq!(code(&acquiring.join().unwrap()), "cancelled");
    });
    assert_eq!(std::fs::read_dir(root.path().join("root/leases")).unwrap().filter(is_record).count(), 0);
}

fn is_record(entry: &std::io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().unwrap().file_name().to_string_lossy().contains(LEASE)
}

#[test]
fn a_deadline_ends_an_acquire() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let (_listener, address) = silence();
    let engine = opened(&config(&root.path().join("root"), &address));
    let text = String::from_utf8(order(LEASE, &root.path().join("lease"))).unwrap();
    let hasty = text.replacen('{', "{\"deadline_ms\":50,", 1);
    assert_eq!(code(&calls::wait(Call::Acquire, engine, hasty.as_bytes())), "deadline_exceeded");
    ok(&calls::wait(Call::Close, engine, b""));
}

#[test]
fn of_two_that_close_at_once_one_does_and_calls_beside_them_end_well() {
    let _others = with_others();
    for _ in 0..50 {
        let root = tempfile::tempdir().unwrap();
        let engine = opened(&config(root.path(), "127.0.0.1:1"));
        let start = Barrier::new(4);
        let closed = thread::scope(|scope| {
            let closers = [(); 2].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    crate::tests::parse(&calls::wait(Call::Close, engine, b"")).get("ok").is_some()
                })
            });
            let callers = [(); 2].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..20 {
                        let reply = calls::wait(Call::Status, engine, b"");
                        assert!(reply.starts_with(b"{\"ok\"") || code(&reply) == "handle_invalid");
                    }
                })
            });
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            closers.map(|closer| closer.join().unwrap())
        });
        assert_eq!(closed.iter().filter(|won| **won).count(), 1);
    }
}

#[test]
fn check_answers_when_nobody_listens() {
    let root = tempfile::tempdir().unwrap();
    let (listener, address) = silence();
    drop(listener);
    assert_eq!(code(&calls::wait(Call::Check, 0, &check_config(root.path(), &address))), "cluster_unreachable");
    assert_eq!(
        code(&calls::wait(Call::Check, 0, &config(root.path(), &address))),
        "config_invalid",
        "a check takes no token"
    );
    assert_eq!(files_below(root.path()), 0, "check keeps nothing");
}

fn files_below(directory: &std::path::Path) -> usize {
    directory
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

#[test]
fn engines_share_one_runtime_of_two_workers() {
    let _others = with_others();
    let root = tempfile::tempdir().unwrap();
    let engines: Vec<i64> = (0..10).map(|n| opened(&config(&root.path().join(n.to_string()), "127.0.0.1:1"))).collect();
    let one = crate::runtime::shared().unwrap();
    let other = crate::runtime::shared().unwrap();
    assert!(std::sync::Arc::ptr_eq(&one, &other));
    assert_eq!(one.metrics().num_workers(), 2);
    drop((one, other));
    for engine in engines {
        ok(&calls::wait(Call::Close, engine, b""));
    }
}
