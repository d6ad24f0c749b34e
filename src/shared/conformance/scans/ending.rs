//! How long a scene is open.

use std::time::Duration;

use super::{is, open, scene, user, wait};
use crate::scan_login::ScanStore;
use crate::shared::conformance::broken::{Broken, rule};
use crate::shared::conformance::{LONG, SHORT, after};

/// A scene ends by itself.
pub(super) async fn ends(store: &impl ScanStore) -> Result<(), Broken> {
    let [unscanned, scanned, kept] = [scene(), scene(), scene()];
    let user = user();
    for (scene, life) in [(&unscanned, SHORT), (&scanned, SHORT), (&kept, LONG)] {
        open(store, scene, life).await?;
    }
    let endless = "a scene may have any life, and is open for as long as the store can keep it";
    let forever = scene();
    let opened = store.open(&forever, Duration::MAX).await;
    rule(endless, opened, |is_open| *is_open)?;
    let complete = store.complete(&forever, user.clone()).await;
    rule(endless, complete, |is_complete| *is_complete)?;
    let completes = "a scan completes an open scene";
    let complete = store.complete(&scanned, user.clone()).await;
    rule(completes, complete, |is_complete| *is_complete)?;
    after(SHORT).await;

    let ends = "a scene ends after its life";
    rule(ends, wait(store, &unscanned).await, Option::is_none)?;
    let complete = store.complete(&unscanned, user.clone()).await;
    rule(ends, complete, |is_complete| !is_complete)?;
    let scan = "a scan does not extend the life of its scene";
    rule(scan, wait(store, &scanned).await, Option::is_none)?;
    let complete = store.complete(&scanned, user.clone()).await;
    rule(scan, complete, |is_complete| !is_complete)?;
    let lives = "a scene is open for its life";
    let complete = store.complete(&kept, user.clone()).await;
    rule(lives, complete, |is_complete| *is_complete)?;
    rule(lives, wait(store, &kept).await, is(&user))?;
    Ok(())
}
