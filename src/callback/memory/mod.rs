//! Remembers recently seen keys, and counts what runs, in bounded memory.

pub(crate) mod app_counts;
pub(crate) mod fingerprint;
mod index;
pub(crate) mod ttl_ring;
