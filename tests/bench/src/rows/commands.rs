//! The commands as a user calls them.

use std::path::Path;
use std::time::Duration;

use crate::place::Place;
use crate::report::Report;
use crate::sample::{Sample, in_turns, milliseconds};
use crate::tools::{Running, quiet, resident, wait_for_file};

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let cold = |program: &Path| {
        let machine = place.machine();
        milliseconds(|| machine.oneshot(program))
    };
    let (ours, peer) = beside(place, place.rounds(15), &cold);
    report.beside_peer("cold oneshot: join, issue, write", "ms", &ours, peer.as_ref());

    let (ours, peer) = again(place, "");
    report.beside_peer("oneshot again: issue, write (the peer renews, too)", "ms", &ours, peer.as_ref());
    // Each finds its identity due: the pause lets it become so.
    let (ours, peer) = again(place, "renewal_interval: 1s\n");
    report.beside_peer("oneshot again: renew, issue, write", "ms", &ours, peer.as_ref());

    daemon(place, report);

    let machine = place.machine();
    machine.oneshot(&place.program);
    let helper = |arguments: &[&str]| {
        let mut command = machine.command(&place.program);
        command.args(arguments);
        milliseconds(|| quiet(command))
    };
    let [version, exec] = in_turns(
        place.rounds(50),
        [&mut || helper(&["--version"]), &mut || helper(&["kube-credentials", "--destination-dir=out"])],
    );
    report.alone("start and end of the helper (--version)", "ms", &version, "");
    report.alone("kubectl's exec plugin", "ms", &exec, "");
}

/// Further oneshots of one machine, with `more` in its configuration.
fn again(place: &Place, more: &str) -> (Sample, Option<Sample>) {
    let machines = [place.machine_with(more), place.machine_with(more)];
    machines[0].oneshot(&place.program);
    if let Some(peer) = &place.peer {
        machines[1].oneshot(peer);
    }
    let again = |program: &Path| {
        if !more.is_empty() {
            #[expect(clippy::disallowed_methods, reason = "a bench's own thread")]
            std::thread::sleep(Duration::from_millis(1100));
        }
        let machine = &machines[usize::from(program != place.program)];
        milliseconds(|| machine.oneshot(program))
    };
    beside(place, place.rounds(15), &again)
}

/// Ours and the peer in turns.
pub(crate) fn beside(place: &Place, rounds: u32, work: &dyn Fn(&Path) -> f64) -> (Sample, Option<Sample>) {
    match &place.peer {
        None => {
            let [ours] = in_turns(rounds, [&mut || work(&place.program)]);
            (ours, None)
        }
        Some(peer) => {
            let [ours, peer] = in_turns(rounds, [&mut || work(&place.program), &mut || work(peer)]);
            (ours, Some(peer))
        }
    }
}

fn daemon(place: &Place, report: &mut Report) {
    let memory = |program: &Path| {
        let machine = place.machine();
        let mut command = machine.command(program);
        command.args(["start", "-c", "tbot.yaml"]);
        let running = Running::start(command);
        wait_for_file(&machine.path("out/ssh_config"));
        // What it needs for a while after the first files.
        #[expect(clippy::disallowed_methods, reason = "a bench's own thread")]
        std::thread::sleep(std::time::Duration::from_secs(2));
        resident(&running.id().to_string())
    };
    let (ours, peer) = beside(place, place.rounds(3), &memory);
    report.beside_peer("resident memory of start, one output", "MiB", &ours, peer.as_ref());
}
