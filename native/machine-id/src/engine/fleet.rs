//! A fleet's day: the scheduling code as it is, under a simulated clock, against a cluster that is away for an hour.
//!
//! Agents don't know of each other, so each lives its day alone and only the sums are looked at: requests per second at
//! the auth server. `make fleet AGENTS=10000` prints them.

use std::time::{Duration, SystemTime};

use super::agenda::{Facts, Held, Moment, Step, next};
use super::look::{Look, Looks};
use super::patience::{Need, Patience};
use super::retry_gate::RetryGate;
use crate::error::{Code, Error};
use crate::renew::schedule::{Validity, renewal_point};

const DAY: u64 = 24 * 3600;
/// All agents start in this time.
const STARTED_WITHIN: f64 = 60.0;
/// The cluster is away.
const OUTAGE: std::ops::Range<u64> = 12 * 3600..13 * 3600;
const LIFETIME: Duration = Duration::from_secs(3600);
/// Of so many agents one has a build that began before the outage and goes on after it.
const BUILD_IN: u32 = 50;
/// As in the keeper.
const START: f64 = 5.0;

/// Requests that a step costs the auth server. Reading the authorities: three kinds, the leaf clusters.
const READ: u32 = 4;
const WATCH: u32 = 1;
const ESTABLISH: u32 = READ + WATCH;
/// The watch stays with the old connection.
const RENEW: u32 = 1 + READ;
const PING: u32 = 1;
const ISSUE: u32 = 1;

struct Agent {
    now: Duration,
    unit: f64,
    held: Option<Held>,
    refresh_at: Option<SystemTime>,
    /// When the output's certificates end.
    output_ends: Option<SystemTime>,
    /// Whether the output is a build's.
    build: bool,
    looks: Looks,
    gate: RetryGate,
    patience: Patience,
}

fn wall(time: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + time
}

fn due(time: Duration, unit: f64) -> SystemTime {
    renewal_point(Validity { from: wall(time), until: wall(time + LIFETIME) }, None, unit)
}

impl Agent {
    fn new(build: bool, random: &mut fastrand::Rng) -> Self {
        let unit = random.f64();
        let now = Duration::from_secs_f64(random.f64() * STARTED_WITHIN + START * unit);
        Self {
            now,
            unit,
            held: None,
            refresh_at: None,
            output_ends: None,
            build,
            looks: Looks::new(now),
            gate: RetryGate::default(),
            patience: Patience::default(),
        }
    }

    /// As in the keeper.
    fn retry_at(&mut self, random: &mut fastrand::Rng) -> Option<Duration> {
        let now = wall(self.now);
        let lived = |until: SystemTime| Validity { from: until - LIFETIME, until };
        let own = Need::of(self.held.map(|held| lived(held.expires_at)), true, now);
        let need = own.or(Need::of(self.output_ends.map(lived), !self.build, now));
        let gate = self.gate.retry_at();
        self.patience.until(self.gate.passing_since(), gate, need, || random.f64()).or(gate)
    }

    fn facts(&mut self, random: &mut fastrand::Rng) -> Facts {
        Facts {
            now: Moment { wall: wall(self.now), monotonic: self.now },
            held: self.held,
            wanted: true,
            retry_at: self.retry_at(random),
            refresh_at: self.refresh_at,
            look_at: self.looks.at(),
            sweep_at: None,
        }
    }

    fn live(mut self, random: &mut fastrand::Rng, load: &mut Load) {
        let (mut cut, mut waits) = (false, true);
        while self.now.as_secs() < DAY {
            let away = OUTAGE.contains(&self.now.as_secs());
            if away && !cut {
                cut = true;
                // Every connection breaks at once.
                self.let_go();
            }
            let step = next(&self.facts(random));
            if let Step::Sleep(nap) = step {
                self.now += self.longer(nap, cut);
                continue;
            }
            self.now += Duration::from_millis(20);
            if away {
                load.attempts += 1;
                let error = Error::new(Code::ClusterUnreachable, "away", "");
                self.gate.failed(&error, self.now, random.f64());
                self.let_go();
                continue;
            }
            if cut && std::mem::take(&mut waits) {
                let waited = self.now.saturating_sub(Duration::from_secs(OUTAGE.end));
                let longest = if self.build { &mut load.longest_build } else { &mut load.longest_idle };
                *longest = waited.max(*longest);
            }
            let second = usize::try_from(self.now.as_secs()).unwrap();
            let requests = self.succeed(step, random);
            if let Some(count) = load.per_second.get_mut(second) {
                *count += requests;
            }
        }
    }

    /// The wall clock doesn't jump here, so naps that only serve to notice that are taken in one.
    fn longer(&self, nap: Duration, cut: bool) -> Duration {
        let soon = |time: SystemTime| time.duration_since(wall(self.now)).unwrap_or_default();
        let held = self.held.filter(|held| held.connected);
        let mut all = vec![self.looks.at().saturating_sub(self.now)];
        all.extend(held.and_then(|held| held.renew_at).map(soon));
        all.extend(self.refresh_at.map(soon));
        if !cut {
            all.push(Duration::from_secs(OUTAGE.start).saturating_sub(self.now));
        }
        if held.is_none() {
            return nap;
        }
        all.into_iter().min().unwrap_or(nap).max(nap)
    }

    fn let_go(&mut self) {
        if let Some(held) = &mut self.held {
            held.connected = false;
        }
    }

