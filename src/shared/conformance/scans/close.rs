//! Scenes that are closed early.

use super::{STEP, open, scene, user, wait};
use crate::scan_login::ScanStore;
use crate::shared::conformance::broken::{Broken, rule};
use crate::shared::conformance::{LONG, together};

/// Checks a store that implements [`ScanStore::close`].
///
/// # Errors
/// The first broken rule.
pub async fn scan_close(store: &impl ScanStore) -> Result<(), Broken> {
    let [closed, scanned, other] = [scene(), scene(), scene()];
    let user = user();
    for scene in [&closed, &scanned, &other] {
        open(store, scene, LONG).await?;
    }
    let completes = "a scan completes an open scene";
    let complete = store.complete(&scanned, user.clone()).await;
    rule(completes, complete, |is_complete| *is_complete)?;

    let wakes = "closing a scene wakes those who wait for it, without a user";
    let closing = async {
        tokio::time::sleep(STEP).await;
        store.close(&closed).await.map(|_| None)
    };
    let woken = together([Box::pin(wait(store, &closed)) as _, Box::pin(closing) as _]);
    for woken in woken.await {
        rule(wakes, woken, Option::is_none)?;
    }
    let ends = "a closed scene has ended, with or without a scan";
    rule(ends, store.close(&scanned).await, |has_ended| *has_ended)?;
    for scene in [&closed, &scanned] {
        rule(ends, wait(store, scene).await, Option::is_none)?;
        let complete = store.complete(scene, user.clone()).await;
        rule(ends, complete, |is_complete| !is_complete)?;
    }
    for scene in [&closed, &super::scene()] {
        let again = "closing a scene that has ended or never existed succeeds";
        rule(again, store.close(scene).await, |has_ended| *has_ended)?;
    }
    let apart = "closing a scene ends no other";
    let complete = store.complete(&other, user.clone()).await;
    rule(apart, complete, |is_complete| *is_complete)?;
    Ok(())
}
