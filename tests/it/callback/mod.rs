//! The callback: what it takes, what it refuses, what it answers.

mod attacks;
#[cfg(feature = "metrics")]
mod count;
mod events;
mod replies;
mod route;
mod service;
mod vectors;
