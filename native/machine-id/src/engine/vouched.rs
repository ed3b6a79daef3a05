//! A thousand builds in a minute for which a controller vouches, behind one address, against a proxy that takes so many
//! requests and no more. The numbers are those of the controller and of a real proxy; the turns are as in
//! `issuer/Pace.java`, whose tests hold it to the same numbers. `make fleet` prints what comes of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::vocabulary::limits::{
    JOIN_INTERVAL_MS, JOIN_REQUESTS, JOINS_AT_ONCE, PROXY_REQUESTS_AT_ONCE, PROXY_REQUESTS_PER_MINUTE,
};

const TICK: Duration = Duration::from_millis(20);
/// Long after the controller has started.
const BEGIN: Duration = Duration::from_secs(3600);
const END: Duration = Duration::from_secs(5 * 3600);
/// A minute's builds.
const WITHIN: f64 = 60.0;
/// A join is at the proxy within this time.
const JOIN: Duration = Duration::from_millis(150);
/// Of a block's certificates; half of it later it joins once more, until it is over.
const LIFETIME: Duration = Duration::from_secs(3600);

/// What the proxy still takes, of one address: it fills evenly.
struct Proxy {
    left: f64,
    at: Duration,
}

impl Proxy {
    fn takes(&mut self, now: Duration) -> bool {
        let filled = (now - self.at).as_secs_f64() * float(PROXY_REQUESTS_PER_MINUTE) / 60.0;
        self.left = (self.left + filled).min(float(PROXY_REQUESTS_AT_ONCE));
        self.at = now;
        let taken = self.left >= float(JOIN_REQUESTS);
        self.left -= if taken { float(JOIN_REQUESTS) } else { 0.0 };
        taken
    }
}

/// How the controller hands out statements.
#[derive(Default)]
struct Pace {
    waiting: VecDeque<usize>,
    due: Option<Duration>,
}

impl Pace {
    fn next(&mut self, now: Duration) -> Option<usize> {
        let interval = Duration::from_millis(JOIN_INTERVAL_MS);
        let burst = interval * u32::try_from(JOINS_AT_ONCE - 1).unwrap();
        let mine = self.due.unwrap_or_default().max(now.saturating_sub(burst));
        if self.waiting.is_empty() || mine > now {
            return None;
        }
        self.due = Some(mine + interval);
        self.waiting.pop_front()
    }
}

#[derive(Default)]
struct Outcome {
    joins: u64,
    /// They fail.
    refused: u64,
    /// Of first joins.
    longest_wait: Duration,
    mean_wait: Duration,
    most_waiting: usize,
    /// Blocks whose certificates ended before they were renewed.
    lapsed: u64,
}

#[derive(Clone, Copy)]
struct Block {
    /// When it wanted to join for the first time.
    came: Duration,
    /// When its certificates end, once it has some.
    ends: Option<Duration>,
    until: Duration,
}

/// What happens to blocks, the next first.
type Events = BinaryHeap<Reverse<(Duration, usize)>>;

fn take(events: &mut Events, now: Duration) -> Option<usize> {
    let due = events.peek().is_some_and(|Reverse((time, _))| *time <= now);
    due.then(|| events.pop()).flatten().map(|Reverse((_, block))| block)
}

/// So many builds begin within a minute, each with one block of this length.
fn builds(number: u32, length: Duration, paced: bool) -> Outcome {
    let mut random = fastrand::Rng::with_seed(11);
    let mut blocks = Vec::new();
    let (mut wishes, mut arrivals) = (Events::new(), Events::new());
    for index in 0..usize::try_from(number).unwrap() {
        let came = BEGIN + Duration::from_secs_f64(random.f64() * WITHIN);
        blocks.push(Block { came, ends: None, until: Duration::MAX });
        wishes.push(Reverse((came, index)));
    }
    let mut proxy = Proxy { left: float(PROXY_REQUESTS_AT_ONCE), at: BEGIN };
    let mut pace = Pace::default();
    let mut outcome = Outcome::default();
    let mut now = BEGIN;
    while now < END {
        while let Some(block) = take(&mut wishes, now) {
            if now < blocks[block].until {
                pace.waiting.push_back(block);
            }
        }
        let turn = |pace: &mut Pace| if paced { pace.next(now) } else { pace.waiting.pop_front() };
        while let Some(block) = turn(&mut pace) {
            arrivals.push(Reverse((now + JOIN.mul_f64(random.f64()), block)));
        }
        outcome.most_waiting = outcome.most_waiting.max(pace.waiting.len());
        while let Some(index) = take(&mut arrivals, now) {
            let block = &mut blocks[index];
            if !proxy.takes(now) {
                outcome.refused += 1;
                continue;
            }
            outcome.joins += 1;
            if let Some(ends) = block.ends {
                outcome.lapsed += u64::from(now > ends);
            } else {
                let waited = now.saturating_sub(block.came);
                outcome.longest_wait = outcome.longest_wait.max(waited);
                outcome.mean_wait += waited / number;
                block.until = now + length;
            }
            block.ends = Some(now + LIFETIME);
            wishes.push(Reverse((now + LIFETIME / 2, index)));
        }
        now += TICK;
    }
    outcome
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

#[test]
fn a_thousand_builds_in_a_minute_queue_up_and_none_fails() {
    let outcome = builds(1000, Duration::from_secs(2 * 3600), true);
    assert_eq!(outcome.refused, 0);
    assert_eq!(outcome.lapsed, 0);
    assert!(outcome.joins >= 4000, "{} joins", outcome.joins);
    let most = Duration::from_millis(JOIN_INTERVAL_MS) * u32::try_from(1000 - JOINS_AT_ONCE).unwrap();
    assert!(outcome.longest_wait < most, "{:?}", outcome.longest_wait);
}

#[test]
fn without_turns_the_proxy_refuses() {
    assert!(builds(1000, Duration::from_secs(60), false).refused > 300);
}

#[test]
fn what_fits_into_the_burst_waits_for_nobody() {
    let outcome = builds(u32::try_from(JOINS_AT_ONCE).unwrap(), Duration::from_secs(60), true);
    assert!(outcome.longest_wait < Duration::from_secs(1), "{:?}", outcome.longest_wait);
    assert_eq!(outcome.most_waiting, 0);
}

/// `make fleet`.
#[test]
#[ignore = "prints a table: make fleet"]
fn fleet() {
    println!("builds in a minute  pace  joins in 4 h  refused  mean wait  longest wait  most waiting  lapsed");
    for (number, paced) in [(100, true), (200, true), (1000, true), (1000, false), (1700, true)] {
        let outcome = builds(number, Duration::from_secs(2 * 3600), paced);
        println!(
            "{number:>18} {:>5} {:>13} {:>8} {:>8.0} s {:>11.0} s {:>13} {:>7}",
            if paced { "yes" } else { "no" },
            outcome.joins,
            outcome.refused,
            outcome.mean_wait.as_secs_f64(),
            outcome.longest_wait.as_secs_f64(),
            outcome.most_waiting,
            outcome.lapsed,
        );
    }
}
