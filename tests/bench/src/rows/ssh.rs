//! `ssh` through the cluster, by each of our ways, the peer's, and directly.

use std::process::{Command, Stdio};

use super::stage::{NOTHING, Stage, Way, quiet_without_output};
use crate::place::Place;
use crate::report::Report;
use crate::sample::{Sample, each_in_turns, in_turns, milliseconds};
use crate::tools::{children_time, processor_time, quiet, resident};

/// Bytes of a bulk transfer.
const BULK: u64 = 256 << 20;

pub(crate) fn measure(place: &Place, report: &mut Report) {
    let Some(target) = &place.target else { return report.missing("ssh", "SSH_TARGET isn't given") };
    let stage = Stage::new(place, target);
    latency(place, &stage, report);
    super::tunnel::measure(place, &stage, report);
    if place.double().is_some() {
        bulk(place, &stage, report);
    }
    parallel(place, &stage, report);
}

fn latency(place: &Place, stage: &Stage<'_>, report: &mut Report) {
    let mut ways = vec![Way::Process, Way::Multiplexed];
    ways.extend(stage.peer.is_some().then_some(Way::Peer));
    ways.extend(stage.direct.iter().flat_map(|_| [Way::Direct, Way::Undelayed]));
    stage.time(Way::Multiplexed, NOTHING);
    let samples = each_in_turns(place.rounds(40), &ways, |way| stage.time(way, NOTHING));
    let of = |way| ways.iter().position(|each| *each == way).and_then(|at| samples.get(at));
    let what = if stage.sftp { "shortest ssh session" } else { "ssh … true" };
    let ours = [("by ProxyCommand", Way::Process, 15), ("multiplexed", Way::Multiplexed, 5)];
    for (name, way, _) in ours {
        let sample = of(way).unwrap();
        match of(Way::Direct) {
            Some(direct) => report.beside(&format!("{what}, {name}"), "ms", sample, direct, "direct"),
            None => report.beside_peer(&format!("{what}, {name}"), "ms", sample, of(Way::Peer)),
        }
        if let Some(peer) = of(Way::Peer).filter(|_| stage.direct.is_some()) {
            report.beside_peer(&format!("  {what}, {name}"), "ms", sample, Some(peer));
        }
    }
    let (Some(direct), Some(alone)) = (of(Way::Direct), of(Way::Undelayed)) else { return };
    report.beside("  ssh and the node alone, TCP_NODELAY set", "ms", alone, direct, "direct, as ssh sets it");
    let over = |sample: &Sample| Sample::once(sample.median() - alone.median());
    let peer = of(Way::Peer).map(over);
    for (name, way, budget) in ours {
        let sample = of(way).unwrap();
        let what = format!("  over ssh and the node, {name} (budget {budget})");
        report.beside_peer(&what, "ms", &over(sample), peer.as_ref());
        let share = Sample::once(100.0 * alone.median() / sample.median());
        report.alone(&format!("  share of ssh and the node, {name}"), "%", &share, "");
    }
}

fn bulk(place: &Place, stage: &Stage<'_>, report: &mut Report) {
    let size = if place.quick { BULK / 16 } else { BULK };
    let command = format!("head -c {size} /dev/zero");
    let megabytes = f64::from(u32::try_from(size >> 20).unwrap());
    let speed = |way| megabytes / (stage.time(way, &command) / 1e3);
    let [direct, process, multiplexed] = in_turns(
        place.rounds(5),
        [&mut || speed(Way::Direct), &mut || speed(Way::Process), &mut || speed(Way::Multiplexed)],
    );
    report.beside("256 MiB through ssh, by ProxyCommand", "MiB/s", &process, &direct, "direct");
    report.beside("256 MiB through ssh, multiplexed", "MiB/s", &multiplexed, &direct, "direct");
    let file = stage.ours.path("bulk");
    quiet({
        let mut make = Command::new("truncate");
        make.arg(format!("--size={size}")).arg(&file);
        make
    });
    let copy = |way: Way| {
        let ssh = stage.ssh(way, "cat > /dev/null");
        let mut ssh = ssh;
        ssh.stdin(std::fs::File::open(&file).unwrap());
        megabytes / (milliseconds(|| quiet_without_output(ssh)) / 1e3)
    };
    let [direct, process, multiplexed] = in_turns(
        place.rounds(5),
        [&mut || copy(Way::Direct), &mut || copy(Way::Process), &mut || copy(Way::Multiplexed)],
    );
    report.beside("256 MiB to the host, by ProxyCommand", "MiB/s", &process, &direct, "direct");
    report.beside("256 MiB to the host, multiplexed", "MiB/s", &multiplexed, &direct, "direct");
}

fn parallel(place: &Place, stage: &Stage<'_>, report: &mut Report) {
    let count = if place.quick { 20 } else { 200 };
    let run = |way: Way| {
        let before = children_time();
        let wall = milliseconds(|| {
            let all: Vec<_> =
                (0..count).map(|_| stage.ssh(way, NOTHING).stderr(Stdio::null()).spawn().unwrap()).collect();
            let failed = all.into_iter().filter_map(|mut ssh| (!ssh.wait().unwrap().success()).then_some(())).count();
            assert_eq!(failed, 0, "of {count} parallel ssh");
        });
        (wall, children_time() - before)
    };
    let before = processor_time(stage.daemon.id());
    let (multiplexed, by_children) = run(Way::Multiplexed);
    let in_daemon = processor_time(stage.daemon.id()) - before;
    let (process, process_children) = run(Way::Process);
    let what = format!("{count} ssh at once, multiplexed");
    report.beside(&what, "ms", &Sample::once(multiplexed), &Sample::once(process), "by ProxyCommand");
    let per_thousand = 1000.0 / f64::from(count);
    let seconds = |value: f64| Sample::once(value * per_thousand);
    report.beside(
        "processor time per 1,000 ssh, multiplexed",
        "s",
        &seconds(by_children + in_daemon),
        &seconds(process_children),
        "by ProxyCommand, ssh included in both",
    );
    report.alone("  of it in the daemon", "s", &seconds(in_daemon), "");
    report.alone(
        "daemon's resident memory afterwards",
        "MiB",
        &Sample::once(resident(&stage.daemon.id().to_string())),
        "",
    );
    if stage.direct.is_some() {
        let (direct, _) = run(Way::Direct);
        report.alone(&format!("{count} ssh at once, direct"), "ms", &Sample::once(direct), "sshd is the limit");
    }
}
