//! Renewing the bot's own identity.

use nix::sys::signal::Signal;

use super::machine;
use crate::Stage;
use crate::wait::{LONG, until};

const SHORT: &str = "certificate_ttl: 1m\nrenewal_interval: 1s\n";

/// Instead of joining again.
pub fn a_oneshot_renews_what_is_half_used(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, SHORT);
    machine.oneshot().succeeded();
    until("a renewal", LONG, || {
        machine.oneshot().succeeded();
        (stage.generation(&bot) > Some(1)).then_some(())
    });
    machine.oneshot().succeeded();
}

/// And what it has stored at its end is good for the next start.
pub fn a_daemon_renews_on_schedule(stage: &dyn Stage) {
    let (machine, bot) = machine(stage, SHORT);
    let daemon = machine.start(&["start", "-c", "tbot.yaml"]);
    until("two renewals", LONG, || (stage.generation(&bot) > Some(2)).then_some(()));
    daemon.signal(Signal::SIGTERM);
    let ended = daemon.wait(LONG).succeeded();
    assert!(!ended.stderr.contains("ERROR"), "{}", ended.stderr);
    machine.oneshot().succeeded();
}
