//! One agent of a fleet: its keeper's decisions are the product's own.

use std::time::{Duration, SystemTime};

use super::load::Load;
use super::server::Server;
use crate::backoff::Backoff;
use crate::connect::{ConnectError, Refusal, TransportError};
use crate::engine::agenda::{Facts, Held, Moment, Step, next};
use crate::engine::look::{Look, Looks};
use crate::engine::lost::Lost;
use crate::engine::patience::{Need, Patience};
use crate::engine::retry_gate::{RetryGate, delay};
use crate::engine::waiting::Waiting;
use crate::error::Error;
use crate::renew::schedule::{Validity, renewal_point};
use crate::strain::{Asked, Strain, postponed};

/// All agents start in this time.
const STARTED_WITHIN: f64 = 60.0;
const LIFETIME: Duration = Duration::from_secs(3600);
/// As in the keeper.
const START: f64 = 5.0;
/// How long a build waits for its certificates: here until it has them, so that each wait is counted. A request waits one minute by
/// default.
const DEADLINE: Duration = Duration::from_secs(2 * 3600);
/// What a decision that leads to nothing takes.
const MOMENT: Duration = Duration::from_millis(20);
/// An agent without a build that waits looks at its agenda so often, at least; the real one every ten seconds.
const NAP: Duration = Duration::from_secs(30);

/// Requests that a step costs the auth server. Reading the authorities: three kinds, the leaf clusters.
const READ: u32 = 4;
const WATCH: u32 = 1;
const ESTABLISH: u32 = READ + WATCH;
/// The watch stays with the old connection.
const RENEW: u32 = 1 + READ;
const PING: u32 = 1;
const ISSUE: u32 = 1;

/// How agents behave, the real way and for comparison.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// Whether who needs nothing waits longer.
    pub(super) patient: bool,
    /// Whether slowness is felt and followed.
    pub(super) feels: bool,
}

impl Manners {
    pub(super) const REAL: Self = Self { patient: true, feels: true };
    /// As before: a lost connection is made anew at once, after a failure when the gate opens; slowness isn't felt.
    pub(super) const OLD: Self = Self { patient: false, feels: false };
}

/// A build that asks for certificates.
#[derive(Debug)]
struct Ask {
    since: Duration,
    again_at: Duration,
    waiting: Waiting,
}

pub(super) struct Agent {
    manners: Manners,
    unit: f64,
    held: Option<Held>,
    refresh_at: Option<SystemTime>,
    /// When the output's certificates end.
    output_ends: Option<SystemTime>,
    /// Whether the output is a build's, which is not standing.
    build: bool,
    looks: Looks,
    gate: RetryGate,
    patience: Patience,
    lost: Lost,
    strain: Strain,
    backoff: Backoff,
    asks: Vec<Duration>,
    ask: Option<Ask>,
    /// How many of the outages have cut its connection, and since when the cluster is back that it hasn't reached since.
    cuts: usize,
    back_since: Option<Duration>,
}

pub(super) fn wall(time: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + time
}

fn due(time: Duration, unit: f64) -> SystemTime {
    renewal_point(Validity { from: wall(time), until: wall(time + LIFETIME) }, None, unit)
}

