//! How long a part waits.

use std::time::Duration;

use super::queue::{Queue, part, reply};
use crate::callback::deadline::pick_up::PickUpStore;
use crate::shared::conformance::broken::{Broken, rule};
use crate::shared::conformance::{LONG, SHORT, after};

/// A part waits for its age, and stays with the message that took it for longer.
pub(super) async fn ends(store: &impl PickUpStore) -> Result<(), Broken> {
    let [waiting, held, full] = [(); 3].map(|()| Queue::new(store));
    let holder = held.message();

    let added = "parts are added while there is room";
    rule(added, waiting.put("ab", 3, SHORT).await, |added| {
        *added == 2
    })?;
    rule(added, waiting.put("c", 3, LONG).await, |added| *added == 1)?;
    rule(added, full.put("ab", 2, SHORT).await, |added| *added == 2)?;
    rule(added, held.put("a", 1, SHORT).await, |added| *added == 1)?;
    let endless = "a part may have any age";
    let forever = Queue::new(store);
    let put = forever.put("a", 1, Duration::MAX).await;
    rule(endless, put, |added| *added == 1)?;
    let taken = forever.take(&forever.message()).await;
    rule(endless, taken, part('a', 0))?;
    let ordered = "parts come in order, with the number of those that wait";
    rule(ordered, held.take(&holder).await, part('a', 0))?;
    after(SHORT).await;

    let stays = "a part stays with the message that took it, also beyond its age";
    rule(stays, held.take(&holder).await, reply('a'))?;
    let expires = "a part expires after its own age";
    let taken = waiting.take(&waiting.message()).await;
    rule(expires, taken, part('c', 0))?;
    let room = "parts that expired leave room for others";
    rule(room, full.put("cd", 2, LONG).await, |added| *added == 2)?;
    rule(room, full.take(&full.message()).await, part('c', 1))?;
    Ok(())
}
