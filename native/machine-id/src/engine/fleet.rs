//! A fleet's day: the scheduling code as it is, under a simulated clock, against a cluster that is away for an hour.
//!
//! Agents don't know of each other, so each lives its day alone and only the sums are looked at: requests per second at
//! the auth server. `make fleet AGENTS=10000` prints them.

use std::time::{Duration, SystemTime};

use super::agenda::{Facts, Held, Moment, Step, next};
use super::look::{Look, Looks};
use super::retry_gate::RetryGate;
use crate::error::{Code, Error};
use crate::renew::schedule::{Validity, renewal_point};

const DAY: u64 = 24 * 3600;
/// All agents start in this time.
const STARTED_WITHIN: f64 = 60.0;
/// The cluster is away.
const OUTAGE: std::ops::Range<u64> = 12 * 3600..13 * 3600;
const LIFETIME: Duration = Duration::from_secs(3600);
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
    looks: Looks,
    gate: RetryGate,
}

fn wall(time: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + time
}

fn due(time: Duration, unit: f64) -> SystemTime {
    renewal_point(Validity { from: wall(time), until: wall(time + LIFETIME) }, None, unit)
}

impl Agent {
    fn new(random: &mut fastrand::Rng) -> Self {
        let unit = random.f64();
        let now = Duration::from_secs_f64(random.f64() * STARTED_WITHIN + START * unit);
        Self { now, unit, held: None, refresh_at: None, looks: Looks::new(now), gate: RetryGate::default() }
    }

    fn facts(&self) -> Facts {
        Facts {
            now: Moment { wall: wall(self.now), monotonic: self.now },
            held: self.held,
            wanted: true,
            retry_at: self.gate.retry_at(),
            refresh_at: self.refresh_at,
            look_at: self.looks.at(),
            sweep_at: None,
        }
    }

    fn live(mut self, random: &mut fastrand::Rng, load: &mut Load) {
        let mut cut = false;
        while self.now.as_secs() < DAY {
            let away = OUTAGE.contains(&self.now.as_secs());
            if away && !cut {
                cut = true;
                // Every connection breaks at once.
                self.let_go();
            }
            let step = next(&self.facts());
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
}

impl Load {
    /// On two threads, with seeds of their own.
    fn of(agents: u32) -> Self {
        let half = |agents: u32, seed| {
            std::thread::spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                let mut load = Self { per_second: vec![0; usize::try_from(DAY).unwrap()], attempts: 0 };
                for _ in 0..agents {
                    Agent::new(&mut random).live(&mut random, &mut load);
                }
                load
            })
        };
        let halves = [half(agents / 2, 7), half(agents - agents / 2, 8)].map(|half| half.join().unwrap());
        let [mut load, other] = halves;
        load.attempts += other.attempts;
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
    assert!(steady < 2.5 * mean, "steady: {steady} against {mean}");
    // Everybody is back within the minute that the longest delay spans, with some six requests each; full jitter puts
    // twice the average into the first seconds.
    assert!(after < 0.4 * 1000.0, "after the outage: {after} of 1000 agents");
    assert_eq!(load.peak(OUTAGE), 0.0);
    // Each agent asks about twice a minute, at random, while the cluster is away.
    let per_agent = load.attempts / 1000;
    assert!((60..240).contains(&per_agent), "{per_agent} tries an hour");
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
    println!("agents   mean/s  steady peak/s    first 90 s  after the outage  peak/mean  tries in the outage/s");
    let mut sizes = vec![100, 1000, 10_000, agents];
    sizes.sort_unstable();
    sizes.dedup();
    for size in sizes {
        let load = Load::of(size);
        let (mean, after) = (load.mean(), load.peak(OUTAGE.end..OUTAGE.end + 600));
        let tries = f64::from(u32::try_from(load.attempts).unwrap_or(u32::MAX)) / 3600.0;
        println!(
            "{size:>6} {mean:>8.1} {:>14} {:>13} {after:>17} {:>10.2} {tries:>22.1}",
            load.peak(2 * 3600..OUTAGE.start),
            load.peak(0..90),
            after / mean,
        );
    }
}
