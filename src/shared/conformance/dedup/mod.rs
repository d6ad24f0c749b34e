//! The rules of a [`DedupStore`].

mod claims;
mod replies;
mod signatures;

pub use self::signatures::dedup_remember;

use super::{Broken, all};
use crate::callback::dedup::DedupStore;

/// Checks what every store must do: claim, renew, finish and release pushes, and refuse a signature
/// with another body.
///
/// # Errors
/// The first broken rule.
pub async fn dedup_store(store: &impl DedupStore) -> Result<(), Broken> {
    all([
        Box::pin(claims::exclusive(store)) as _,
        Box::pin(claims::ending(store)) as _,
        Box::pin(replies::kept(store)) as _,
        Box::pin(replies::ending(store)) as _,
        Box::pin(signatures::kept(store)) as _,
    ])
    .await
}
