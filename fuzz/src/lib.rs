//! The bodies of the fuzzers, which are the property tests' too.

#[path = "../../tests/it/answers/fuzzed.rs"]
pub mod answers;
#[path = "../../tests/it/callback/fuzzed/bodies.rs"]
pub mod bodies;
