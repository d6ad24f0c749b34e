//! Signatures that do not cover the body.

use super::claims::{granted, running};
use crate::callback::dedup::{Claimed, DedupStore, PushKey};
use crate::shared::conformance::broken::{Broken, done, rule};
use crate::shared::conformance::samples::{push, signed_push};
use crate::shared::conformance::{LONG, SHORT, after};
use crate::store::Owner;

fn replayed(claimed: &Claimed) -> bool {
    *claimed == Claimed::Replayed
}

/// A signature is used with one body.
pub(super) async fn kept(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two, three) = (Owner::new(), Owner::new(), Owner::new());
    let [signed, forged] = signed_push();

    let same = "a signature is accepted with its own body";
    rule(same, store.claim(&signed, &one, SHORT).await, granted)?;
    rule(same, store.claim(&signed, &two, LONG).await, running)?;
    let other = "a signature is refused with another body";
    rule(other, store.claim(&forged, &two, LONG).await, replayed)?;
    let unclaimed = "a push that is refused is not claimed";
    let genuine = PushKey::new(forged.appid.clone(), forged.dedup);
    rule(
        unclaimed,
        store.claim(&genuine, &three, LONG).await,
        granted,
    )?;

    let stays = "a signature stays remembered when its push is released";
    let [released, forgery] = signed_push();
    rule(stays, store.claim(&released, &one, LONG).await, granted)?;
    done(stays, store.release(&released, &one).await)?;
    rule(stays, store.claim(&forgery, &two, LONG).await, replayed)?;
    rule(stays, store.claim(&released, &two, LONG).await, granted)?;

    after(SHORT).await;
    let outlives = "a signature outlives the claim of its push";
    rule(outlives, store.claim(&forged, &two, LONG).await, replayed)?;
    Ok(())
}

/// Checks a store that implements [`DedupStore::remember`].
///
/// # Errors
/// The first broken rule.
pub async fn dedup_remember(store: &impl DedupStore) -> Result<(), Broken> {
    let (one, two) = (Owner::new(), Owner::new());
    let [seen, forged] = signed_push();

    let remembered = "a remembered signature is refused with another body";
    done(remembered, store.remember(&seen).await)?;
    rule(remembered, store.claim(&forged, &one, LONG).await, replayed)?;
    let first = "a signature keeps the body that it was first seen with";
    done(first, store.remember(&forged).await)?;
    rule(first, store.claim(&forged, &one, LONG).await, replayed)?;
    let unclaimed = "remembering a signature claims nothing";
    rule(unclaimed, store.claim(&seen, &one, LONG).await, granted)?;
    rule(first, store.claim(&forged, &two, LONG).await, replayed)?;

    let covered = "a push whose signature covers its body is not remembered";
    let push = push();
    done(covered, store.remember(&push).await)?;
    rule(covered, store.claim(&push, &one, LONG).await, granted)?;
    Ok(())
}
