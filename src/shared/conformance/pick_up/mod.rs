//! The rules of a [`PickUpStore`].

mod ending;
mod limits;
mod queue;
mod takes;

use super::{Broken, all};
use crate::callback::deadline::pick_up::PickUpStore;

/// Checks what every store must do: put parts, let messages take them, and take them back.
///
/// # Errors
/// The first broken rule.
pub async fn pick_up_store(store: &impl PickUpStore) -> Result<(), Broken> {
    all([
        Box::pin(takes::in_order(store)) as _,
        Box::pin(limits::kept(store)) as _,
        Box::pin(takes::unchanged(store)) as _,
        Box::pin(takes::at_once(store)) as _,
        Box::pin(ending::ends(store)) as _,
    ])
    .await
}
