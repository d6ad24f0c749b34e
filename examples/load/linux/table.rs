//! The table, in Markdown.

use super::machine::{self, Cpus};
use super::rounds::{Round, Target};
use super::spread::Spread;
use super::{Load, server};

/// The highest interquartile range of the baseline's rounds, as a share of their median, without a
/// warning.
const CALM: f64 = 0.15;

pub(crate) fn print(load: &Load, cpus: Cpus, targets: &[Target], rounds: &[Vec<Round>]) {
    let base = targets
        .iter()
        .position(|target| target.own == Some(server::Name::Axum));
    let base = base
        .and_then(|base| rounds.get(base))
        .map_or(&[][..], Vec::as_slice);
    println!(
        "| server | req/s, ratio to `axum` | CPU/request, ratio to `axum` | req/s | \
         CPU/request (µs) | p50 (µs) | p99 (µs) | RSS idle (MiB) | RSS loaded (MiB) |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for (target, rounds) in targets.iter().zip(rounds) {
        let median = |of: fn(&Round) -> f64| Spread::of(rounds.iter().map(of)).median();
        println!(
            "| {} | {} | {} | {:.0} | {:.2} | {:.0} | {:.0} | {:.1} | {:.1} |",
            target.name,
            ratio(rounds, base, |round| round.throughput),
            ratio(rounds, base, |round| round.cpu),
            median(|round| round.throughput),
            median(|round| round.cpu * 1e6),
            median(|round| round.p50 * 1e6),
            median(|round| round.p99 * 1e6),
            mib(target.idle),
            mib(target.loaded),
        );
    }
    let busy = rounds
        .iter()
        .map(|rounds| Spread::of(rounds.iter().map(|round| round.busy)).median());
    println!(
        "\nMedians of {} interleaved rounds of {} pushes, or {} s, over {} connections. Ratios are \
         taken within a round, with their p10 to p90. All pushes differ. When the memory is read, \
         `plaintext`, `secure` and `routes` remember at least the last {} pushes. The load was \
         busy for at most {:.0} % of the time.\n\n{}",
        load.rounds,
        load.requests,
        load.at_most.as_secs_f64(),
        load.connections,
        load.remembered,
        busy.fold(0.0, f64::max) * 100.0,
        machine::describe(cpus),
    );
    let base = Spread::of(base.iter().map(|round| round.throughput));
    let apart = (base.quantile(0.75) - base.quantile(0.25)) / base.median();
    if apart > CALM {
        println!(
            "\nWARNING: the machine is noisy: the p25 and p75 of `axum` differ by {:.0} % of the \
             median. Run again.",
            apart * 100.0
        );
    }
}

/// Formats the ratios of the rounds to the baseline's.
fn ratio(rounds: &[Round], base: &[Round], of: fn(&Round) -> f64) -> String {
    let ratios = rounds.iter().zip(base);
    let ratios = Spread::of(ratios.map(|(round, base)| of(round) / of(base)));
    format!(
        "{:.3} ({:.3} to {:.3})",
        ratios.median(),
        ratios.quantile(0.1),
        ratios.quantile(0.9)
    )
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}
