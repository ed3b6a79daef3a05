//! A build that writes to `$MACHINE_ID_BIN`, which a container with nothing but the workspace lets it do.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::Cluster;

use crate::agent::{Agent, HELPER, chmod};

const EVIL: &str = "#!/bin/sh\necho evil\n";

fn says(program: &Path) -> String {
    String::from_utf8(Command::new(program).output().unwrap().stdout).unwrap()
}

/// As a shell of the agent's user does: the mode is its own to change.
fn overwrite(program: &Path) {
    chmod(program, 0o755);
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(program).unwrap();
    std::io::Write::write_all(&mut file, EVIL.as_bytes()).unwrap();
}

#[test]
fn a01_a_build_that_overwrites_its_program_changes_nobody_elses() {
    let cluster = Cluster::start();
    let agent = Agent::at(&cluster);
    let program = |number: u32| -> PathBuf {
        let acquired = agent.acquire(number, &agent.path(&format!("workspace/lease-{number}"))).unwrap();
        acquired.environment["MACHINE_ID_BIN"].clone().into()
    };
    let before = program(1);
    let own = program(2);
    overwrite(&own);
    assert_eq!(says(&own), "evil\n", "the build's own copy is its own");
    let mut files = vec![fs::metadata(agent.helper()).unwrap(), fs::metadata(&own).unwrap()];
    for other in [before, agent.helper(), program(3), program(4), program(5)] {
        assert_eq!((says(&other).as_str(), fs::read_to_string(&other).unwrap().as_str()), ("packaged\n", HELPER));
        files.push(fs::metadata(&other).unwrap());
    }
    assert!(files.iter().all(|file| file.nlink() == 1), "a file with two names is one that two can write to");
}

#[test]
fn a01_what_ssh_runs_lies_in_the_leases_own_directory() {
    let cluster = Cluster::start();
    let agent = Agent::at(&cluster);
    let directory = agent.path("workspace/lease");
    agent.acquire(1, &directory).unwrap();
    let config = fs::read_to_string(directory.join("ssh_config")).unwrap();
    let commands: Vec<_> = config.lines().filter(|line| line.trim_start().starts_with("ProxyCommand")).collect();
    assert!(!commands.is_empty(), "{config}");
    let own = directory.join("machine-id");
    assert!(commands.iter().all(|line| line.contains(own.to_str().unwrap())), "{commands:?}");
}

#[test]
fn a01_a_changed_shared_program_is_not_handed_out() {
    let agent = Agent::alone();
    let shared = agent.helper();
    let seen = fs::metadata(&shared).unwrap();
    // As long as the real one, and as old.
    let evil = HELPER.replace("packaged", "attacker");
    fs::OpenOptions::new()
        .write(true)
        .open(&shared)
        .and_then(|mut file| {
            std::io::Write::write_all(&mut file, evil.as_bytes())?;
            file.set_times(fs::FileTimes::new().set_modified(seen.modified()?))
        })
        .unwrap();
    let directory = agent.path("workspace/lease");
    let error = agent.acquire(1, &directory).unwrap_err();
    assert!(error.message().contains("isn't the program that was packaged"), "{error}");
    assert!(!directory.exists());
}
