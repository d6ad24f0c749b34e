//! What happens to the calls while Redis is unavailable in one way or another.

mod bed;
mod cluster;
mod log;
mod login;
#[cfg(feature = "metrics")]
mod metrics;
mod network;
mod proxy;
mod refusing;
mod repeated;
mod restart;
mod runtimes;
mod sentinel;
mod slow;
mod tls;
