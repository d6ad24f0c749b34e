//! How often the paths that every request takes may allocate, and how much may be remembered.
//!
//! What is counted is exact, however busy the machine is: an allocation more fails a test. Where a
//! path takes fewer than its budget, the budget is to be lowered. The counts are those of a build
//! for tests; each is of the thread that it is made on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../benches/fixture/mod.rs"]
mod fixture;

mod counted;
mod once;
mod pushes;
mod tokens;

/// The most allocations from a request to its response; to grow what was allocated is one, too.
/// The handler answers at once, with `success` unless a reply is named.
const BUDGETS: &[(&str, u64)] = &[
    // Through `Callback`.
    ("plaintext, text", 9),
    ("plaintext, SCAN", 9),
    ("compatible, text", 16),
    ("compatible, SCAN", 16),
    ("secure, text", 16),
    ("secure, SCAN", 16),
    ("plaintext, text, with a reply", 14),
    ("secure, text, with a reply", 29),
    ("forged", 3),
    // Through `Routes`.
    ("routes, plaintext", 9),
    ("routes, secure", 16),
    ("routes with Once and Deadline, new", 11),
    ("routes with Once and Deadline, sent again", 9),
    // A token that is in the cache.
    ("token", 1),
    ("token in a handler below TokenLayer", 4),
];

/// How many more the feature `metrics` makes for each push, of its labels.
const LABELS: u64 = if cfg!(feature = "metrics") { 2 } else { 0 };

/// The most that `Once` may hold, in KiB.
const ONCE_HELD: &[(&str, u64)] = &[
    ("100,000 finished messages", 2200),
    ("at any moment while 300,000 come", 5500),
];

/// The most allocations that `Once` may free in the one call that comes after an idle hour.
const ONCE_FREED: &[(&str, u64)] = &[
    ("200,000 messages without a reply", 0),
    ("200,000 messages with a reply", 2048),
];
