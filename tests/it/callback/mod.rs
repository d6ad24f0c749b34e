//! The callback: what it takes, what it refuses, what it answers.

mod answers;
mod attacks;
#[cfg(feature = "metrics")]
mod count;
mod deadline;
mod dedup;
mod events;
mod forward;
mod fuzzed;
mod limits;
mod over_sockets;
mod pick_up;
mod readings;
mod replay;
mod replies;
mod route;
mod security;
mod service;
mod storm;
pub mod support;
mod typed;
mod vectors;
