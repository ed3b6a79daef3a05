//! A fleet's hours: the scheduling code as it is, under a simulated clock, against a cluster that restarts, is away for a
//! minute, for ten, for an hour, or is slow, and that does so much in a second and no more.
//!
//! `make fleet AGENTS=10000` prints what the auth server sees of it.

mod agent;
mod load;
mod server;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::Duration;

use self::agent::{Agent, Manners};
use self::load::Load;
use self::server::{Server, Weather};

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Nothing happens; the mean is that of this time.
const STEADY: Range<Duration> = minutes(120)..minutes(180);
/// Connections are cut, as by servers that restart one after the other; then the cluster is away.
const OUTAGES: [(&str, Range<Duration>); 4] = [
    ("restart", minutes(180)..minutes(180)),
    ("1 minute", minutes(210)..minutes(211)),
    ("10 minutes", minutes(240)..minutes(250)),
    ("1 hour", minutes(290)..minutes(350)),
];
/// How long after a return its peak may come.
const AFTER: Duration = minutes(20);
const END: Duration = minutes(420);
/// Of so many agents one has a build that began before an outage and goes on after it; on as many others a build begins in
/// each outage, and one in each half an hour.
const BUILD_IN: u32 = 50;
/// What the auth server can do in a second for each agent: four times what it has to on average.
const CAPACITY: f64 = 0.1;
const SMALLEST: f64 = 50.0;
/// What is to be held, from a thousand agents on.
const PEAK: f64 = 3.0;
const BUILD_WAITS: Duration = Duration::from_secs(10);
const IDLE_WAITS: Duration = minutes(16);

/// Turns, in the order of their time: of the second at hand sorted, of later ones as they came.
struct Calendar {
    second: usize,
    at_hand: BinaryHeap<Reverse<(Duration, usize)>>,
    later: Vec<Vec<(Duration, usize)>>,
}

impl Calendar {
    fn until(end: Duration) -> Self {
        let later = vec![Vec::new(); usize::try_from(end.as_secs()).unwrap()];
        Self { second: 0, at_hand: BinaryHeap::new(), later }
    }

    fn put(&mut self, time: Duration, agent: usize) {
        let second = usize::try_from(time.as_secs()).unwrap();
        if second <= self.second {
            self.at_hand.push(Reverse((time, agent)));
        } else if let Some(later) = self.later.get_mut(second) {
            later.push((time, agent));
        }
    }

    fn take(&mut self) -> Option<(Duration, usize)> {
        loop {
            if let Some(Reverse(turn)) = self.at_hand.pop() {
                return Some(turn);
            }
            self.second += 1;
            let next = std::mem::take(self.later.get_mut(self.second)?);
            self.at_hand = next.into_iter().map(Reverse).collect();
        }
    }
}

/// So many agents through the weather.
fn live(agents: u32, weather: &Weather, manners: Manners, end: Duration) -> Load {
    // Two threads, each with half of the fleet and half of the server.
    let half = |agents: u32, seed| {
        let weather = weather.clone();
        std::thread::spawn(move || {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut load, mut calendar) = (Load::lasting(end), Calendar::until(end));
            let mut all = Vec::new();
            for number in 0..agents {
                let (build, asks) = (number % BUILD_IN == 0, number % BUILD_IN == 1);
                let asks = if asks { asked(&weather, end, &mut random) } else { Vec::new() };
                let (agent, start) = Agent::new(build, asks, manners, &mut random);
                calendar.put(start, all.len());
                all.push(agent);
            }
            let mut server = Server::new((f64::from(agents) * CAPACITY).max(SMALLEST), weather);
            while let Some((now, agent)) = calendar.take() {
                let next = all[agent].turn(now, &mut server, &mut load, &mut random);
                calendar.put(next, agent);
            }
            load
        })
    };
    let halves = [half(agents / 2, 7), half(agents - agents / 2, 8)].map(|half| half.join().unwrap());
    halves.into_iter().reduce(Load::and).unwrap()
}

/// When builds begin on an agent, the last first.
fn asked(weather: &Weather, end: Duration, random: &mut fastrand::Rng) -> Vec<Duration> {
    // Those of a restart come in the minute after it.
    let length = |time: &Range<Duration>| time.end.saturating_sub(time.start).max(minutes(1));
    let within = |time: &Range<Duration>, unit| time.start + length(time).mul_f64(unit);
    let halves = (2..end.as_secs() / 1800).map(|half| minutes(half * 30)..minutes(half * 30 + 30));
    let slow = weather.slow.iter().map(|(time, _)| time.clone());
    let all = weather.outages.iter().cloned().chain(halves).chain(slow).filter(|time| time.start >= minutes(60));
    let mut all: Vec<Duration> = all.map(|time| within(&time, random.f64())).collect();
    all.sort_unstable_by(|one, other| other.cmp(one));
    all
}

fn outages() -> Weather {
    Weather { outages: OUTAGES.map(|(_, outage)| outage).to_vec(), slow: None }
}

