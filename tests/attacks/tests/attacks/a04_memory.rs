//! What is to be had of an identity by another process of the same user: its files, its memory, its core dump.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use e2e::wait::{LONG, until};
use e2e::{Cluster, Machine, users};
use teleport_double::TokenOptions;

const PROOF: &str = "eyJhbGciOiJSUzI1NiJ9.proof.of-a-pipeline";

fn by_id_token() -> (Cluster, Machine) {
    let cluster = Cluster::start();
    let id_token = Some(("gitlab".to_owned(), PROOF.to_owned()));
    let token = cluster.token_with(TokenOptions { id_token, ..TokenOptions::default() });
    let mut machine = Machine::new(&cluster);
    machine.configure(&cluster, &token, "");
    let config = machine.read("tbot.yaml").replace("join_method: token", "join_method: gitlab");
    machine.write_config(&config);
    machine.set("TBOT_GITLAB_JWT", PROOF);
    (cluster, machine)
}

/// All that files below a directory hold.
fn contents(directory: &Path) -> String {
    let entries = std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() { contents(&path) } else { String::from_utf8_lossy(&std::fs::read(path).unwrap()).into() }
        })
        .collect()
}

#[test]
fn a04_an_identity_that_can_join_again_is_in_no_file() {
    let (cluster, machine) = by_id_token();
    for round in 1..=2 {
        let _ = std::fs::remove_dir_all(machine.path("out"));
        let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
        until("the output is written", LONG, || machine.path("out/identity").exists().then_some(()));
        let stored = contents(&machine.path("bot"));
        for part in ["PRIVATE KEY", "BEGIN CERTIFICATE", "-cert-v01@openssh.com", PROOF] {
            assert!(!stored.contains(part), "{part} is stored");
        }
        assert!(!machine.path("bot/identity.json").exists());
        daemon.signal(nix::sys::signal::Signal::SIGTERM);
        daemon.wait(LONG).succeeded();
        assert!(!contents(&machine.path("bot")).contains("PRIVATE KEY"));
        assert_eq!(cluster.counters().joined, round, "each start joins again");
    }
}

#[test]
fn a04_a_one_time_token_keeps_its_identity() {
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    machine.configure(&cluster, &cluster.token(), "");
    machine.oneshot().succeeded();
    machine.oneshot().succeeded();
    assert_eq!(cluster.counters().joined, 1);
}

/// Whether a process has a text anywhere in the memory that it can write to.
pub(crate) fn holds(pid: u32, text: &str) -> bool {
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.lines().filter(|line| line.contains(" rw")).any(|line| {
        let (from, to) = line.split_whitespace().next().unwrap().split_once('-').unwrap();
        let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        let count = memory.read_at(&mut bytes, from).unwrap_or(0);
        bytes[..count].windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[test]
fn a04_a_token_that_was_used_is_in_no_memory() {
    if !users::root_for("a04_a_token_that_was_used_is_in_no_memory") {
        return;
    }
    for version in ["15.4.3", "17.2.1"] {
        for pinned in [false, true] {
            let cluster = Cluster::with(|builder| builder.version(version));
            let (machine, token) = (Machine::new(&cluster), cluster.token());
            machine.configure(&cluster, &token, "");
            if pinned {
                let pins = format!("onboarding:\n  ca_pins: [\"{}\"]\n", cluster.ca_pin());
                machine.write_config(&machine.read("tbot.yaml").replace("onboarding:\n", &pins));
            }
            let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
            until("the output is written", LONG, || machine.path("out/identity").exists().then_some(()));
            assert!(holds(daemon.id(), "bot-api"), "the memory can't be read");
            until("the token is gone from memory", LONG, || (!holds(daemon.id(), &token)).then_some(()));
            daemon.signal(nix::sys::signal::Signal::SIGTERM);
            daemon.wait(LONG).succeeded();
        }
    }
}

#[test]
fn a04_the_command_shows_its_memory_to_no_other_process_of_its_user() {
    if !users::root_for("a04_the_command_shows_its_memory_to_no_other_process_of_its_user") {
        return;
    }
    let cluster = Cluster::start();
    let machine = Machine::new(&cluster);
    // All that it writes is in a directory of that user's.
    let home = machine.path("home");
    std::fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(65534), Some(65534)).unwrap();
    machine.configure(&cluster, &cluster.token(), "");
    let config = machine.read("tbot.yaml").replace(machine.path("").to_str().unwrap(), &format!("{}/", home.display()));
    machine.write_config(&config);
    let as_user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let program = machine.path("machine-id");
    e2e::program::copy(e2e::program::program(), &program);
    let mut arguments = as_user.to_vec();
    arguments.extend([program.to_str().unwrap(), "start", "-c", "tbot.yaml"]);
    let daemon = machine.start_tool("setpriv", &arguments);
    // As that user it does all its work: its own /proc/self is open to it.
    until("the output is written", LONG, || home.join("out/identity").exists().then_some(()));
    let pid = daemon.id();
    for name in ["mem", "environ", "maps"] {
        let read = Command::new("setpriv")
            .args(as_user)
            .args(["head", "-c1", &format!("/proc/{pid}/{name}")])
            .current_dir("/")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&read.stderr);
        assert!(said.contains("Permission denied"), "{name}: {said}");
    }
    match Command::new("strace").arg("-V").output() {
        Ok(_) => {
            let mut command = Command::new("setpriv");
            command.args(as_user).args(["strace", "-p", &pid.to_string()]).current_dir("/");
            let traced = command.output().unwrap();
            assert!(String::from_utf8_lossy(&traced.stderr).contains("not permitted"), "{traced:?}");
        }
        Err(error) => users::skipped(&format!("the part with strace of a04_the_command_…: {error}")),
    }
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    daemon.wait(LONG).succeeded();
}
