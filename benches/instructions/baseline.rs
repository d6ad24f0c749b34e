//! The counts that new ones are compared with, in a file next to this one.

use std::fs;

use crate::paths::PATHS;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/baseline.txt"
);

pub(crate) struct Baseline {
    surroundings: String,
    counts: Vec<(String, u64)>,
}

impl Baseline {
    pub(crate) fn of(surroundings: String, counts: Vec<(&str, u64)>) -> Self {
        let counts = counts.into_iter();
        Self {
            surroundings,
            counts: counts
                .map(|(path, count)| (path.to_owned(), count))
                .collect(),
        }
    }

    /// Reads the file. The first line is the environment, each other line a path and its count.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(FILE).unwrap_or_default();
        let (surroundings, counts) = text.split_once('\n').unwrap_or_default();
        let counts = counts.lines().filter_map(|line| line.split_once(' '));
        Self {
            surroundings: surroundings.to_owned(),
            counts: counts
                .map(|(path, count)| (path.to_owned(), count.trim().parse().unwrap()))
                .collect(),
        }
    }

    pub(crate) fn write(&self) {
        let mut text = format!("{}\n", self.surroundings);
        for (path, count) in &self.counts {
            text.push_str(&format!("{path:<22} {count:>6}\n"));
        }
        fs::write(FILE, &text).unwrap();
        print!("{text}");
    }

    /// Returns whether any path takes more than its baseline plus its tolerance.
    pub(crate) fn compare(&self, surroundings: &str, counts: &[(&str, u64)]) -> bool {
        println!("instructions per call, with {surroundings}");
        // Another compiler, libc or processor gives other counts.
        let comparable = self.surroundings == surroundings;
        let mut slower = Vec::new();
        for (path, (name, count)) in PATHS.iter().zip(counts) {
            let before = self.counts.iter().find(|(path, _)| path == name);
            let Some((_, before)) = before.filter(|_| comparable) else {
                println!("{name:<22} {count:>6}");
                continue;
            };
            let percent = (*count as f64 / *before as f64 - 1.0) * 100.0;
            println!("{name:<22} {count:>6}, baseline {before:>6}: {percent:+.1} %");
            if percent > path.tolerance {
                slower.push(format!(
                    "{name} takes {percent:.1} % more instructions than its baseline: {count} \
                     instead of {before} (tolerance: {} %)",
                    path.tolerance
                ));
            }
        }
        if !comparable {
            println!(
                "SKIPPED the comparison: the baseline was taken with {}",
                self.surroundings
            );
        }
        for line in &slower {
            eprintln!("FAILED: {line}");
        }
        if !slower.is_empty() {
            eprintln!("If the increase is intended, run tests/instructions.sh --update");
        }
        !slower.is_empty()
    }
}