/// Goals that are missed.
fn missed(load: &Load, agents: u32) -> Vec<String> {
    let mean = load.mean(&STEADY);
    let mut all = Vec::new();
    let mut hold = |holds: bool, what: String| all.extend((!holds).then_some(what));
    let steady = load.peak(STEADY);
    hold(steady <= PEAK * mean, format!("steady: {steady} against {mean}"));
    for (name, outage) in OUTAGES {
        let peak = load.peak(outage.end..outage.end + AFTER);
        hold(peak <= PEAK * mean, format!("{name}: a peak of {peak} against {mean}"));
        let build = load.longest_build(&outage);
        hold(build <= BUILD_WAITS, format!("{name}: a build waited {build:?}"));
        let last = load.last_back(outage.end);
        hold(last <= IDLE_WAITS, format!("{name}: the last one was back after {last:?}"));
        let back = load.returned(outage.end);
        hold(back == usize::try_from(agents).unwrap(), format!("{name}: {back} of {agents} are back"));
    }
    hold(load.failed == 0, format!("{} builds failed", load.failed));
    all
}

#[test]
fn a_thousand_agents_come_back_without_a_storm_and_no_build_waits() {
    let load = live(1000, &outages(), Manners::REAL, END);
    let missed = missed(&load, 1000);
    assert!(missed.is_empty(), "{missed:#?}");
    for (name, outage) in &OUTAGES[1..] {
        assert_eq!(load.peak(outage.clone()), 0.0);
        let builds = load.builds(outage);
        assert!(builds >= 19, "{name}: {builds} builds");
    }
    let (_, hour) = &OUTAGES[3];
    let tries = load.tries(hour) / 1000.0;
    assert!((5.0..60.0).contains(&tries), "{tries} tries an hour");
}

#[test]
fn without_patience_there_would_be_a_storm() {
    let load = live(1000, &outages(), Manners { patient: false, feels: true }, END);
    let mean = load.mean(&STEADY);
    for (name, outage) in OUTAGES {
        let peak = load.peak(outage.end..outage.end + AFTER);
        assert!(peak > 2.0 * PEAK * mean, "{name}: {peak} against {mean}");
    }
}

/// For half an hour the server does less than it is asked for on average.
fn slow(feels: bool) -> (Load, Range<Duration>) {
    let time = minutes(120)..minutes(150);
    let weather = Weather { outages: Vec::new(), slow: Some((time.clone(), 0.15)) };
    (live(1000, &weather, Manners { patient: true, feels }, minutes(181)), time)
}

#[test]
fn a_slow_server_is_felt_and_builds_are_served() {
    let (felt, time) = slow(true);
    let settled = time.start + minutes(5)..time.end;
    let build = felt.longest_build(&settled);
    assert!(build < BUILD_WAITS, "a build waited {build:?}");
    assert_eq!(felt.failed, 0);
    let (unfelt, _) = slow(false);
    let (less, more) = (felt.mean(&settled), unfelt.mean(&settled));
    assert!(less < 0.7 * more, "{less} requests per second instead of {more}");
    let (fewer, many) = (felt.refused(settled.clone()), unfelt.refused(settled.clone()));
    assert!(fewer * 4.0 < many, "{fewer} refused instead of {many}");
    let after = felt.mean(&(time.end + minutes(20)..minutes(180)));
    let before = felt.mean(&(minutes(90)..time.start));
    assert!(after > 0.8 * before, "half an hour later still {after} instead of {before}");
}

#[test]
fn the_load_grows_with_the_fleet_and_no_faster() {
    let mean = |agents| live(agents, &Weather::default(), Manners::REAL, STEADY.end).mean(&STEADY);
    let growth = mean(800) / mean(100);
    assert!((7.5..8.5).contains(&growth), "{growth}");
}

/// `make fleet`.
#[test]
#[ignore = "prints a table: make fleet AGENTS=10000"]
fn fleet() {
    let agents: u32 = std::env::var("AGENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let mut sizes = vec![100, 1000, 10_000, agents];
    sizes.sort_unstable();
    sizes.dedup();
    sizes.retain(|size| *size <= agents);
    let mut all = Vec::new();
    for size in &sizes {
        let load = table(*size, "", Manners::REAL);
        if *size >= 1000 {
            all.extend(missed(&load, *size).into_iter().map(|missed| format!("{size} agents: {missed}")));
        }
    }
    for size in sizes.into_iter().filter(|size| *size >= 1000) {
        table(size, ", by the rules of before", Manners::OLD);
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// Lives a fleet's hours, and prints what came of them.
fn table(size: u32, rules: &str, manners: Manners) -> Load {
    let load = live(size, &outages(), manners, END);
    let mean = load.mean(&STEADY);
    println!("{size} agents{rules}: a mean of {mean:.1} requests per second");
    println!("after         peak/s  peak/mean  tries/s meanwhile  longest wait of a build  last agent back  refused");
    let line = |name: &str, peak: f64| format!("{name:<10} {peak:>9} {:>10.2}", peak / mean);
    println!("{}", line("the start", load.peak(Duration::ZERO..Duration::from_secs(90))));
    println!("{}", line("nothing", load.peak(STEADY)));
    for (name, outage) in OUTAGES {
        let length = outage.end.saturating_sub(outage.start).as_secs_f64().max(1.0);
        println!(
            "{} {:>18.1} {:>22.1} s {:>14.0} s {:>8}",
            line(name, load.peak(outage.end..outage.end + AFTER)),
            load.tries(&outage) / length,
            load.longest_build(&outage).as_secs_f64(),
            load.last_back(outage.end).as_secs_f64(),
            load.refused(outage.end..outage.end + AFTER),
        );
    }
    load
}
