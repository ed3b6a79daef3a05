//! A daemon with tbot's service `ssh-multiplexer` in `mux`, and a client of its agent.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::wait::{LONG, until};
use crate::{Machine, Process, Stage};

/// What a user signs to log in: the session, the kind of message, and the rest.
pub const LOGIN: &[u8] = b"\0\0\0\x02id\x32and so on";

/// Writes the configuration; `service` are further lines of the service, `more` of the file.
pub fn configure(stage: &dyn Stage, machine: &Machine, token: &str, service: &str, more: &str) {
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {token}}}\n\
         storage: {{type: directory, path: {}}}\n{more}services:\n- type: ssh-multiplexer\n  destination: {{type: \
         directory, path: {}}}\n{service}",
        stage.proxy_address(),
        machine.path("bot").display(),
        machine.path("mux").display(),
    ));
}

/// Starts the daemon, with further arguments, and waits until it serves.
///
/// # Panics
/// When it ends, or doesn't serve.
pub fn start(machine: &Machine, arguments: &[&str]) -> Process {
    let mut daemon = machine.start(&[&["start", "-c", "tbot.yaml"], arguments].concat());
    until("the multiplexer", LONG, || {
        assert!(daemon.runs(), "{}", daemon.stderr());
        machine.path("mux/ssh_config").exists().then_some(())
    });
    daemon
}

/// What `ssh-add` says of the agent's keys.
///
/// # Panics
/// When it can't ask.
pub fn listed(machine: &Machine, option: &str) -> String {
    let mut list = machine.command("ssh-add");
    list.arg(option).env("SSH_AUTH_SOCK", machine.path("mux/agent.sock"));
    machine.spawn(list).wait(LONG).succeeded().stdout
}

/// The bare key that the agent shows, as SSH encodes it.
///
/// # Panics
/// When it shows none.
pub fn key(machine: &Machine) -> Vec<u8> {
    let listed = listed(machine, "-L");
    let bare = listed.lines().find(|line| !line.contains("-cert-")).unwrap();
    STANDARD.decode(bare.split(' ').nth(1).unwrap()).unwrap()
}

/// Connects to the agent.
///
/// # Panics
/// When nobody serves it.
pub fn agent(machine: &Machine) -> UnixStream {
    let agent = UnixStream::connect(machine.path("mux/agent.sock")).unwrap();
    agent.set_read_timeout(Some(LONG)).unwrap();
    agent
}

/// A request to have `message` signed by `key`; by SHA-512 where it matters.
pub fn signing(key: &[u8], message: &[u8]) -> Vec<u8> {
    let text = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()[..], bytes].concat();
    text(&[&[13], &text(key)[..], &text(message), &[0, 0, 0, 4]].concat())
}

/// Whether the agent signs it.
///
/// # Panics
/// When it answers neither with a signature nor with a failure.
pub fn signs(agent: &mut UnixStream, key: &[u8], message: &[u8]) -> bool {
    agent.write_all(&signing(key, message)).unwrap();
    let mut head = [0; 5];
    agent.read_exact(&mut head).unwrap();
    let rest = u32::from_be_bytes(head[..4].try_into().unwrap()) - 1;
    agent.read_exact(&mut vec![0; usize::try_from(rest).unwrap()]).unwrap();
    match head[4] {
        14 => true,
        5 => false,
        other => panic!("an answer of kind {other}"),
    }
}
