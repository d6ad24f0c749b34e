//! What was seen lately, in bounded memory.

pub(crate) mod fingerprint;
mod index;
pub(crate) mod ttl_ring;
