//! What one client of `ssh.sock` takes is left to the others.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, users};

use crate::ssh_socket::{Stage, dial};

/// Files that the daemon may open: few, so that the attack is cheap.
const FILES: u32 = 1024;

/// As many connections as there can be, all silent.
fn all(stage: &Stage, out: &str) -> Vec<UnixStream> {
    let taken: Vec<_> = (0..2 * FILES).map_while(|_| dial(&stage.socket(out)).ok()).collect();
    assert!(!taken.is_empty());
    taken
}

/// How many the daemon has open; none: it shows them only to root.
fn descriptors(stage: &Stage) -> Option<usize> {
    let seen = std::fs::read_dir(format!("/proc/{}/fd", stage.daemon.id())).ok().map(Iterator::count);
    assert!(seen.is_some() || !users::root_for("what a daemon has open"));
    seen
}

#[test]
fn a12_one_destination_that_takes_all_leaves_some_to_another() {
    let stage = Stage::with_files(FILES);
    let _silent = all(&stage, "out");
    stage.serves("out2");
    let open = descriptors(&stage);
    assert!(open.is_none_or(|open| open < 600), "the daemon keeps none for itself: {open:?}");
    let refused = stage.ssh("out");
    assert_ne!(refused.status, Some(0));
    let line = "machine-id: no further SSH connection by this destination: it carries as many as it may";
    assert!(refused.stderr.contains(line), "{}", refused.stderr);
}

#[test]
fn a12_clients_that_say_nothing_are_let_go() {
    let stage = Stage::with_files(FILES);
    let silent = all(&stage, "out");
    let before = descriptors(&stage);
    // They don't say anything, or not all of it.
    for mut client in &silent {
        let _ = client.write(b"\0");
    }
    until("room for others", LONG, || (stage.ssh("out").status == Some(0)).then_some(()));
    assert!(before.is_none() || descriptors(&stage) < before);
    stage.ends_unharmed();
}

#[test]
fn a12_one_reader_that_takes_all_leaves_some_to_the_owner() {
    /// Connects as often as it can, says so, and waits.
    const TAKE_ALL: &str = r"
import socket, sys, time
held = []
misses = 0
while len(held) < 2000 and misses < 50:
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    try:
        one.connect(sys.argv[1])
        held.append(one)
    except OSError:
        misses += 1
        time.sleep(0.005)
print(len(held), flush=True)
time.sleep(600)
";
    if !users::root_for("a12_one_reader_that_takes_all_leaves_some_to_the_owner") {
        return;
    }
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    let outs = ["out", "out2"].map(|out| machine.path(out).display().to_string());
    for out in &outs {
        machine.machine_id(&["init", "--destination-dir", out, "--reader-user", "daemon"]).succeeded();
    }
    let more = format!("- type: identity\n  destination: {{type: directory, path: {}}}\n", outs[1]);
    machine.configure(&cluster, &cluster.token(), &more);
    let stage = Stage::started(cluster, machine, FILES);
    let socket = stage.socket("out").display().to_string();
    let as_reader = ["--reuid", "daemon", "--regid", "65534", "--clear-groups", "prlimit", "--nofile=3000:3000"];
    let arguments: Vec<&str> = as_reader.into_iter().chain(["python3", "-c", TAKE_ALL, &socket]).collect();
    let reader = stage.machine.start_tool("setpriv", &arguments);
    until("the reader has all it gets", LONG, || (!reader.stdout().is_empty()).then_some(()));
    // Not a whole ssh: it takes no key that others may read, as the owner of one.
    for out in ["out", "out2"] {
        let (_nowhere, stderr) = nix::unistd::pipe().unwrap();
        stage.session(out, "node1", stderr);
    }
}

#[test]
fn a12_unread_sessions_take_little_memory_and_no_more_the_next_time() {
    /// MiB that so many sessions may take; a window of 512 KiB for each would be 150.
    const SESSIONS: usize = 300;
    const MOST: usize = 100;
    let stage = Stage::new();
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.cluster.add_node("flood", &host.local_addr().unwrap().to_string());
    std::thread::spawn(move || {
        for stream in host.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || while stream.write_all(&[0; 1 << 16]).is_ok() {});
        }
    });
    stage.serves("out");
    let (memory, files) = (resident(&stage), descriptors(&stage));
    for _ in 0..2 {
        let mut kept = Vec::new();
        for _ in 0..SESSIONS {
            let (nowhere, stderr) = nix::unistd::pipe().unwrap();
            let mut session = stage.session("out", "flood", stderr);
            session.read_exact(&mut [0; 1024]).unwrap();
            kept.push((session, nowhere));
        }
        let mut last = (0, 0);
        let full = until("everything on the way is full", LONG, || {
            let now = resident(&stage);
            last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
            (last.1 > 200).then_some(now)
        });
        println!("{SESSIONS} unread sessions: {memory} MiB before, {full} MiB with them");
        assert!(full - memory < MOST, "unread sessions take {} MiB", full - memory);
        stage.serves("out2");
        drop(kept);
        until("their end", LONG, || {
            (files.is_none() || descriptors(&stage) < files.map(|files| files + 20)).then_some(())
        });
    }
    stage.ends_unharmed();
}

/// MiB.
fn resident(stage: &Stage) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stage.daemon.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
