//! The agent of an `ssh-multiplexer`, whose readers may be hostile.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::multiplexer::{self, LOGIN, agent, key, signing, signs};
use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, Process, users};

struct Stage {
    _cluster: Cluster,
    machine: Machine,
    daemon: Process,
}

fn stage(algorithm: &str) -> Stage {
    let cluster = Cluster::start().and_node();
    let machine = Machine::new(&cluster);
    multiplexer::configure(&cluster, &machine, &cluster.token(), "", "");
    let daemon = multiplexer::start(&machine, &["--key-algorithm", algorithm]);
    Stage { _cluster: cluster, machine, daemon }
}

#[test]
fn a31_the_agent_signs_logins_and_files_and_nothing_else() {
    for algorithm in ["ecdsa-p256", "rsa-2048"] {
        let stage = stage(algorithm);
        let (key, mut agent) = (key(&stage.machine), agent(&stage.machine));
        let tls = [&[0x20; 64][..], b"TLS 1.3, client CertificateVerify\0", &[7; 32]].concat();
        for (message, signed) in [
            (LOGIN, true),
            (&b"SSHSIG\0\0\0\x04file"[..], true),
            (&tls, false),
            (b"{\"alg\":\"ES256\"}.e30", false),
            (&[0x30, 0x82, 0x01, 0x00], false),
            (b"", false),
        ] {
            assert_eq!(signs(&mut agent, &key, message), signed, "{algorithm}: {}", String::from_utf8_lossy(message));
        }
    }
}

#[test]
fn a31_who_has_much_signed_holds_up_nobody_else() {
    let stage = stage("rsa-4096");
    let many = signing(&key(&stage.machine), LOGIN).repeat(50);
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (mut writes, many) = (agent(&stage.machine), &many);
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
    let variable = format!("SSH_AUTH_SOCK={}", stage.machine.path("mux/agent.sock").display());
    let somebody = ["--reuid", "65533", "--regid", "65534", "--clear-groups", "env", &variable, "ssh-add", "-l"];
    let refused = stage.machine.tool("setpriv", &somebody);
    assert!(refused.status != Some(0) && !refused.stdout.contains("CERT"), "{}", refused.stdout);
    until("the refusal in the log", LONG, || stage.daemon.stderr().contains("that may not was refused").then_some(()));
}
