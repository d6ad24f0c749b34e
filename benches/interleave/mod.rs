//! Ratios that hold on a machine that is busy with other things.
//!
//! The members of a group take turns, a millisecond or two each, so that whatever slows the machine
//! down slows all of them down; the time that other processes take is left out. Each round gives
//! one ratio, and the median of those counts. When they are far apart the machine was too busy.
#![allow(dead_code, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::Duration;

use crate::fixture::clock::worked;

const SLICE: Duration = Duration::from_micros(1500);
const ROUNDS: usize = 150;
/// How many inputs are made before the operations on them are timed.
const CHUNK: u64 = 256;

/// Runs an operation so often, and says how long that took.
pub(crate) type Member<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// An operation that can be done again and again.
pub(crate) fn again<'a, O>(mut operation: impl FnMut() -> O + 'a) -> Member<'a> {
    Box::new(move |times| {
        let start = worked();
        for _ in 0..times {
            black_box(operation());
        }
        worked() - start
    })
}

/// An operation on an input that is made for it out of its time.
pub(crate) fn fresh<'a, I, O>(
    mut make: impl FnMut() -> I + 'a,
    mut operation: impl FnMut(I) -> O + 'a,
) -> Member<'a> {
    Box::new(move |times| {
        let mut taken = Duration::ZERO;
        let mut left = times;
        while left > 0 {
            let chunk = left.min(CHUNK);
            left -= chunk;
            let inputs: Vec<I> = (0..chunk).map(|_| make()).collect();
            let start = worked();
            for input in inputs {
                black_box(operation(input));
            }
            taken += worked() - start;
        }
        taken
    })
}

/// The same operation in slices that are ten times as long.
pub(crate) fn longer(mut member: Member<'_>) -> Member<'_> {
    Box::new(move |times| member(times * 10) / 10)
}

/// Nanoseconds of one operation: a list of the members' for each round.
pub(crate) struct Rounds<const N: usize>(Vec<[f64; N]>);

/// Lets the members take turns.
pub(crate) fn interleave<const N: usize>(mut members: [Member<'_>; N]) -> Rounds<N> {
    let times = members.each_mut().map(|member| calibrated(member));
    let rounds = if is_smoke() { 1 } else { ROUNDS };
    let rounds = (0..rounds).map(|round| {
        let mut taken = [0.0; N];
        for turn in 0..N {
            // Another one begins each round: what comes first finds the caches as the last left them.
            let at = (round + turn) % N;
            let (member, times) = (&mut members[at], times[at]);
            taken[at] = nanos(member(times)) / times as f64;
        }
        taken
    });
    Rounds(rounds.collect())
}

/// How often an operation fits into a slice.
fn calibrated(member: &mut Member<'_>) -> u64 {
    let mut times = 1;
    while !is_smoke() {
        let taken = member(times);
        if taken >= SLICE / 2 {
            let fit = times as f64 * nanos(SLICE) / nanos(taken);
            return (fit.round() as u64).max(1);
        }
        times *= 2;
    }
    times
}

impl<const N: usize> Rounds<N> {
    /// Makes one round of each ten, for an operation that is dear now and then only.
    pub(crate) fn tens(&self) -> Self {
        let mean = |rounds: &[[f64; N]], member| {
            rounds.iter().map(|ns| ns[member]).sum::<f64>() / rounds.len() as f64
        };
        let tens = self.0.chunks(10);
        let tens = tens.map(|rounds| std::array::from_fn(|member| mean(rounds, member)));
        Self(tens.collect())
    }

    /// The median of one member, or of what is made of several.
    pub(crate) fn of(&self, value: impl Fn(&[f64; N]) -> f64) -> Spread {
        Spread::of(self.0.iter().map(value).collect())
    }
}

/// Where most of some values lie.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |tenths| values[(values.len() - 1) * tenths / 10];
        Self {
            median: at(5),
            p10: at(1),
            p90: at(9),
        }
    }

    pub(crate) fn is_noisy(&self) -> bool {
        self.p10 <= 0.0 || self.p90 / self.p10 > 1.4
    }
}

pub(crate) fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// Whether this is a test run, which does everything once: cargo says so when it is not.
pub(crate) fn is_smoke() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}
