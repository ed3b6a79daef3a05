//! The agent of an `ssh-multiplexer`, whose readers may be hostile.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Process, users};

const SIGNED: u8 = 14;
const FAILURE: u8 = 5;
/// What a user signs to log in: the session, the kind of message, and the rest.
const LOGIN: &[u8] = b"\0\0\0\x02id\x32and so on";

struct Stage {
    cluster: Cluster,
    machine: Machine,
    daemon: Process,
}

fn stage(algorithm: &str) -> Stage {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    machine.write_config(&format!(
        "version: v2\nproxy_server: {}\nonboarding: {{join_method: token, token: {}}}\nstorage: {{type: directory, path: {}}}\n\
         services:\n- type: ssh-multiplexer\n  destination: {{type: directory, path: {}}}\n",
        cluster.proxy_address(),
        cluster.token(),
        machine.path("bot").display(),
        machine.path("mux").display(),
    ));
    let daemon = machine.start(&["start", "-c", "tbot.yaml", "--key-algorithm", algorithm]);
    until("the multiplexer", LONG, || machine.path("mux/ssh_config").exists().then_some(()));
    Stage { cluster, machine, daemon }
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

impl Stage {
    fn socket(&self) -> PathBuf {
        self.machine.path("mux/agent.sock")
    }

    fn connect(&self) -> UnixStream {
        let agent = UnixStream::connect(self.socket()).unwrap();
        agent.set_read_timeout(Some(LONG)).unwrap();
        agent
    }

    /// The bare key, as the agent lists it.
    fn key(&self) -> Vec<u8> {
        let mut list = self.machine.command("ssh-add");
        list.arg("-L").env("SSH_AUTH_SOCK", self.socket());
        let listed = self.machine.spawn(list).wait(LONG).succeeded().stdout;
        let bare = listed.lines().find(|line| !line.contains("-cert-")).unwrap();
        STANDARD.decode(bare.split(' ').nth(1).unwrap()).unwrap()
    }
}

/// A request to sign, by SHA-512 where it matters.
fn request(key: &[u8], message: &[u8]) -> Vec<u8> {
    text(&[&[13], &text(key)[..], &text(message), &[0, 0, 0, 4]].concat())
}

/// What kind of message the agent answers.
fn answer(agent: &mut UnixStream) -> u8 {
    let mut head = [0; 5];
    agent.read_exact(&mut head).unwrap();
    let rest = u32::from_be_bytes(head[..4].try_into().unwrap()) - 1;
    agent.read_exact(&mut vec![0; usize::try_from(rest).unwrap()]).unwrap();
    head[4]
}

#[test]
fn a31_the_agent_signs_logins_and_files_and_nothing_else() {
    for algorithm in ["ecdsa-p256", "rsa-2048"] {
        let stage = stage(algorithm);
        let (key, mut agent) = (stage.key(), stage.connect());
        let tls = [&[0x20; 64][..], b"TLS 1.3, client CertificateVerify\0", &[7; 32]].concat();
        for (message, kind) in [
            (LOGIN, SIGNED),
            (&b"SSHSIG\0\0\0\x04file"[..], SIGNED),
            (&tls, FAILURE),
            (b"{\"alg\":\"ES256\"}.e30", FAILURE),
            (&[0x30, 0x82, 0x01, 0x00], FAILURE),
            (b"", FAILURE),
        ] {
            agent.write_all(&request(&key, message)).unwrap();
            assert_eq!(answer(&mut agent), kind, "{algorithm}: {}", String::from_utf8_lossy(message));
        }
    }
}

#[test]
fn a31_who_has_much_signed_holds_up_nobody_else() {
    let stage = stage("rsa-4096");
    let many = request(&stage.key(), LOGIN).repeat(50);
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (mut writes, many) = (stage.connect(), &many);
            let mut reads = writes.try_clone().unwrap();
            let (over, answered) = (&over, &answered);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) && writes.write_all(many).is_ok() {}
                let _ = writes.shutdown(std::net::Shutdown::Both);
            });
            scope.spawn(move || {
                let mut some = vec![0; 1 << 16];
                while let Ok(count @ 1..) = reads.read(&mut some) {
                    answered.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
        until("signatures", LONG, || (answered.load(Ordering::Relaxed) > 100_000).then_some(()));
        let target = format!("{}@node1.example.test", users::login());
        let ssh = ["-F", "mux/ssh_config", "-o", "BatchMode=yes", "-o", "IdentityAgent=none", &target, "true"];
        // Without a key it is refused, by the host: that is as far as a connection has to come.
        let refused = stage.machine.tool("ssh", &ssh);
        over.store(true, Ordering::Relaxed);
        assert!(refused.stderr.contains("Permission denied"), "{}", refused.stderr);
    });
    drop(stage.cluster);
}

#[test]
fn a31_another_user_gets_neither_a_connection_nor_a_signature() {
    if !users::root_for("a31_another_user_gets_neither_a_connection_nor_a_signature") {
        return;
    }
    let stage = stage("ecdsa-p256");
    for path in ["mux", "mux/agent.sock", "mux/v1.sock"] {
        std::fs::set_permissions(stage.machine.path(path), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let variable = format!("SSH_AUTH_SOCK={}", stage.socket().display());
    let somebody = ["--reuid", "65533", "--regid", "65534", "--clear-groups", "env", &variable, "ssh-add", "-l"];
    let refused = stage.machine.tool("setpriv", &somebody);
    assert!(refused.status != Some(0) && !refused.stdout.contains("CERT"), "{}", refused.stdout);
    until("the refusal in the log", LONG, || stage.daemon.stderr().contains("that may not was refused").then_some(()));
}
