//! Budgets for allocations on the paths that every request takes, and for retained memory.
//!
//! The counts are exact, however busy the machine is: one more allocation fails a test. Lower the
//! budget when a path takes fewer. The counts are those of a test build, each on the thread of its
//! test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../../benches/fixture/mod.rs"]
mod fixture;

mod apps;
mod counted;
mod dedup;
mod pushes;
mod replays;
mod tokens;

/// Maximum number of allocations from a request to its response; a reallocation counts as one. The
/// handler answers at once, with `success` unless a reply is named.
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
    ("routes with Dedup, Deadline and an inbox, new", 2),
    // A cached token.
    ("token", 0),
    ("token in a handler below TokenLayer", 3),
    // `App::call` of a `GET` with an immediate response.
    ("call", 10),
];

/// Additional allocations of the `metrics` feature for the labels of each push.
const LABELS: u64 = if cfg!(feature = "metrics") { 1 } else { 0 };

/// Maximum memory held by `Dedup`, in KiB.
const DEDUP_HELD: &[(&str, u64)] = &[
    ("100,000 finished messages", 2200),
    ("at any moment while 300,000 come", 2400),
];

/// Maximum memory held by the signatures of a `Callback`, in KiB.
const SIGNATURES_HELD: &[(&str, u64)] = &[
    ("10,000 plaintext pushes", 220),
    ("10,000 secure pushes", 220),
];

/// Maximum number of allocations that `Dedup` frees in the first call after an idle hour.
const DEDUP_FREED: &[(&str, u64)] = &[
    ("200,000 messages without a reply", 0),
    ("200,000 messages with a reply", 0),
];

/// Maximum memory held by what is gone, in KiB.
const APPS_HELD: &[(&str, u64)] = &[
    ("10,000 apps that came and went", 64),
    ("1000 routes that were dropped", 1),
];