impl Agent {
    /// One that is on from its start; `asks` are the times at which builds want certificates, the last first.
    pub(super) fn new(
        build: bool,
        asks: Vec<Duration>,
        manners: Manners,
        random: &mut fastrand::Rng,
    ) -> (Self, Duration) {
        let unit = random.f64();
        let now = Duration::from_secs_f64(random.f64() * STARTED_WITHIN + START * unit);
        let agent = Self {
            manners,
            unit,
            held: None,
            refresh_at: None,
            output_ends: None,
            build,
            looks: Looks::new(now),
            gate: RetryGate::default(),
            patience: Patience::default(),
            lost: Lost::default(),
            strain: Strain::default(),
            backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(60)),
            asks,
            ask: None,
            cuts: 0,
            back_since: None,
        };
        (agent, now)
    }

    /// What it does at `now`; gives the time of its next turn.
    pub(super) fn turn(
        &mut self,
        now: Duration,
        server: &mut Server,
        load: &mut Load,
        random: &mut fastrand::Rng,
    ) -> Duration {
        if let Some(outage) = server.weather.outages.get(self.cuts).filter(|outage| outage.start <= now) {
            // Every connection breaks at once.
            self.cuts += 1;
            self.back_since = Some(outage.end);
            if let Some(held) = &mut self.held {
                held.connected = false;
            }
        }
        if let Some(since) = self.asks.pop_if(|since| *since <= now) {
            self.ask = Some(Ask { since, again_at: now, waiting: Waiting::new(now, DEADLINE) });
        }
        if self.ask.as_ref().is_some_and(|ask| ask.again_at <= now) {
            return self.serve(now, server, load, random);
        }
        let facts = self.facts(now, random);
        match next(&facts) {
            Step::Sleep(nap) => self.sleep(now, nap, &facts, server),
            Step::Knock => {
                load.knocks += 1;
                self.lost.knocked();
                if server.weather.away(now) {
                    self.note(&unreachable(), now, random);
                }
                now + MOMENT
            }
            step => match self.send(step, now, server, load, random) {
                Ok(took) => now + took,
                Err(_) => now + MOMENT,
            },
        }
    }

    fn stretch(&self) -> f64 {
        if self.manners.feels { self.strain.stretch() } else { 1.0 }
    }

    fn connected(&self) -> bool {
        self.held.is_some_and(|held| held.connected)
    }

    /// As in the keeper.
    fn facts(&mut self, now: Duration, random: &mut fastrand::Rng) -> Facts {
        let lost = self.held.is_some_and(|held| !held.connected) && self.manners.patient;
        if self.lost.seen(lost, now, || random.f64()) {
            self.strain.exhausted(now);
        }
        let stretch = self.stretch();
        let later = |time: SystemTime, until: SystemTime| postponed(stretch, time, until);
        let held = self.held.map(|held| Held { renew_at: held.renew_at.map(|at| later(at, held.expires_at)), ..held });
        Facts {
            now: Moment { wall: wall(now), monotonic: now },
            held,
            wanted: true,
            retry_at: self.retry_at(now, random),
            knock_at: self.lost.knock_at(),
            refresh_at: self.refresh_at.map(|at| self.output_ends.map_or(at, |ends| later(at, ends))),
            look_at: self.looks.at(),
            sweep_at: None,
        }
    }

    fn need(&self, now: Duration) -> Need {
        let lived = |until: SystemTime| Validity { from: until - LIFETIME, until };
        let own = Need::of(self.held.map(|held| lived(held.expires_at)), true, wall(now));
        own.or(Need::of(self.output_ends.map(lived), !self.build, wall(now)))
    }

    fn retry_at(&mut self, now: Duration, random: &mut fastrand::Rng) -> Option<Duration> {
        let (gate, failed_at) = (self.gate.retry_at(), self.gate.passing_since());
        if !self.manners.patient {
            return gate;
        }
        let need = self.need(now);
        let (failed_at, open_at) = (failed_at.or(self.lost.at()), gate.or(self.lost.at()));
        self.patience.until(failed_at, open_at, need, || random.f64()).or(gate)
    }

    /// The wall clock doesn't jump here, so naps that only serve to notice that are taken in one.
    fn sleep(&self, now: Duration, nap: Duration, facts: &Facts, server: &Server) -> Duration {
        let soon = |time: SystemTime| time.duration_since(wall(now)).unwrap_or_default();
        let mut all = Vec::with_capacity(8);
        if self.connected() {
            all.push(self.looks.at().saturating_sub(now));
            all.extend(facts.held.map(|held| soon(held.expires_at)));
            let held_back = facts.retry_at.is_some_and(|at| at > now);
            all.extend(facts.held.and_then(|held| held.renew_at).filter(|_| !held_back).map(soon));
            all.extend(facts.refresh_at.map(soon));
            all.extend(facts.retry_at.filter(|at| *at > now).map(|at| at - now));
        } else if self.build {
            all.push(nap);
        } else {
            all.push(NAP);
            all.extend(facts.retry_at.map(|at| at.saturating_sub(now)));
            all.extend(facts.knock_at.map(|at| at.saturating_sub(now)));
        }
        let mut until = now + all.into_iter().min().unwrap_or(nap).max(nap.min(MOMENT));
        if let Some(outage) = server.weather.outages.get(self.cuts) {
            until = until.min(outage.start);
        }
        until = self.asks.last().map_or(until, |at| until.min(*at));
        until = self.ask.as_ref().map_or(until, |ask| until.min(ask.again_at));
        until.max(now + Duration::from_millis(1))
    }

    /// A build asks, or asks again: on the connection at hand, or on a new one unless the gate refuses.
    fn serve(&mut self, now: Duration, server: &mut Server, load: &mut Load, random: &mut fastrand::Rng) -> Duration {
        let outcome = if self.connected() {
            Ok(Duration::ZERO)
        } else if let Some(error) = self.gate.refuses(now) {
            Err(error.clone())
        } else {
            self.send(Step::Establish, now, server, load, random)
        };
        // It gets in the queue right behind that: the server takes what comes in the order of its time.
        let outcome = outcome.and_then(|took| Ok(took + self.request(now, ISSUE, server, load)?));
        let Some(ask) = &mut self.ask else { return now };
        match outcome {
            Ok(took) => {
                let (since, now) = (ask.since, now + took);
                self.ask = None;
                load.served(since, now, server);
                now
            }
            Err(error) => match ask.waiting.again(&error, self.gate.opens_at(), now, random.f64()) {
                Some(again_at) => {
                    ask.again_at = again_at;
                    now + MOMENT
                }
                None => {
                    load.failed += 1;
                    self.ask = None;
                    now + MOMENT
                }
            },
        }
    }

    /// Requests on a connection.
    fn request(
        &mut self,
        now: Duration,
        requests: u32,
        server: &mut Server,
        load: &mut Load,
    ) -> Result<Duration, Error> {
        load.count(now, requests);
        let Some(took) = server.ask(now, requests) else {
            load.refuse(now);
            self.strain.exhausted(now);
            return Err(exhausted());
        };
        self.strain.answered(Asked::Call, took, now + took);
        Ok(took)
    }

    /// As a bot does.
    fn note(&mut self, error: &Error, now: Duration, random: &mut fastrand::Rng) {
        self.gate.failed(error, now, random.f64());
        self.strain.exhausted(now);
    }

    /// Does what the agenda says; gives what it took.
    fn send(
        &mut self,
        step: Step,
        now: Duration,
        server: &mut Server,
        load: &mut Load,
        random: &mut fastrand::Rng,
    ) -> Result<Duration, Error> {
        let kept = self.held.filter(|held| wall(now) < held.expires_at);
        let renews = kept.is_none_or(|held| held.renew_at.is_some_and(|at| wall(now) >= at));
        let look = match step {
            Step::Look => Some(self.looks.take(now, true, self.stretch(), random.f64())),
            _ => None,
        };
        let requests = match (step, look) {
            (Step::Establish, _) if renews => 1 + ESTABLISH,
            (Step::Establish, _) => ESTABLISH,
            (Step::Renew, _) => RENEW,
            (_, Some(Look::Ping)) => PING,
            (_, Some(Look::Authorities)) => READ,
            _ => ISSUE,
        };
        if step == Step::Establish && server.weather.away(now) {
            load.attempt(now);
            let error = unreachable();
            self.note(&error, now + MOMENT, random);
            return Err(error);
        }
        let outcome = self.request(now, requests, server, load);
        if let Err(error) = &outcome {
            match step {
                Step::Establish | Step::Renew => self.note(error, now, random),
                Step::Refresh => self.refresh_at = Some(wall(now + delay(&mut self.backoff, error, random.f64()))),
                _ => {}
            }
        }
        let took = outcome?;
        self.succeed(step, renews, now + took, load, random);
        Ok(took)
    }

    fn succeed(&mut self, step: Step, renews: bool, now: Duration, load: &mut Load, random: &mut fastrand::Rng) {
        let stretch = self.stretch();
        let fresh = Held { renew_at: Some(due(now, self.unit)), expires_at: wall(now + LIFETIME), connected: true };
        match step {
            Step::Establish => {
                if let Some(since) = self.back_since.take() {
                    load.back(since, now, self.build && self.need(since) == Need::Build);
                }
                self.gate.succeeded();
                self.held = self.held.filter(|_| !renews).map(|held| Held { connected: true, ..held }).or(Some(fresh));
                // A standing destination is there from the start.
                self.refresh_at.get_or_insert(wall(now));
                self.looks.established(now, stretch, random.f64());
                self.looks.watching(now, stretch, random.f64());
            }
            Step::Renew => {
                self.gate.succeeded();
                self.held = Some(fresh);
            }
            Step::Refresh => {
                self.backoff.reset();
                self.refresh_at = Some(due(now, random.f64()));
                self.output_ends = Some(wall(now + LIFETIME));
            }
            Step::Knock | Step::Look | Step::Sweep | Step::Sleep(_) => {}
        }
    }
}

fn unreachable() -> Error {
    let (address, reason) = (String::new(), String::new());
    ConnectError::from(TransportError::Unreachable { address, reason }).into()
}

fn exhausted() -> Error {
    ConnectError::from(Refusal::RateLimited { message: String::new(), retry_in: None }).into()
}
