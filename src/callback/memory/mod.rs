//! Remembers recently seen keys in bounded memory.

pub(crate) mod fingerprint;
mod index;
pub(crate) mod ttl_ring;
