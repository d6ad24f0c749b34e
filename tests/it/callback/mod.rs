//! The callback: what it takes, what it refuses, what it answers.

mod answers;
mod attacks;
mod captured;
#[cfg(feature = "metrics")]
mod count;
mod deadline;
mod events;
mod forward;
mod fuzzed;
mod limits;
mod once;
mod over_sockets;
mod pick_up;
mod readings;
mod replay;
mod replies;
mod route;
mod security;
mod service;
mod stage;
mod storm;
mod typed;
mod vectors;
