//! The callback: what it takes, what it refuses, what it answers.

mod forward;
mod fuzzed;
mod service;
mod vectors;
