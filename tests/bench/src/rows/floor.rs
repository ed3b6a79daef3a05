//! The floor: what the requests alone take, by a client that does nothing else, beside ours.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::place::{Bot, Place};
use crate::report::Report;
use crate::sample::{Sample, in_turns, milliseconds};

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let program = std::env::current_exe().unwrap().with_file_name("floor");
    let floor = |task: &Value| {
        let mut child = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the floor's client failed");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let cold_task = |bot: &Bot| json!({"proxy": place.proxy, "bot": bot.name, "token": bot.token});

    let ours = || {
        let machine = place.machine();
        counted(place, || machine.oneshot(&place.program))
    };
    let theirs = || {
        let task = cold_task(&place.bot());
        counted(place, || drop(floor(&task)))
    };
    let (ours, theirs) = compared("join and issue", place.rounds(30), ours, theirs);
    row(report, "cold oneshot, beside its requests alone", &ours, &theirs);

    let machine = place.machine_with("renewal_interval: 1s\n");
    machine.oneshot(&place.program);
    let bot = place.bot();
    let mut identity = floor(&cold_task(&bot));
    let ours = || {
        become_due();
        counted(place, || machine.oneshot(&place.program))
    };
    let theirs = || {
        let task = json!({"proxy": place.proxy, "bot": bot.name, "identity": identity});
        counted(place, || identity = floor(&task))
    };
    let (ours, theirs) = compared("renew and issue", place.rounds(30), ours, theirs);
    row(report, "oneshot that renews, beside its requests alone", &ours, &theirs);
}

fn row(report: &mut Report, what: &str, ours: &Sample, floor: &Sample) {
    report.beside(what, "ms", ours, floor, "floor; goal 1.3");
}

/// An identity is due a second after it was renewed.
fn become_due() {
    #[expect(clippy::disallowed_methods, reason = "a bench's own thread")]
    std::thread::sleep(Duration::from_millis(1100));
}

/// What the double has seen, by kind; nothing where the cluster is a real one.
type Seen = BTreeMap<String, u64>;

/// How long `work` takes, and what it asked the double for.
fn counted(place: &Place, work: impl FnOnce()) -> (f64, Seen) {
    let seen = || place.double().map(|double| double.counters().seen).unwrap_or_default();
    let before = seen();
    let took = milliseconds(work);
    let asked = seen()
        .into_iter()
        .map(|(point, count)| (format!("{point:?}"), count - before.get(&point).copied().unwrap_or_default()));
    (took, asked.filter(|(_, count)| *count > 0).collect())
}

/// Both in turns.
///
/// # Panics
/// When they didn't ask for the same.
fn compared(
    what: &str,
    rounds: u32,
    mut ours: impl FnMut() -> (f64, Seen),
    mut floor: impl FnMut() -> (f64, Seen),
) -> (Sample, Sample) {
    let (mut asked, mut alike) = (Seen::new(), Seen::new());
    let [ours, floor] = in_turns(
        rounds,
        [
            &mut || {
                let took;
                (took, asked) = ours();
                took
            },
            &mut || {
                let took;
                (took, alike) = floor();
                took
            },
        ],
    );
    assert_eq!(asked, alike, "the floor doesn't ask for what ours asks for: {what}");
    (ours, floor)
}
