//! The bodies of the fuzzers, shared with the property tests.

#[path = "../../tests/it/answers/fuzzed.rs"]
pub mod answers;
#[path = "../../tests/it/callback/fuzzed/bodies.rs"]
pub mod bodies;
