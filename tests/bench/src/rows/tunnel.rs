//! What of an `ssh` is ours: from the start of its ProxyCommand to the host's first bytes.

use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::stage::{Stage, Way};
use crate::place::Place;
use crate::report::Report;
use crate::sample::{Sample, in_turns, milliseconds};

/// Only these rows.
pub(crate) fn alone(place: &Place, report: &mut Report) {
    let Some(target) = &place.target else { return report.missing("tunnels", "SSH_TARGET isn't given") };
    measure(place, &Stage::new(place, target), report);
}

pub(crate) fn measure(place: &Place, stage: &Stage<'_>, report: &mut Report) {
    let dials = Dials::new(stage);
    let time = |way| milliseconds(|| dials.banner(way));
    let rounds = place.rounds(30);
    let (process, multiplexed, peer) = if stage.peer.is_some() {
        let [process, multiplexed, peer] =
            in_turns(rounds, [&mut || time(Way::Process), &mut || time(Way::Multiplexed), &mut || time(Way::Peer)]);
        (process, multiplexed, Some(peer))
    } else {
        let [process, multiplexed] = in_turns(rounds, [&mut || time(Way::Process), &mut || time(Way::Multiplexed)]);
        (process, multiplexed, None)
    };
    report.beside_peer("tunnel to the host's first bytes, by process", "ms", &process, peer.as_ref());
    report.beside_peer("tunnel to the host's first bytes, multiplexed", "ms", &multiplexed, peer.as_ref());
    for count in [10, 30, 60] {
        let last = |way| Sample::new((0..place.rounds(3)).map(|_| dials.at_once(way, count)).collect());
        // As many of the peer's processes would only measure the machine's memory.
        let peer = (stage.peer.is_some() && count <= 30).then(|| last(Way::Peer));
        let what = |way| format!("  {count} at once until the last, {way}");
        report.beside_peer(&what("by process"), "ms", &last(Way::Process), peer.as_ref());
        report.beside_peer(&what("multiplexed"), "ms", &last(Way::Multiplexed), peer.as_ref());
    }
}

struct Dials<'a> {
    stage: &'a Stage<'a>,
    ours: [String; 2],
    peer: Option<String>,
}

impl<'a> Dials<'a> {
    fn new(stage: &'a Stage<'a>) -> Self {
        let peer = stage.peer.is_some().then(|| command(stage, Way::Peer));
        Self { stage, ours: [Way::Process, Way::Multiplexed].map(|way| command(stage, way)), peer }
    }

    /// Runs the ProxyCommand until the host's identification has come.
    fn banner(&self, way: Way) {
        let [process, multiplexed] = &self.ours;
        match way {
            Way::Multiplexed => {
                let stream = self.passed(multiplexed);
                greet(&stream, &stream);
            }
            Way::Peer => self.piped(self.peer.as_deref().unwrap(), self.stage.peer.as_ref().unwrap()),
            Way::Process | Way::Direct | Way::Undelayed => self.piped(process, &self.stage.ours),
        }
    }

    fn at_once(&self, way: Way, count: usize) -> f64 {
        milliseconds(|| {
            std::thread::scope(|scope| {
                for _ in 0..count {
                    scope.spawn(|| self.banner(way));
                }
            });
        })
    }

    fn piped(&self, command: &str, machine: &crate::place::Machine) {
        let mut helper = machine.command("sh");
        let mut helper = helper.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        greet(helper.stdin.as_ref().unwrap(), helper.stdout.take().unwrap());
        helper.kill().unwrap();
        helper.wait().unwrap();
    }

    /// As ssh does it with `ProxyUseFdpass`.
    fn passed(&self, command: &str) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut helper = self.stage.ours.command("sh");
        let mut helper = helper.args(["-c", command]).stdout(OwnedFd::from(theirs)).spawn().unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        recvmsg(ours.as_fd(), &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
        let passed = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        assert!(helper.wait().unwrap().success());
        UnixStream::from(passed.expect("the helper passes a descriptor"))
    }
}

/// As ssh does: some hosts listen before they speak.
fn greet(mut to: impl Write, mut from: impl Read) {
    to.write_all(b"SSH-2.0-bench\r\n").unwrap();
    let mut start = [0; 4];
    from.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"SSH-");
}

/// The ProxyCommand, as ssh would run it.
fn command(stage: &Stage<'_>, way: Way) -> String {
    let (machine, config) = stage.config(way);
    let mut ssh: Command = machine.command("ssh");
    let output = ssh.arg("-G").arg("-F").arg(config).arg(stage.target).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
    let words = [("%r", value("user")), ("%h", value("hostname")), ("%p", value("port"))];
    let command = words.iter().fold(value("proxycommand").to_owned(), |text, (name, word)| text.replace(name, word));
    format!("exec {}", command.replace("%%", "%"))
}
