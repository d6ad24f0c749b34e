//! The callback: what it takes, what it refuses, what it answers.

#[cfg(feature = "metrics")]
mod count;
mod events;
mod replies;
mod service;
mod vectors;
