//! `make sessions`: many `ssh` that are open at the same time by one daemon, one that is stalled among them, and what a
//! restart of the proxy does to them.

mod many;
mod restart;
mod session;

use std::collections::VecDeque;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::place::Place;
use crate::report::Report;
use crate::rows::stage::{Stage, Way};
use session::{ECHO, Session};

/// How many are being opened at the same time.
const OPENING: usize = 16;

/// Measures with `count` sessions, or only the restart of the proxy under that many.
pub(crate) fn measure(place: &Place, report: &mut Report, count: usize, restart: bool) {
    let Some(target) = &place.target else { return report.missing("sessions", "SSH_TARGET isn't given") };
    // Pipes to each ssh, and the double's own connections.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let stage = Stage::new(place, target);
    if restart {
        restart::measure(place, &stage, report, count);
    } else {
        many::measure(place, &stage, report, count);
    }
}

/// Opens sessions, some at a time; gives those whose far end has answered.
fn open(place: &Place, stage: &Stage<'_>, numbers: std::ops::Range<usize>) -> Vec<Session> {
    let (mut opening, mut open) = (VecDeque::new(), Vec::new());
    let mut answered = |mut session: Session| {
        if session.hears("open") {
            open.push(session);
        }
    };
    for number in numbers {
        if opening.len() == OPENING {
            opening.pop_front().map(&mut answered);
        }
        let mut session = start(place, stage, number, Way::Multiplexed);
        session.say("open");
        opening.push_back(session);
    }
    opening.into_iter().for_each(&mut answered);
    open
}

fn start(place: &Place, stage: &Stage<'_>, number: usize, way: Way) -> Session {
    Session::start(number, stage.ssh(way, ECHO), place.directory.path().join(format!("stderr-{number}")))
}
