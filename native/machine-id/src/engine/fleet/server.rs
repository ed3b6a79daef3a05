//! An auth server that does so much in a second and no more: what comes beyond that waits in a queue, and is refused when
//! that is long.

use std::ops::Range;
use std::time::Duration;

/// What an answer takes when nothing waits.
const ROUND_TRIP: Duration = Duration::from_millis(20);
/// It refuses when what comes would have to wait longer.
const QUEUE: Duration = Duration::from_secs(5);

/// What happens to the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Weather {
    /// It is away; where that takes no time at all, connections are cut.
    pub(super) outages: Vec<Range<Duration>>,
    /// It does only this part of what it usually can.
    pub(super) slow: Option<(Range<Duration>, f64)>,
}

impl Weather {
    pub(super) fn away(&self, now: Duration) -> bool {
        self.outages.iter().any(|outage| outage.contains(&now))
    }
}

pub(super) struct Server {
    /// Requests.
    per_second: f64,
    free_at: Duration,
    pub(super) weather: Weather,
}

impl Server {
    pub(super) const fn new(per_second: f64, weather: Weather) -> Self {
        Self { per_second, free_at: Duration::ZERO, weather }
    }

    /// How long it takes until so many requests are answered; none: too much waits already.
    pub(super) fn ask(&mut self, now: Duration, requests: u32) -> Option<Duration> {
        let slow = self.weather.slow.as_ref().filter(|(time, _)| time.contains(&now)).map_or(1.0, |(_, part)| *part);
        let begins = self.free_at.max(now);
        if begins - now > QUEUE {
            return None;
        }
        self.free_at = begins + Duration::from_secs_f64(f64::from(requests) / (self.per_second * slow));
        Some(self.free_at - now + ROUND_TRIP)
    }
}
