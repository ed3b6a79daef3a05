//! What the auth server sees of a fleet, and how long whoever waits for it waits.

use std::ops::Range;
use std::time::Duration;

use super::server::Server;

/// Counts, and the longest waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    per_second: Vec<u32>,
    /// Tries in each second in which it was away.
    tries: Vec<u32>,
    /// Connections that were opened only to see whether somebody listens.
    pub(super) knocks: u64,
    /// Requests that the server had no room for, in each second.
    refused: Vec<u32>,
    /// Builds that were told so in the end.
    pub(super) failed: u64,
    /// How long a build waited that began at a time, less the time for which the cluster was away.
    waits: Vec<(Duration, Duration)>,
    /// By the time of the return: how long it took until an agent was back, and whether a build on it had no valid certificates.
    returns: Vec<(Duration, Duration, bool)>,
}

impl Load {
    pub(super) fn lasting(end: Duration) -> Self {
        let seconds = index(end) + 1;
        let none = || vec![0; seconds];
        Self { per_second: none(), tries: none(), refused: none(), ..Self::default() }
    }

    pub(super) fn count(&mut self, now: Duration, requests: u32) {
        add(&mut self.per_second, now, requests);
    }

    pub(super) fn attempt(&mut self, now: Duration) {
        add(&mut self.tries, now, 1);
    }

    pub(super) fn refuse(&mut self, now: Duration) {
        add(&mut self.refused, now, 1);
    }

    pub(super) fn served(&mut self, since: Duration, now: Duration, server: &Server) {
        let back = server.weather.outages.iter().find(|outage| outage.contains(&since)).map(|outage| outage.end);
        self.waits.push((since, now.saturating_sub(back.unwrap_or(since))));
    }

    pub(super) fn back(&mut self, since: Duration, now: Duration, build: bool) {
        self.returns.push((since, now.saturating_sub(since), build));
    }

    /// Both, as one.
    pub(super) fn and(mut self, other: Self) -> Self {
        let both = [
            (&mut self.per_second, other.per_second),
            (&mut self.tries, other.tries),
            (&mut self.refused, other.refused),
        ];
        for (sums, others) in both {
            for (sum, more) in sums.iter_mut().zip(others) {
                *sum += more;
            }
        }
        self.knocks += other.knocks;
        self.failed += other.failed;
        self.waits.extend(other.waits);
        self.returns.extend(other.returns);
        self
    }

    pub(super) fn mean(&self, time: &Range<Duration>) -> f64 {
        let seconds = &self.per_second[index(time.start)..index(time.end)];
        sum(seconds) / time.end.saturating_sub(time.start).as_secs_f64()
    }

    pub(super) fn peak(&self, time: Range<Duration>) -> f64 {
        let seconds = &self.per_second[index(time.start)..index(time.end).min(self.per_second.len())];
        f64::from(seconds.iter().copied().max().unwrap_or(0))
    }

    pub(super) fn tries(&self, time: &Range<Duration>) -> f64 {
        sum(&self.tries[index(time.start)..index(time.end)])
    }

    pub(super) fn refused(&self, time: Range<Duration>) -> f64 {
        sum(&self.refused[index(time.start)..index(time.end)])
    }

    /// The longest wait of a build that began to ask in this time, or had no valid certificates at the return.
    pub(super) fn longest_build(&self, time: &Range<Duration>) -> Duration {
        let asked = self.waits.iter().filter(|(since, _)| time.contains(since)).map(|(_, wait)| *wait);
        let kept =
            self.returns.iter().filter(|(since, _, build)| *build && *since == time.end).map(|(_, wait, _)| *wait);
        asked.chain(kept).max().unwrap_or_default()
    }

    /// How many builds asked in this time.
    pub(super) fn builds(&self, time: &Range<Duration>) -> usize {
        self.waits.iter().filter(|(since, _)| time.contains(since)).count()
    }

    /// When the last agent was back that no build waited for.
    pub(super) fn last_back(&self, end: Duration) -> Duration {
        let idle = self.returns.iter().filter(|(since, _, build)| !build && *since == end);
        idle.map(|(_, wait, _)| *wait).max().unwrap_or_default()
    }

    /// How many agents have come back.
    pub(super) fn returned(&self, end: Duration) -> usize {
        self.returns.iter().filter(|(since, ..)| *since == end).count()
    }
}

fn index(time: Duration) -> usize {
    usize::try_from(time.as_secs()).unwrap()
}

fn sum(seconds: &[u32]) -> f64 {
    seconds.iter().fold(0.0, |sum, count| sum + f64::from(*count))
}

fn add(seconds: &mut [u32], now: Duration, count: u32) {
    if let Some(sum) = seconds.get_mut(index(now)) {
        *sum += count;
    }
}
