//! Many sessions at the same time.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::session::Session;
use super::{open, start};
use crate::place::Place;
use crate::report::Report;
use crate::rows::stage::{Stage, Way};
use crate::sample::{Sample, in_turns, milliseconds};
use crate::tools::{descriptors, processor_time, resident};

pub(super) fn measure(place: &Place, stage: &Stage<'_>, report: &mut Report, count: usize) {
    let daemon = stage.daemon.id();
    let figures = || (Sample::once(resident(&daemon.to_string())), Sample::once(descriptors(daemon)));
    let mut first = open(place, stage, 0..1);
    let mut observer = first.pop().expect("not even one session can be opened");
    let alone = latency(place, stage, &mut observer);
    let before = figures();
    let mut sessions = Vec::new();
    let took = milliseconds(|| sessions = open(place, stage, 1..count));
    let opened = sessions.len() + 1;
    let during = figures();
    let among = latency(place, stage, &mut observer);
    let stalled = Stalled::new(stage);
    let beside_stalled = latency(place, stage, &mut observer);
    let with_stalled = figures();
    stalled.end();
    sessions.push(observer);
    let mut first_failure = String::new();
    let mut succeeded = 0_u32;
    let closing = milliseconds(|| {
        // Everybody is still there when the first one ends.
        for session in sessions {
            let end = session.finish();
            if end.right && end.status.success() {
                succeeded += 1;
            } else if first_failure.is_empty() {
                first_failure = format!("one ended with {}: {}", end.status, end.said.trim());
            }
        }
    });
    let after = figures();

    let number = |value: usize| Sample::once(f64::from(u32::try_from(value).unwrap()));
    report.alone("sessions asked for", "", &number(count), "");
    report.alone("sessions open at the same time", "", &number(opened), "");
    report.alone("ended with 0 and their own number", "", &Sample::once(f64::from(succeeded)), &first_failure);
    report.alone("time to open them", "ms", &Sample::once(took), "16 at a time; ssh and sshd are the limit");
    report.alone("time until all have echoed and ended", "ms", &Sample::once(closing), "one after the other");
    for (when, (memory, descriptors)) in
        [("with one", before), ("with all", during), ("with a stalled one, too", with_stalled), ("after them", after)]
    {
        report.alone(&format!("daemon's resident memory {when}"), "MiB", &memory, "");
        report.alone(&format!("daemon's descriptors {when}"), "", &descriptors, "");
    }
    for (when, latency) in [("among all", among), ("beside a stalled one, too", beside_stalled)] {
        report.beside(&format!("fresh ssh to its echo, {when}"), "ms", &latency.fresh, &alone.fresh, "alone");
        report.beside(&format!("an open session's echo, {when}"), "ms", &latency.echo, &alone.echo, "alone");
    }
    assert_eq!(usize::try_from(succeeded).unwrap(), count, "{first_failure}");
}

struct Latency {
    fresh: Sample,
    echo: Sample,
}

fn latency(place: &Place, stage: &Stage<'_>, observer: &mut Session) -> Latency {
    let [fresh] = in_turns(
        place.rounds(20),
        [&mut || {
            let mut session = None;
            let took = milliseconds(|| {
                let mut fresh = start(place, stage, usize::MAX, Way::Multiplexed);
                assert!(fresh.echoes("fresh"));
                session = Some(fresh);
            });
            assert!(session.take().unwrap().finish().right);
            took
        }],
    );
    let [echo] = in_turns(place.rounds(200), [&mut || milliseconds(|| assert!(observer.echoes("still there")))]);
    Latency { fresh, echo }
}

/// A session whose ssh stopped reading while its host sends as much as it can.
struct Stalled(std::process::Child);

impl Stalled {
    fn new(stage: &Stage<'_>) -> Self {
        let mut ssh = stage.ssh(Way::Multiplexed, "cat /dev/zero");
        let mut ssh = ssh.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut some = [0; 1 << 16];
        std::io::Read::read_exact(ssh.stdout.as_mut().unwrap(), &mut some).unwrap();
        kill(Pid::from_raw(ssh.id().try_into().unwrap()), Signal::SIGSTOP).unwrap();
        // Until everything on the way is full: nothing moves for a while.
        let daemon = stage.daemon.id();
        e2e::wait::until("the stalled session is full", e2e::wait::LONG, || {
            let before = processor_time(daemon);
            #[expect(clippy::disallowed_methods, reason = "a bench's own thread")]
            std::thread::sleep(std::time::Duration::from_millis(500));
            (processor_time(daemon) - before < 0.005).then_some(())
        });
        Self(ssh)
    }

    fn end(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