    fn succeed(&mut self, step: Step, random: &mut fastrand::Rng) -> u32 {
        self.gate.succeeded();
        match step {
            Step::Establish => {
                let kept = self.held.filter(|held| wall(self.now) < held.expires_at);
                let fresh = Held {
                    renew_at: Some(due(self.now, self.unit)),
                    expires_at: wall(self.now + LIFETIME),
                    connected: true,
                };
                self.held = Some(Held { connected: true, ..kept.unwrap_or(fresh) });
                // A standing destination is there from the start.
                self.refresh_at.get_or_insert(wall(self.now));
                self.looks.established(self.now, random.f64());
                self.looks.watching(self.now, random.f64());
                if kept.is_some() { ESTABLISH } else { 1 + ESTABLISH }
            }
            Step::Renew => {
                self.held = Some(Held {
                    renew_at: Some(due(self.now, self.unit)),
                    expires_at: wall(self.now + LIFETIME),
                    connected: true,
                });
                RENEW
            }
            Step::Look => match self.looks.take(self.now, true, random.f64()) {
                Look::Ping => PING,
                Look::Authorities => READ,
            },
            Step::Refresh => {
                self.refresh_at = Some(due(self.now, random.f64()));
                self.output_ends = Some(wall(self.now + LIFETIME));
                ISSUE
            }
            Step::Sweep | Step::Sleep(_) => 0,
        }
    }
}

/// What the auth server sees of a fleet.
struct Load {
    per_second: Vec<u32>,
    /// Tries while it was away.
    attempts: u64,
    /// From the cluster's return until an agent with a build, and one without, was connected.
    longest_build: Duration,
    longest_idle: Duration,
}

impl Load {
    /// On two threads, with seeds of their own.
    fn of(agents: u32) -> Self {
        let half = |agents: u32, seed| {
            std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                let per_second = vec![0; usize::try_from(DAY).unwrap()];
                let none = Duration::ZERO;
                let mut load = Self { per_second, attempts: 0, longest_build: none, longest_idle: none };
                for agent in 0..agents {
                    Agent::new(agent % BUILD_IN == 0, &mut random).live(&mut random, &mut load);
                }
                load
            })
        };
        let halves = [half(agents / 2, 7), half(agents - agents / 2, 8)].map(|half| half.join().unwrap());
        let [mut load, other] = halves;
        load.attempts += other.attempts;
        load.longest_build = load.longest_build.max(other.longest_build);
        load.longest_idle = load.longest_idle.max(other.longest_idle);
        for (sum, more) in load.per_second.iter_mut().zip(other.per_second) {
            *sum += more;
        }
        load
    }

    fn within(&self, seconds: std::ops::Range<u64>) -> &[u32] {
        &self.per_second[usize::try_from(seconds.start).unwrap()..usize::try_from(seconds.end).unwrap()]
    }

    /// In the steady hours before the outage.
    fn mean(&self) -> f64 {
        let hours = self.within(2 * 3600..OUTAGE.start);
        hours.iter().map(|count| f64::from(*count)).sum::<f64>() / f64::from(u32::try_from(hours.len()).unwrap())
    }

    fn peak(&self, seconds: std::ops::Range<u64>) -> f64 {
        f64::from(self.within(seconds).iter().copied().max().unwrap_or(0))
    }
}

#[test]
fn an_outage_of_an_hour_is_followed_by_no_storm() {
    let load = Load::of(1000);
    let mean = load.mean();
    let steady = load.peak(2 * 3600..OUTAGE.start);
    let after = load.peak(OUTAGE.end..OUTAGE.end + 600);
    assert!(steady < 3.0 * mean, "steady: {steady} against {mean}");
    assert!(after < 3.0 * mean, "after the outage: {after} against {mean}");
    assert!(load.longest_build < Duration::from_secs(10), "a build waited {:?}", load.longest_build);
    assert!(load.longest_idle < Duration::from_secs(630), "the last one was back after {:?}", load.longest_idle);
    assert_eq!(load.peak(OUTAGE), 0.0);
    let per_agent = load.attempts / 1000;
    assert!((10..60).contains(&per_agent), "{per_agent} tries an hour");
}

#[test]
fn the_load_grows_with_the_fleet_and_no_faster() {
    let (small, large) = (Load::of(100), Load::of(800));
    let growth = large.mean() / small.mean();
    assert!((7.5..8.5).contains(&growth), "{growth}");
}

/// `make fleet`.
#[test]
#[ignore = "prints a table: make fleet AGENTS=10000"]
fn fleet() {
    let agents: u32 = std::env::var("AGENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    println!(
        "agents   mean/s  steady peak/s    first 90 s  after the outage  peak/mean  tries in the outage/s  \
         last build back  last idle back"
    );
    let mut sizes = vec![100, 1000, 10_000, agents];
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let load = Load::of(size);
        let (mean, after) = (load.mean(), load.peak(OUTAGE.end..OUTAGE.end + 600));
        let tries = f64::from(u32::try_from(load.attempts).unwrap_or(u32::MAX)) / 3600.0;
        println!(
            "{size:>6} {mean:>8.1} {:>14} {:>13} {after:>17} {:>10.2} {tries:>22.1} {:>14.1} s {:>13.0} s",
            load.peak(2 * 3600..OUTAGE.start),
            load.peak(0..90),
            after / mean,
            load.longest_build.as_secs_f64(),
            load.longest_idle.as_secs_f64(),
        );
    }
}
