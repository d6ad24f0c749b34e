//! The results of recent codes: each code is exchanged once, however often it arrives.

mod cache;
mod key;
mod memory;
mod record;
mod results;
#[cfg(feature = "test-util")]
mod samples;
mod shared;
mod store;

pub(crate) use self::cache::profile_of;
pub(super) use self::cache::{CodeCache, Wanted};
pub use self::key::CodeKey;
pub use self::memory::MemoryCodeStore;
pub(super) use self::memory::RESULTS_MAX;
pub use self::record::CodeRecord;
pub(crate) use self::shared::SharedStore;
pub use self::store::{CodeClaim, CodeStore};
