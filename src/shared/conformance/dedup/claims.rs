//! Who holds a push.

use crate::callback::dedup::{Claimed, DedupStore};
use crate::shared::conformance::broken::{Broken, done, rule};
use crate::shared::conformance::samples::{push, push_to};
use crate::shared::conformance::{CROWD, LONG, SHORT, after, together};
use crate::store::Owner;

pub(super) fn granted(claimed: &Claimed) -> bool {
    *claimed == Claimed::Granted
}

pub(super) fn running(claimed: &Claimed) -> bool {
    *claimed == Claimed::Running
}

/// One owner holds a push.
pub(super) async fn exclusive(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two) = (Owner::new(), Owner::new());
    let held = push();

    let new = "a new push is granted";
    rule(new, store.claim(&held, &one, LONG).await, granted)?;
    let exclusive = "a running push is granted to no other owner";
    rule(exclusive, store.claim(&held, &two, LONG).await, running)?;
    let own = "the holder is granted its claim again";
    rule(own, store.claim(&held, &one, LONG).await, granted)?;
    for other in [push(), push_to(&held.appid)] {
        let apart = "a push is claimed apart from others of the same app and of other apps";
        rule(apart, store.claim(&other, &two, LONG).await, granted)?;
    }

    let others = "only the holder renews a claim";
    rule(others, store.renew(&held, &two, LONG).await, |held| !held)?;
    rule(others, store.renew(&held, &one, LONG).await, |held| *held)?;
    rule(others, store.claim(&held, &two, LONG).await, running)?;

    let others = "only the holder releases a claim";
    done(others, store.release(&held, &two).await)?;
    rule(others, store.claim(&held, &two, LONG).await, running)?;
    let released = "a released push is granted to the next claim";
    done(released, store.release(&held, &one).await)?;
    rule(released, store.claim(&held, &two, LONG).await, granted)?;

    let crowded = push();
    let claims = (0..CROWD).map(|_| {
        let claim = async { store.claim(&crowded, &Owner::new(), LONG).await };
        Box::pin(claim) as _
    });
    let claims: Result<Vec<_>, _> = together(claims).await.into_iter().collect();
    let once = "of claims at the same time one is granted, and the others find the push running";
    rule(once, claims, |claims| {
        let count = |is: fn(&Claimed) -> bool| claims.iter().filter(|claim| is(claim)).count();
        (count(granted), count(running)) == (1, CROWD - 1)
    })?;
    Ok(())
}

/// A claim ends by itself, unless it is renewed.
pub(super) async fn ending(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two, three) = (Owner::new(), Owner::new(), Owner::new());
    let [ended, renewed, late] = [push(), push(), push()];

    for push in [&ended, &renewed, &late] {
        let new = "a new push is granted";
        rule(new, store.claim(push, &one, SHORT).await, granted)?;
    }
    let longer = "a renewed claim ends later";
    rule(longer, store.renew(&renewed, &one, LONG).await, |held| {
        *held
    })?;
    after(SHORT).await;

    rule(longer, store.claim(&renewed, &two, LONG).await, running)?;
    let ends = "a claim ends by itself";
    rule(ends, store.claim(&ended, &two, LONG).await, granted)?;
    let lost = "an owner whose claim has ended takes nothing from the next holder";
    rule(lost, store.renew(&ended, &one, LONG).await, |held| !held)?;
    done(lost, store.release(&ended, &one).await)?;
    rule(lost, store.claim(&ended, &three, LONG).await, running)?;
    let retaken = "a claim that has ended is renewed while nobody else holds the push";
    rule(retaken, store.renew(&late, &one, LONG).await, |held| *held)?;
    rule(retaken, store.claim(&late, &two, LONG).await, running)?;
    Ok(())
}
