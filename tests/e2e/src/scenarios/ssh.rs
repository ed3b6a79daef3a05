//! Stock ssh, scp and sftp with the files that were written.

use super::{joined, machine, target};
use crate::machine::put;
use crate::stage::Kind;
use crate::{Machine, Stage, multiplexer};

const STRICT: [&str; 6] = ["-F", "out/ssh_config", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"];

/// Status, output and errors come back.
pub fn runs_a_command_and_checks_the_host(stage: &dyn Stage) {
    let machine = joined(stage);
    let target = target();
    let ended = machine.tool("ssh", &[&STRICT[..], &[&target, "echo out; echo err >&2; exit 7"]].concat());
    assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (Some(7), "out\n", "err\n"));
}

/// Byte for byte.
pub fn carries_a_megabyte_each_way(stage: &dyn Stage) {
    let machine = joined(stage);
    let text = "0123456789abcdef\n".repeat(65536);
    put(&machine.path("in"), &text);
    let command = format!("ssh -F out/ssh_config -o BatchMode=yes {} cat < in > back", target());
    machine.tool("sh", &["-c", &command]).succeeded();
    assert!(machine.read("back") == text, "other bytes came back");
}

/// There and back.
pub fn scp_and_sftp_copy_files(stage: &dyn Stage) {
    let machine = joined(stage);
    put(&machine.path("a"), "copied\n");
    let remote = format!("{}:{}", target(), machine.path("b").display());
    machine.tool("scp", &["-q", "-F", "out/ssh_config", "a", &remote]).succeeded();
    assert_eq!(machine.read("b"), "copied\n");
    put(&machine.path("batch"), &format!("get {} c\n", machine.path("b").display()));
    machine.tool("sftp", &["-q", "-F", "out/ssh_config", "-b", "batch", &target()]).succeeded();
    assert_eq!(machine.read("c"), "copied\n");
}

/// As in a build's step, where sessions share the multiplexer's connection.
pub fn a_command_finds_it_in_its_environment(stage: &dyn Stage) {
    let (machine, _) = machine(stage, "");
    let script = format!(
        "for number in 1 2 3; do ssh -F \"$MACHINE_ID_SSH_CONFIG\" -o BatchMode=yes {} \"echo $number\"; done",
        target()
    );
    let ended = machine.machine_id(&["run", "-c", "tbot.yaml", "--", "sh", "-c", &script]).succeeded();
    assert_eq!(ended.stdout, "1\n2\n3\n", "{}", ended.stderr);
    assert_eq!(machine.names("tmp"), [""; 0], "left in the temporary directory");
}

/// In one line of ours.
pub fn an_unknown_host_is_named(stage: &dyn Stage) {
    let ended = joined(stage).ssh_echo(&[], "nosuch.example.test");
    assert_eq!(ended.status, Some(255), "{ended:?}");
    assert!(ended.stderr.contains("nosuch") && ended.stderr.contains("[host_unreachable]"), "{}", ended.stderr);
}

/// As tbot's service `ssh-multiplexer` has it: with an agent, and without one of the connection's ends.
pub fn goes_by_the_sockets_of_a_multiplexer(stage: &dyn Stage) {
    let machine = Machine::new(stage);
    multiplexer::configure(stage, &machine, &stage.issue(&stage.add_bot(), Kind::Usual), "", "");
    let _daemon = multiplexer::start(&machine, &[]);
    for fdpass in ["yes", "no"] {
        let fdpass = format!("ProxyUseFdpass={fdpass}");
        let options = ["-F", "mux/ssh_config", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", &fdpass];
        let target = target();
        let ended = machine.tool("ssh", &[&options[..], &[&target, "echo out; exit 7"]].concat());
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(7), "out\n"), "{fdpass}: {}", ended.stderr);
    }
    assert!(!machine.path("mux/key").exists());
}
