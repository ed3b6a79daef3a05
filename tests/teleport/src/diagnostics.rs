//! `diag_addr` of a real tbot and ours, asked the same in the same states. Only where the folder of binaries has a `tbot`.

use std::path::PathBuf;
use std::process::Command;

use e2e::probe::{Answer, ask, free_address, get, samples};
use e2e::stage::Kind;
use e2e::wait::{LONG, PROMPT, until};
use e2e::{Machine, Process, Stage};
use nix::sys::signal::Signal;

use crate::cluster::Teleport;
use crate::tbot;

/// What both answer alike: method, path, and whether the body counts.
const ALIKE: [(&str, &str, bool); 7] = [
    ("GET", "/livez", true),
    ("POST", "/livez", true),
    ("HEAD", "/livez", true),
    ("GET", "/readyz", false),
    ("GET", "/metrics", false),
    ("POST", "/metrics", false),
    ("GET", "/elsewhere", false),
];

/// A bot of its own with a daemon.
struct Side {
    daemon: Process,
    address: String,
    _machine: Machine,
}

fn side(teleport: &Teleport, program: Option<&PathBuf>) -> Side {
    let machine = Machine::new(teleport);
    let bot = teleport.add_bot();
    let address = free_address();
    machine.configure(teleport, &teleport.issue(&bot, Kind::Usual), &format!("diag_addr: {address}\n"));
    let daemon = match program {
        None => machine.start(&["start", "-c", "tbot.yaml"]),
        Some(tbot) => {
            let mut command: Command = machine.command(tbot.to_str().unwrap());
            command.args(["start", "-c", "tbot.yaml"]);
            machine.spawn(command)
        }
    };
    Side { daemon, address, _machine: machine }
}

/// Ready, by both; unknown names and other methods; and at last stopped.
pub(crate) fn answers_are_tbots(teleport: &Teleport) {
    let Some(tbot) = tbot::program(teleport) else { return };
    let (theirs, ours) = (side(teleport, Some(&tbot)), side(teleport, None));
    for side in [&theirs, &ours] {
        until("readiness", LONG, || ask(&side.address, "GET", "/readyz").filter(|answer| answer.status == 200));
    }
    for (method, path, with_body) in ALIKE {
        let [their, our] = [&theirs, &ours].map(|side| ask(&side.address, method, path).unwrap());
        let facts = |answer: &Answer| (answer.status, with_body.then(|| answer.body.clone()));
        assert_eq!(facts(&our), facts(&their), "{method} {path}");
        // Releases since July 2025 say readiness in JSON, older ones a word.
        if path != "/readyz" || their.kind == our.kind {
            let format = |answer: &Answer| answer.kind.split("; escaping").next().unwrap_or_default().to_owned();
            assert_eq!(format(&our), format(&their), "{method} {path}");
        }
        println!("  {method} {path}: {} {:?} / {} {:?}", their.status, their.kind, our.status, our.kind);
    }
    let [their, our] = [&theirs, &ours].map(|side| get(&side.address, "/readyz"));
    if their.kind == our.kind {
        let names =
            |answer: &Answer| answer.json()["services"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&our), names(&their));
    } else {
        println!("  this tbot's /readyz says {:?} whatever the state", their.body);
    }
    for side in [&theirs, &ours] {
        assert!(samples(&get(&side.address, "/metrics").body).len() > 10);
    }
    for side in [theirs, ours] {
        side.daemon.signal(Signal::SIGTERM);
        side.daemon.wait(PROMPT);
        assert_eq!(ask(&side.address, "GET", "/livez"), None, "what has ended answers nobody");
    }
}
