//! Many measurements of one thing.

use std::time::{Duration, Instant};

/// Measurements, sorted.
#[derive(Clone, Debug)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// One number that was not measured repeatedly.
    pub(crate) fn once(value: f64) -> Self {
        Self(vec![value])
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which `part` of all lie.
    pub(crate) fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let scaled = (f64::from(u32::try_from(last).unwrap()) * part).round();
        // Small and not negative.
        let index = (0..=last).find(|index| f64::from(u32::try_from(*index).unwrap()) >= scaled).unwrap_or(last);
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }
}

/// Real time since some moment.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn milliseconds(&self) -> f64 {
        in_milliseconds(self.0.elapsed())
    }
}

/// Milliseconds that `work` takes.
pub(crate) fn milliseconds(work: impl FnOnce()) -> f64 {
    let clock = Stopwatch::start();
    work();
    clock.milliseconds()
}

pub(crate) fn in_milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Measures several things in turns, so that what else the machine does hits all of them.
pub(crate) fn in_turns<const N: usize>(rounds: u32, mut things: [&mut dyn FnMut() -> f64; N]) -> [Sample; N] {
    let mut values = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (thing, values) in things.iter_mut().zip(&mut values) {
            values.push(thing());
        }
    }
    values.map(Sample::new)
}

/// As [`in_turns`], for as many things as there happen to be.
pub(crate) fn each_in_turns<T: Copy>(rounds: u32, things: &[T], measure: impl Fn(T) -> f64) -> Vec<Sample> {
    let mut values = vec![Vec::new(); things.len()];
    for _ in 0..rounds {
        for (thing, values) in things.iter().zip(&mut values) {
            values.push(measure(*thing));
        }
    }
    values.into_iter().map(Sample::new).collect()
}
