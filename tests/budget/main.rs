//! How often the paths that every request takes may allocate, and how much may be remembered.
//!
//! What is counted is exact, however busy the machine is: an allocation more fails a test. Where a
//! path takes fewer than its budget, the budget is to be lowered. The counts are those of a build
//! for tests; each is of the thread that it is made on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../benches/fixture/mod.rs"]
mod fixture;

mod counted;
mod dedup;
mod pushes;
mod replays;
mod tokens;

/// The most allocations from a request to its response; to grow what was allocated is one, too.
/// The handler answers at once, with `success` unless a reply is named.
const BUDGETS: &[(&str, u64)] = &[
    // Through `Callback`.
    ("plaintext, text", 0),
    ("plaintext, SCAN", 0),
    ("compatible, text", 2),
    ("compatible, SCAN", 2),
    ("secure, text", 2),
    ("secure, SCAN", 2),
    ("plaintext, text, with a reply", 5),
    ("secure, text, with a reply", 8),
    ("forged", 0),
    // Through `Routes`.
    ("routes, plaintext", 0),
    ("routes, secure", 2),
    ("routes with Dedup and Deadline, new", 2),
    ("routes with Dedup and Deadline, sent again", 0),
    // A token that is in the cache.
    ("token", 0),
    ("token in a handler below TokenLayer", 3),
    // `App::call` of a `GET`, answered at once.
    ("call", 10),
];

/// How many more the feature `metrics` makes for each push, of its labels.
const LABELS: u64 = if cfg!(feature = "metrics") { 1 } else { 0 };

/// The most that `Dedup` may hold, in KiB.
const DEDUP_HELD: &[(&str, u64)] = &[
    ("100,000 finished messages", 2200),
    ("at any moment while 300,000 come", 2400),
];

/// The most that a `Callback` may hold of signatures, in KiB.
const SIGNATURES_HELD: &[(&str, u64)] = &[
    ("10,000 plaintext pushes", 220),
    ("10,000 secure pushes", 220),
];

/// The most allocations that `Dedup` may free in the one call that comes after an idle hour.
const DEDUP_FREED: &[(&str, u64)] = &[
    ("200,000 messages without a reply", 0),
    ("200,000 messages with a reply", 0),
];
