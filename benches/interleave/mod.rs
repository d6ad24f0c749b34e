//! Measures ratios that hold on a busy machine.
//!
//! The members of a group take turns of one or two milliseconds, so a slowdown of the machine hits
//! all of them. Only CPU time counts. Each round gives one ratio, and the result is their median. A
//! wide spread means that the machine was too busy.
#![allow(dead_code, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::Duration;

use crate::fixture::clock::worked;

const SLICE: Duration = Duration::from_micros(1500);
const ROUNDS: usize = 150;
/// The number of inputs built before their operations are timed. Bounds the memory of a slice.
const CHUNK: u64 = 256;

/// Runs an operation the given number of times and returns the CPU time.
pub(crate) type Member<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// A member that repeats an operation.
pub(crate) fn again<'a, O>(mut operation: impl FnMut() -> O + 'a) -> Member<'a> {
    Box::new(move |times| {
        let start = worked();
        for _ in 0..times {
            black_box(operation());
        }
        worked() - start
    })
}

/// A member whose operation takes a new input each time. Building the input isn't timed.
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

/// Makes the slices of a member ten times as long.
pub(crate) fn longer(mut member: Member<'_>) -> Member<'_> {
    Box::new(move |times| member(times * 10) / 10)
}

/// The nanoseconds per operation of each member, for each round.
pub(crate) struct Rounds<const N: usize>(Vec<[f64; N]>);

/// Runs the members in turn.
pub(crate) fn interleave<const N: usize>(mut members: [Member<'_>; N]) -> Rounds<N> {
    let times = members.each_mut().map(|member| calibrated(member));
    let rounds = if is_smoke() { 1 } else { ROUNDS };
    let rounds = (0..rounds).map(|round| {
        let mut taken = [0.0; N];
        for turn in 0..N {
            // The first member of a round finds the CPU caches of the previous round's last one, so
            // each round starts with another member.
            let at = (round + turn) % N;
            let (member, times) = (&mut members[at], times[at]);
            taken[at] = nanos(member(times)) / times as f64;
        }
        taken
    });
    Rounds(rounds.collect())
}

/// Returns how many operations fit into a slice.
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
    /// Averages each ten rounds into one, for an operation that is costly only now and then.
    pub(crate) fn tens(&self) -> Self {
        let mean = |rounds: &[[f64; N]], member| {
            rounds.iter().map(|ns| ns[member]).sum::<f64>() / rounds.len() as f64
        };
        let tens = self.0.chunks(10);
        let tens = tens.map(|rounds| std::array::from_fn(|member| mean(rounds, member)));
        Self(tens.collect())
    }

    /// Returns the spread of one member, or of a value computed from several.
    pub(crate) fn of(&self, value: impl Fn(&[f64; N]) -> f64) -> Spread {
        Spread::of(self.0.iter().map(value).collect())
    }
}

/// The median and the 10th and 90th percentile.
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

/// Returns whether this is a test run, which does everything once. `cargo bench` passes `--bench`;
/// `cargo test` doesn't.
pub(crate) fn is_smoke() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}
