//! The contract over pipes: each of its calls, and what becomes of a caller or a child that goes away.

use e2e::bridge::{Bridge, config, configured, message, order};
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const LEASE: &str = "9f0c5a1e2b3d4f60718293a4b5c6d7e8";

fn code(reply: &Value) -> &str {
    reply["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {reply}"))
}

#[test]
fn each_call_of_the_contract_goes_over_the_pipes() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let mut bridge = Bridge::start(&machine);
    let ca = std::fs::read_to_string(cluster.web_ca_pem()).unwrap();
    let address = json!({"address": cluster.proxy_address(), "ca_pem": ca});
    let tested = configured(&machine, &address, &json!({"method": "token"}));
    assert_eq!(bridge.ok("check", 0, tested.to_string().as_bytes())["identity"], "new");

    let engine = bridge.open(&config(&machine, &cluster, &cluster.token()));
    let directory = machine.path("lease");
    let acquired = bridge.ok("acquire", engine, &order(LEASE, &directory));
    assert_eq!(acquired["origin"], "joined");
    assert!(directory.join("ssh_config").exists() && directory.join("machine-id").exists());

    let status = bridge.ok("status", engine, b"");
    assert_eq!(status["leases"][0]["lease"], LEASE);
    assert_eq!(bridge.ok("renew", engine, b"api")["generation"], 2);
    assert_eq!(bridge.ok("release", engine, LEASE.as_bytes())["directory"], "removed");
    assert!(!directory.exists());
    assert_eq!(bridge.ok("drop", engine, b"api")["dropped"], true);
    assert_eq!(bridge.ok("close", engine, b""), json!({}));
    assert_eq!(code(&bridge.ask("status", engine, b"")), "handle_invalid");
    let discarded = json!({"root": machine.path("agent/machine-id"), "lease": LEASE, "directory": directory});
    assert_eq!(bridge.ok("discard", 0, discarded.to_string().as_bytes())["released"], false);
    bridge.close_input();
    bridge.wait().succeeded();
}

#[test]
fn wrong_input_is_answered_as_the_library_does() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let mut bridge = Bridge::start(&machine);
    for body in [b"".as_slice(), b"{", b"[]", b"\0", b"{\"abi\":99}", &[b'['; 100_000], &[b'x'; 1 << 20]] {
        for call in ["open", "check", "discard"] {
            assert!(bridge.ask(call, 0, body)["error"]["code"].is_string());
        }
        for call in ["acquire", "release", "renew", "drop", "status", "close"] {
            assert_eq!(code(&bridge.ask(call, 7, body)), "handle_invalid");
        }
    }
    bridge.close_input();
    bridge.wait().succeeded();
}

#[test]
fn builds_take_their_leases_at_the_same_time() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let mut bridge = Bridge::start(&machine);
    let engine = bridge.open(&config(&machine, &cluster, &cluster.token()));
    let lease = |number: u32| format!("{number:032x}");
    let directory = |number: u32| machine.path(&format!("lease-{number}"));
    let asked: Vec<_> =
        (1..=20).map(|number| bridge.send("acquire", engine, &order(&lease(number), &directory(number)))).collect();
    for id in asked.into_iter().rev() {
        assert!(bridge.reply(id)["ok"]["lease"].is_string());
    }
    assert_eq!(cluster.counters().joined, 1);
    for number in 1..=20 {
        assert!(directory(number).join("key").exists());
        bridge.ok("release", engine, lease(number).as_bytes());
    }
}

/// A cluster that accepts connections and never says a word.
fn silence(machine: &Machine) -> (std::net::TcpListener, Value) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = configured(machine, &json!({"address": address}), &json!({"method": "token", "token": "t"}));
    (listener, config)
}

#[test]
fn it_ends_with_its_input_and_takes_back_what_was_being_acquired() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let (listener, config) = silence(&machine);
    let mut bridge = Bridge::start(&machine);
    let engine = bridge.open(&config);
    let acquire = bridge.send("acquire", engine, &order(LEASE, &machine.path("lease")));
    let _connection = listener.accept().unwrap();
    bridge.close_input();
    assert_eq!(code(&bridge.reply(acquire)), "cancelled");
    bridge.wait().succeeded();
    assert!(!machine.path("lease").exists());
    assert!(!machine.path(&format!("agent/machine-id/leases/{LEASE}")).exists());
}

