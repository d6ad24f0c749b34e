//! Which part a message takes.

use super::queue::{Queue, part, reply};
use crate::callback::deadline::pick_up::{PickUpStore, Taken};
use crate::shared::conformance::broken::{Broken, done, rule};
use crate::shared::conformance::samples::{app, openid, replies};
use crate::shared::conformance::{CROWD, LONG, together};

/// Parts come in order, and return to their places.
pub(super) async fn in_order(store: &impl PickUpStore) -> Result<(), Broken> {
    let queue = Queue::new(store);
    let [first, second, third, fourth] = [(); 4].map(|()| queue.message());

    let none = "a user for whom no part waits gets none";
    rule(none, queue.take(&first).await, Option::is_none)?;
    let added = "parts are added while there is room";
    rule(added, queue.put("ab", 32, LONG).await, |added| *added == 2)?;
    let appended = "parts are added after those that wait";
    rule(appended, queue.put("c", 32, LONG).await, |added| {
        *added == 1
    })?;
    let ordered = "parts come in order, with the number of those that wait";
    rule(ordered, queue.take(&first).await, part('a', 2))?;
    let again = "a message that is retried gets its part again";
    rule(again, queue.take(&first).await, reply('a'))?;
    rule(ordered, queue.take(&second).await, part('b', 1))?;
    rule(again, queue.take(&first).await, reply('a'))?;

    let own = "a message gives back only the part that it took";
    done(own, queue.give_back(&third).await)?;
    rule(own, queue.take(&third).await, part('c', 0))?;
    let returns = "a part that is given back returns to its place";
    rule(added, queue.put("d", 32, LONG).await, |added| *added == 1)?;
    done(returns, queue.give_back(&first).await)?;
    rule(returns, queue.take(&fourth).await, part('a', 1))?;
    let free = "a message that gave its part back takes the next one";
    rule(free, queue.take(&first).await, part('d', 0))?;
    rule(none, queue.take(&queue.message()).await, Option::is_none)?;

    let apart = "a user of an app gets no part of another user or of another app";
    let other_user = Queue {
        openid: openid(),
        ..queue.clone()
    };
    let other_case = Queue {
        openid: queue.openid.to_uppercase(),
        ..queue.clone()
    };
    let other_app = Queue {
        appid: app(),
        ..queue.clone()
    };
    rule(added, queue.put("e", 32, LONG).await, |added| *added == 1)?;
    for other in [other_user, other_case, other_app] {
        rule(apart, other.take(&other.message()).await, Option::is_none)?;
    }
    Ok(())
}

/// A part comes back as it was put.
pub(super) async fn unchanged(store: &impl PickUpStore) -> Result<(), Broken> {
    let queue = Queue::new(store);
    let unchanged = "a part is taken as it was put";
    let put = queue.put_all(replies().into(), 32, LONG).await;
    rule(unchanged, put, |added| *added == replies().len())?;
    for reply in replies() {
        let taken = queue.take(&queue.message()).await;
        rule(unchanged, taken, |taken| {
            taken.as_ref().is_some_and(|taken| taken.reply == reply)
        })?;
    }
    Ok(())
}

/// Messages at the same time take different parts.
pub(super) async fn at_once(store: &impl PickUpStore) -> Result<(), Broken> {
    let queue = Queue::new(store);
    let added = "parts are added while there is room";
    rule(added, queue.put("abc", 32, LONG).await, |added| *added == 3)?;
    let takes = (0..CROWD).map(|_| {
        let take = async { queue.take(&queue.message()).await };
        Box::pin(take) as _
    });
    let taken: Result<Vec<Option<Taken>>, _> = together(takes).await.into_iter().collect();
    let once = "messages at the same time take different parts";
    rule(once, taken, |taken| {
        let texts = taken
            .iter()
            .flatten()
            .filter_map(|taken| taken.reply.as_text());
        let mut texts: Vec<_> = texts.collect();
        texts.sort_unstable();
        texts == ["a", "b", "c"]
    })?;
    Ok(())
}
