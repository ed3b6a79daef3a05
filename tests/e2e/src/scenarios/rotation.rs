//! A rotation of the host and user CA.

use super::{assert_delivered, machine};
use crate::stage::{Kind, Phase};
use crate::{Machine, Stage};

/// In their order.
pub const PHASES: [Phase; 4] = [Phase::Init, Phase::UpdateClients, Phase::UpdateServers, Phase::Standby];

/// For who is only there now and then: after each phase a run goes well, and a newcomer can join.
pub fn one_shots_between_the_phases(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, "");
    machine.oneshot().succeeded();
    for phase in PHASES {
        stage.rotate(phase);
        machine.oneshot().succeeded();
        assert_delivered(&machine);
        let newcomer = Machine::new(stage);
        newcomer.configure(stage, &stage.issue(&stage.add_bot(), Kind::Usual), "");
        newcomer.oneshot().succeeded();
    }
    // Once, when another key began to sign: its old certificate would have gone with the last phase.
    assert_eq!(stage.generation(&bot), Some(2));
}