#[test]
fn sigterm_ends_it_as_the_end_of_its_input_does() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let mut bridge = Bridge::start(&machine);
    bridge.open(&config(&machine, &cluster, &cluster.token()));
    kill(Pid::from_raw(bridge.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    bridge.wait().succeeded();
}

#[test]
fn a_lease_of_a_killed_child_is_taken_again_in_its_place() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let config = config(&machine, &cluster, &cluster.token());
    let mut first = Bridge::start(&machine);
    let engine = first.open(&config);
    first.ok("acquire", engine, &order(LEASE, &machine.path("lease")));
    let before = std::fs::read(machine.path("lease/key")).unwrap();
    // In the middle of a call.
    let renew = first.send("renew", engine, b"api");
    first.kill();
    // Its reply may have been faster.
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| first.reply(renew))));
    assert!(first.is_silent());
    assert_eq!(first.wait().signal, Some(9));

    let mut second = Bridge::start(&machine);
    assert_eq!(code(&second.ask("status", engine, b"")), "handle_invalid", "no number is used twice");
    let engine = second.open(&config);
    let again = second.ok("acquire", engine, &order(LEASE, &machine.path("lease")));
    assert_eq!(again["directory"], machine.path("lease").to_str().unwrap());
    assert_ne!(std::fs::read(machine.path("lease/key")).unwrap(), before, "fresh certificates");
    assert_eq!(cluster.counters().joined, 1, "the stored identity serves on");
    assert_eq!(second.ok("release", engine, LEASE.as_bytes())["directory"], "removed");
}

#[test]
fn what_is_no_message_ends_it_with_one_clear_line() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let (long, whole) = (17_u32 << 20, message(1, "open", 0, b""));
    let cases: [(Vec<u8>, &str); 4] = [
        (vec![0xff; 64], "the head of a message has 4294967295 bytes; at most 16384 are read"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "the head of a message has 1195725856 bytes"),
        (
            [&whole[..whole.len() - 4], &long.to_be_bytes()].concat(),
            "the body of a message has 17825792 bytes; at most 1048577 are read",
        ),
        (message(1, "hunter2", 0, b"hunter2"), "the head of a message isn't one"),
    ];
    for (bytes, why) in cases {
        let mut bridge = Bridge::start(&machine);
        bridge.write(&bytes).unwrap();
        let outcome = bridge.wait();
        assert_eq!(outcome.status, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains(why), "{outcome:?}");
        assert!(outcome.stderr.trim_end().lines().count() == 1 && !outcome.stderr.contains("hunter2"), "{outcome:?}");
    }
    let mut torn = Bridge::start(&machine);
    torn.write(&[0, 0]).unwrap();
    torn.close_input();
    assert!(torn.wait().stderr.contains("the pipe ended in the middle of a message"));
}

#[test]
fn it_dies_with_the_process_that_has_started_it() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    // Its input never ends, since it holds both ends itself: only its parent's end can tell.
    nix::unistd::mkfifo(&machine.path("input"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let script = "exec 3<>input; \"$0\" bridge <&3 >hello & echo $! >id; wait";
    let mut parent = machine.command("sh");
    parent.args(["-c", script, e2e::program::program().to_str().unwrap()]);
    let mut parent = parent.spawn().unwrap();
    until("the child serves", LONG, || {
        machine.path("hello").metadata().is_ok_and(|hello| hello.len() > 0).then_some(())
    });
    let child = until("its id", LONG, || {
        std::fs::read_to_string(machine.path("id")).ok()?.trim().parse().ok().map(Pid::from_raw)
    });
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the end of the child", LONG, || ended(child).then_some(()));
}

fn ended(process: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.is_empty() || status.contains("State:\tZ")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "any moment will do")]
fn killed_at_any_moment_it_leaves_what_the_next_one_takes_over() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    let config = config(&machine, &cluster, &cluster.token());
    let directory = machine.path("lease");
    let mut first = Bridge::start(&machine);
    let engine = first.open(&config);
    first.ok("acquire", engine, &order(LEASE, &directory));
    first.kill();
    for round in 0..20_u64 {
        let mut bridge = Bridge::start(&machine);
        let engine = bridge.open(&config);
        let acquire = bridge.send("acquire", engine, &order(LEASE, &directory));
        // No moment is better than another: that it may be any is what is tested.
        std::thread::sleep(std::time::Duration::from_millis(round * 4));
        bridge.kill();
        drop((acquire, bridge));
        let mut next = Bridge::start(&machine);
        let engine = next.open(&config);
        next.ok("acquire", engine, &order(LEASE, &directory));
        assert!(directory.join("key").exists() && directory.join("ssh_config").exists(), "round {round}");
        if round % 3 == 0 {
            assert_eq!(next.ok("release", engine, LEASE.as_bytes())["directory"], "removed");
            assert!(!directory.exists());
        }
        next.kill();
    }
    assert_eq!(cluster.counters().joined, 1, "the bot was never joined twice, and never locked");
}
