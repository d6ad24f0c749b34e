//! Tests of the callback: accepted pushes, rejected requests and the responses to both.

mod answers;
mod attacks;
#[cfg(feature = "metrics")]
mod count;
mod deadline;
mod dedup;
mod dedup_replays;
mod dedup_store;
mod events;
mod forward;
mod fuzzed;
#[cfg(feature = "inbox")]
pub mod inbox;
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
