//! The proxy restarted under open sessions.

use std::process::Command;

use e2e::wait::{LONG, until};

use super::{open, start};
use crate::place::Place;
use crate::report::Report;
use crate::rows::stage::{Stage, Way};
use crate::sample::{Sample, Stopwatch, milliseconds};

/// What a session that was cut says.
const CUT: &str = "machine-id: the connection to ";

pub(super) fn measure(place: &Place, stage: &Stage<'_>, report: &mut Report, count: usize) {
    let (stop, start_again) = (std::env::var("PROXY_STOP").ok(), std::env::var("PROXY_START").ok());
    if place.double().is_none() && (stop.is_none() || start_again.is_none()) {
        return report.missing("restart of the proxy", "PROXY_STOP and PROXY_START, commands, aren't given");
    }
    let sessions = open(place, stage, 0..count);
    assert_eq!(sessions.len(), count);
    let stopping = std::thread::spawn(move || stop.map(|command| run(&command)));
    if let Some(double) = place.double() {
        double.open_proxy(false);
        double.cut_proxy();
    }
    let (mut told, mut status_255, mut example) = (0_u32, 0_u32, String::new());
    let ending = milliseconds(|| {
        for session in sessions {
            let end = session.until_ended();
            told += u32::from(end.said.contains(CUT));
            status_255 += u32::from(end.status.code() == Some(255));
            if example.is_empty() || !end.said.contains(CUT) {
                example = format!("{}: {}", end.status, first_line(&end.said));
            }
        }
    });
    stopping.join().unwrap();
    let mut meanwhile = start(place, stage, count, Way::Multiplexed);
    let _ = meanwhile.echoes("open");
    let refused = meanwhile.until_ended();
    let starting = std::thread::spawn(move || start_again.map(|command| run(&command)));
    if let Some(double) = place.double() {
        double.open_proxy(true);
    }
    until("the proxy's port", 2 * LONG, || std::net::TcpStream::connect(&place.proxy).ok());
    let mut answers = Vec::new();
    let mut carried = None;
    let clock = Stopwatch::start();
    until("a session after the restart", 2 * LONG, || {
        let mut session = start(place, stage, count, Way::Multiplexed);
        let works = session.echoes("open");
        let said = if works { String::new() } else { first_line(&session.until_ended().said) };
        // From here on it is the cluster that lacks the host.
        if works || !said.contains("[cluster_unreachable]") {
            carried.get_or_insert(clock.milliseconds());
        }
        if !works && answers.last() != Some(&said) {
            answers.push(said);
        }
        works.then_some(())
    });
    let again = clock.milliseconds();
    starting.join().unwrap();
    let fresh = Sample::new(
        (0..10)
            .map(|_| milliseconds(|| assert!(start(place, stage, count, Way::Multiplexed).echoes("open"))))
            .collect(),
    );
    let number = |value: u32| Sample::once(f64::from(value));
    report.alone("sessions that were open", "", &number(u32::try_from(count).unwrap()), "");
    report.alone("  said why they were cut", "", &number(told), &example);
    report.alone("  ended with 255", "", &number(status_255), "");
    report.alone("  until the last had ended", "ms", &Sample::once(ending), "from the start of the proxy's end");
    let note = format!("while it was down: {}", first_line(&refused.said));
    report.alone("port open to the first new session", "ms", &Sample::once(again), &note);
    let carried = Sample::once(carried.unwrap_or(again));
    report.alone("  to the first answer by the new proxy", "ms", &carried, &answers.join("; "));
    report.alone("a fresh ssh to its echo, afterwards", "ms", &fresh, "");
    assert_eq!((told, status_255), (u32::try_from(count).unwrap(), u32::try_from(count).unwrap()), "{example}");
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn run(command: &str) {
    // What it leaves running must not hold our pipes.
    let status = Command::new("sh").args(["-c", command]).stdin(std::process::Stdio::null()).status().unwrap();
    assert!(status.success(), "{command}: {status}");
}
