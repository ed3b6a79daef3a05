//! A rotation of the host and user CA.

use nix::sys::signal::Signal;

use super::{assert_delivered, machine};
use crate::stage::{Kind, Phase};
use crate::wait::{LONG, until};
use crate::{Machine, Stage};

/// In their order.
pub const PHASES: [Phase; 4] = [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby];

/// For who is only there now and then: after each phase a run goes well, and a newcomer can join.
pub fn one_shots_between_the_phases(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        stage.rotate(phase);
        assert_runs(&machine);
        assert_delivered(&machine);
        assert_reaches(stage, &machine);
        let newcomer = Machine::new(stage);
        newcomer.configure(stage, &stage.issue(&stage.add_bot(), Kind::Usual), "");
        assert_runs(&newcomer);
    }
    // Once, when another key began to sign: its old certificate would have gone with the last phase.
    assert_eq!(stage.generation(&bot), Some(2));
}

/// The daemon learns of each phase by itself, and its files are good for ssh in all of them.
pub fn a_daemon_through_all_phases(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("the first certificate", LONG, || machine.path("out/key-cert.pub").exists().then_some(()));
    for phase in PHASES {
        if phase == Phase::Standby {
            // What the old key has signed goes with this phase.
            until("the new key's certificate", LONG, || (stage.generation(&bot) > Some(1)).then_some(()));
        }
        stage.rotate(phase);
        assert_reaches(stage, &machine);
    }
    daemon.signal(Signal::SIGTERM);
    daemon.wait(LONG).succeeded();
    assert_delivered(&machine);
    machine.oneshot().succeeded();
    assert_reaches(stage, &machine);
}

/// A real proxy reads its new certificates meanwhile, and may cut a connection off; nothing else may go wrong.
fn assert_runs(machine: &Machine) {
    until("a run in this phase", LONG, || {
        let run = machine.oneshot();
        if run.stderr.contains("[cluster_unreachable]") {
            return None;
        }
        run.succeeded();
        Some(())
    });
}

/// While servers restart ssh may have to be tried again.
fn assert_reaches(stage: &dyn Stage, machine: &Machine) {
    if stage.hosts_follow_rotations() {
        until("ssh in this phase", LONG, || {
            (machine.ssh_echo(&[], "node1.example.test").status == Some(0)).then_some(())
        });
    }
}
