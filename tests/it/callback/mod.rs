//! The callback: what it takes, what it refuses, what it answers.

mod forward;
mod service;
mod vectors;
