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

fn descriptors(stage: &Stage) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", stage.daemon.id())).unwrap().count()
}

#[test]
fn a12_one_destination_that_takes_all_leaves_some_to_another() {
    let stage = Stage::with_files(FILES);
    let _silent = all(&stage, "out");
    stage.serves("out2");
    assert!(descriptors(&stage) < 600, "the daemon keeps none for itself: {}", descriptors(&stage));
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
    assert!(descriptors(&stage) < before);
    stage.is_unharmed();
}

#[test]
fn a12_one_reader_that_takes_all_leaves_some_to_the_owner() {
    /// Connects until it can't, says so, and waits.
    const TAKE_ALL: &str = "import socket, sys, time\nheld = []\nfor _ in range(2000):\n    s = socket.socket(socket.AF_UNIX)\n    \
                            s.setblocking(False)\n    try:\n        s.connect(sys.argv[1])\n    except OSError:\n        \
                            break\n    held.append(s)\nprint(len(held), flush=True)\ntime.sleep(600)\n";
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
    stage.serves("out");
    stage.serves("out2");
}

#[test]
fn a12_unread_sessions_take_little_memory_and_give_it_back() {
    /// MiB that so many sessions may take; a window of 512 KiB for each would be 150.
    const SESSIONS: usize = 300;
    const MOST: usize = 80;
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
    let before = resident(&stage);
    let mut kept = Vec::new();
    for _ in 0..SESSIONS {
        let (nowhere, stderr) = nix::unistd::pipe().unwrap();
        let mut session = stage.session("out", "flood", stderr);
        let mut some = [0; 1024];
        session.read_exact(&mut some).unwrap();
        kept.push((session, nowhere));
    }
    let mut last = (0, 0);
    let full = until("everything on the way is full", LONG, || {
        let now = resident(&stage);
        last = if now == last.0 { (now, last.1 + 1) } else { (now, 0) };
        (last.1 > 200).then_some(now)
    });
    println!("{SESSIONS} unread sessions: {before} MiB before, {full} MiB with them");
    assert!(full - before < MOST, "unread sessions take {} MiB", full - before);
    stage.serves("out2");
    drop(kept);
    let after = until("their memory is given back", LONG, || {
        let now = resident(&stage);
        (now < full || now - before < 20).then_some(now)
    });
    println!("after them: {after} MiB");
    stage.is_unharmed();
}

/// MiB.
fn resident(stage: &Stage) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stage.daemon.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
