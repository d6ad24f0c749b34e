//! What a wait returns, and when.

use super::{STEP, goes_on, is, open, scene, user, wait};
use crate::scan_login::ScanStore;
use crate::shared::conformance::broken::{Broken, rule};
use crate::shared::conformance::{LONG, together};

/// A scan wakes those who wait for its scene.
pub(super) async fn woken(store: &impl ScanStore) -> Result<(), Broken> {
    let (scanned, other) = (scene(), scene());
    let user = user();

    let unknown = "an unknown scene is never scanned, and ends a wait at once";
    rule(unknown, wait(store, &scanned).await, Option::is_none)?;
    let complete = store.complete(&scanned, user.clone()).await;
    rule(unknown, complete, |is_complete| !is_complete)?;

    for scene in [&scanned, &other] {
        open(store, scene, LONG).await?;
    }
    let waits = "a wait goes on until the scan";
    rule(waits, goes_on(store, &scanned).await, |goes_on| *goes_on)?;
    let wakes = "a scan wakes everyone who waits for its scene";
    let scan = async {
        tokio::time::sleep(STEP).await;
        let complete = store.complete(&scanned, user.clone()).await?;
        Ok(complete.then(|| user.clone()))
    };
    let woken = together([
        Box::pin(wait(store, &scanned)) as _,
        Box::pin(wait(store, &scanned)) as _,
        Box::pin(scan) as _,
    ]);
    for woken in woken.await {
        rule(wakes, woken, is(&user))?;
    }
    let stays = "a scan stays available until its scene ends";
    for _ in 0..2 {
        rule(stays, wait(store, &scanned).await, is(&user))?;
    }
    let apart = "a scan completes its own scene only";
    rule(apart, goes_on(store, &other).await, |goes_on| *goes_on)?;
    Ok(())
}
