//! The callback: what it takes, what it refuses, what it answers.

mod service;
mod vectors;
