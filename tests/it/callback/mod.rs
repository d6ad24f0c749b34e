//! The callback: what it takes, what it refuses, what it answers.

mod deadline;
mod limits;
mod once;
mod over_sockets;
mod service;
mod stage;
mod storm;
mod vectors;
