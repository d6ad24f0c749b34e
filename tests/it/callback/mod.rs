//! The callback: what it takes, what it refuses, what it answers.

mod events;
mod service;
mod vectors;
