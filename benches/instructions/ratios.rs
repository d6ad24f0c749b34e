//! Bounds the overhead of a callback over its parts.

/// A callback, its parts, and the highest allowed ratio to their sum.
const RATIOS: &[(&str, &[&str], f64)] = &[
    (
        "callback_plain",
        &["collect", "query", "verify", "parse_text", "replays"],
        1.10,
    ),
    (
        "callback_secure",
        &[
            "collect",
            "query_secure",
            "verify",
            "parse_envelope",
            "msg_signature",
            "decrypt",
            "parse_text",
        ],
        1.10,
    ),
];

/// Returns whether any callback exceeds its ratio.
pub(crate) fn compare(counts: &[(&str, u64)]) -> bool {
    let count = |name: &&str| counts.iter().find(|(path, _)| path == name).unwrap().1;
    let mut heavier = false;
    for (callback, parts, limit) in RATIOS {
        let ratio = count(callback) as f64 / parts.iter().map(count).sum::<u64>() as f64;
        let parts = parts.join(" + ");
        println!("{callback} takes {ratio:.3} times {parts} (limit: {limit:.2})");
        if ratio > *limit {
            eprintln!("FAILED: {callback} takes {ratio:.3} times {parts}, more than {limit:.2}");
            heavier = true;
        }
    }
    heavier
}
