//! The inbox: what was acknowledged is kept until it is handled.

mod always;
mod conformance;
mod crash;
pub mod embedded;
#[cfg(feature = "metrics")]
mod metrics;
mod shutdown;
mod spill;
mod spill_faults;
mod support;
