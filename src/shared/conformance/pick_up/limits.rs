//! How many parts may wait.

use super::queue::{Queue, part};
use crate::callback::deadline::pick_up::PickUpStore;
use crate::shared::conformance::LONG;
use crate::shared::conformance::broken::{Broken, rule};

/// A queue is bounded.
pub(super) async fn kept(store: &impl PickUpStore) -> Result<(), Broken> {
    let queue = Queue::new(store);
    let [first, second, third] = [(); 3].map(|()| queue.message());

    let most = "no more parts wait than allowed, and the first are kept";
    rule(most, queue.put("abc", 2, LONG).await, |added| *added == 2)?;
    rule(most, queue.put("d", 2, LONG).await, |added| *added == 0)?;
    rule(most, queue.take(&first).await, part('a', 1))?;
    let room = "a part that was taken leaves room for another";
    rule(room, queue.put("ef", 2, LONG).await, |added| *added == 1)?;
    rule(most, queue.take(&second).await, part('b', 1))?;
    rule(room, queue.take(&third).await, part('e', 0))?;
    Ok(())
}
