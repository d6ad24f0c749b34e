//! The rules of a [`CodeStore`].

use std::time::Duration;

use super::broken::{Broken, done, rule};
use super::samples::app;
use super::{CROWD, LONG, SHORT, after, all, together};
use crate::oauth::{CodeClaim, CodeKey, CodeRecord, CodeStore};
use crate::secret::Secret;
use crate::store::Owner;

/// The longest life of a record.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Checks what every store must do: claim, finish and release keys, and load records.
///
/// # Errors
/// The first broken rule.
pub async fn code_store(store: &impl CodeStore) -> Result<(), Broken> {
    all([
        Box::pin(claims(store)) as _,
        Box::pin(records(store)) as _,
        Box::pin(ending(store)) as _,
    ])
    .await
}

/// One owner works on a key.
async fn claims(store: &impl CodeStore) -> Result<(), Broken> {
    let (one, two) = (Owner::new(), Owner::new());
    let held = key();

    let free = "a free key is granted";
    rule(free, store.claim(&held, &one, LONG).await, granted)?;
    let exclusive = "a claimed key is granted to no other owner";
    rule(exclusive, store.claim(&held, &two, LONG).await, running)?;
    let apart = "keys are claimed apart";
    rule(apart, store.claim(&key(), &two, LONG).await, granted)?;
    let others = "only the holder releases a claim";
    done(others, store.release(&held, &two).await)?;
    rule(others, store.claim(&held, &two, LONG).await, running)?;
    let released = "a released key is granted to the next claim";
    done(released, store.release(&held, &one).await)?;
    rule(released, store.claim(&held, &two, LONG).await, granted)?;

    let crowded = key();
    let claims = (0..CROWD).map(|_| {
        let claim = async { store.claim(&crowded, &Owner::new(), LONG).await };
        Box::pin(claim) as _
    });
    let claims: Result<Vec<_>, _> = together(claims).await.into_iter().collect();
    let once = "of claims at the same time one is granted, so that a code is exchanged once";
    rule(once, claims, |claims| {
        let count = |is: fn(&CodeClaim) -> bool| claims.iter().filter(|claim| is(claim)).count();
        (count(granted), count(running)) == (1, CROWD - 1)
    })?;
    Ok(())
}

/// A key that is finished gives its record.
async fn records(store: &impl CodeStore) -> Result<(), Broken> {
    let (one, two) = (Owner::new(), Owner::new());
    let [user, refusal] = CodeRecord::samples(app(), key());
    let (finished, other) = (key(), key());

    let none = "a new key has no record";
    rule(none, store.load(&finished).await, Option::is_none)?;
    let free = "a free key is granted";
    rule(free, store.claim(&finished, &one, LONG).await, granted)?;
    let claimed = "a claim is no record";
    rule(claimed, store.load(&finished).await, Option::is_none)?;

    let gives = "a record is loaded, and found by every claim, as it was stored";
    done(gives, store.finish(&finished, &user, LONG).await)?;
    rule(gives, store.load(&finished).await, is(&user))?;
    for owner in [&one, &two] {
        let claim = store.claim(&finished, owner, LONG).await;
        rule(gives, claim, finished_with(&user))?;
    }
    let apart = "records are kept apart";
    rule(apart, store.load(&other).await, Option::is_none)?;
    let stays = "a record is not released";
    done(stays, store.release(&finished, &one).await)?;
    rule(stays, store.load(&finished).await, is(&user))?;
    let replaces = "a record replaces the one before";
    done(replaces, store.finish(&finished, &refusal, LONG).await)?;
    rule(replaces, store.load(&finished).await, is(&refusal))?;

    let year = "a record may live for a year";
    done(year, store.finish(&finished, &user, YEAR).await)?;
    rule(year, store.load(&finished).await, is(&user))?;

    let unclaimed = "a record is stored for a key that nobody has claimed";
    done(unclaimed, store.finish(&other, &user, LONG).await)?;
    rule(unclaimed, store.load(&other).await, is(&user))?;
    Ok(())
}

/// Claims and records end by themselves.
async fn ending(store: &impl CodeStore) -> Result<(), Broken> {
    let (one, two, three) = (Owner::new(), Owner::new(), Owner::new());
    let [user, _] = CodeRecord::samples(app(), key());
    let [claimed, kept, ended] = [key(), key(), key()];

    for key in [&claimed, &kept] {
        let free = "a free key is granted";
        rule(free, store.claim(key, &one, SHORT).await, granted)?;
    }
    let outlives = "a record outlives the claim that it replaces";
    done(outlives, store.finish(&kept, &user, LONG).await)?;
    let record = "a record ends after its life";
    done(record, store.finish(&ended, &user, SHORT).await)?;
    after(SHORT).await;

    rule(outlives, store.load(&kept).await, is(&user))?;
    rule(record, store.load(&ended).await, Option::is_none)?;
    rule(record, store.claim(&ended, &one, LONG).await, granted)?;
    let claim = "a claim ends by itself";
    rule(claim, store.claim(&claimed, &two, LONG).await, granted)?;
    let lost = "an owner whose claim has ended takes nothing from the next holder";
    done(lost, store.release(&claimed, &one).await)?;
    rule(lost, store.claim(&claimed, &three, LONG).await, running)?;
    Ok(())
}

fn granted(claim: &CodeClaim) -> bool {
    matches!(claim, CodeClaim::Granted)
}

fn running(claim: &CodeClaim) -> bool {
    matches!(claim, CodeClaim::Running)
}

fn finished_with(record: &CodeRecord) -> impl Fn(&CodeClaim) -> bool {
    let is = is(record);
    move |claim| matches!(claim, CodeClaim::Finished(found) if is(&Some(found.clone())))
}

fn is(record: &CodeRecord) -> impl Fn(&Option<CodeRecord>) -> bool {
    let stored = record.to_bytes();
    move |found| {
        found
            .as_ref()
            .is_some_and(|found| found.to_bytes() == stored)
    }
}

/// Returns a key that no other check uses.
fn key() -> CodeKey {
    CodeKey::of_code(&app(), &Secret::new("code"))
}
