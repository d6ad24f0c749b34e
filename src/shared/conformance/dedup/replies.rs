//! What a finished push gives.

use super::claims::{granted, running};
use crate::callback::Reply;
use crate::callback::dedup::{Claimed, DedupStore};
use crate::shared::conformance::broken::{Broken, done, rule};
use crate::shared::conformance::samples::{push, replies, two_replies};
use crate::shared::conformance::{LONG, SHORT, after};
use crate::store::Owner;

fn finished(reply: &Reply) -> impl Fn(&Claimed) -> bool {
    let finished = Claimed::Finished(reply.clone());
    move |claimed| *claimed == finished
}

/// A push is finished once, by its holder.
pub(super) async fn kept(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two, three) = (Owner::new(), Owner::new(), Owner::new());
    let [first, second] = two_replies();

    let done_push = push();
    let gives = "a finished push gives its reply to every claim";
    rule(gives, store.claim(&done_push, &one, LONG).await, granted)?;
    done(gives, store.finish(&done_push, &one, &first, LONG).await)?;
    for owner in [&two, &three, &one] {
        let claimed = store.claim(&done_push, owner, LONG).await;
        rule(gives, claimed, finished(&first))?;
    }
    for reply in [&[Reply::none()][..], &replies()].concat() {
        let unchanged = "a reply comes back as it was stored";
        let push = push();
        rule(unchanged, store.claim(&push, &one, LONG).await, granted)?;
        done(unchanged, store.finish(&push, &one, &reply, LONG).await)?;
        let claimed = store.claim(&push, &two, LONG).await;
        rule(unchanged, claimed, finished(&reply))?;
    }

    let once = "a finished push keeps its first reply";
    done(once, store.finish(&done_push, &two, &second, LONG).await)?;
    let claimed = store.claim(&done_push, &two, LONG).await;
    rule(once, claimed, finished(&first))?;
    let over = "a finished push is neither renewed nor released";
    rule(over, store.renew(&done_push, &two, LONG).await, |held| {
        !held
    })?;
    for owner in [&one, &two] {
        done(over, store.release(&done_push, owner).await)?;
    }
    let claimed = store.claim(&done_push, &two, LONG).await;
    rule(over, claimed, finished(&first))?;

    let held = push();
    let others = "an owner finishes nothing that another holds";
    rule(others, store.claim(&held, &one, LONG).await, granted)?;
    done(others, store.finish(&held, &two, &second, LONG).await)?;
    rule(others, store.claim(&held, &three, LONG).await, running)?;
    rule(others, store.renew(&held, &one, LONG).await, |held| *held)?;

    let free = push();
    let unclaimed =
        "a push that nobody holds is finished by its owner, whose claim may have failed";
    done(unclaimed, store.finish(&free, &one, &first, LONG).await)?;
    let claimed = store.claim(&free, &two, LONG).await;
    rule(unclaimed, claimed, finished(&first))?;
    Ok(())
}

/// A finished push has a life of its own.
pub(super) async fn ending(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two) = (Owner::new(), Owner::new());
    let [reply, _] = two_replies();
    let [kept, ended] = [push(), push()];

    let outlives = "a finished push outlives its claim, for as long as it may be replayed";
    rule(outlives, store.claim(&kept, &one, SHORT).await, granted)?;
    done(outlives, store.finish(&kept, &one, &reply, LONG).await)?;
    let ends = "a finished push is forgotten after its life";
    rule(ends, store.claim(&ended, &one, LONG).await, granted)?;
    done(ends, store.finish(&ended, &one, &reply, SHORT).await)?;
    after(SHORT).await;

    let claimed = store.claim(&kept, &two, LONG).await;
    rule(outlives, claimed, finished(&reply))?;
    rule(ends, store.claim(&ended, &two, LONG).await, granted)?;
    Ok(())
}
