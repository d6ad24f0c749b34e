//! Who completes a scene.

use super::{is, open, scene, user, wait};
use crate::scan_login::{ScanStore, ScannedUser};
use crate::shared::conformance::broken::{Broken, rule};
use crate::shared::conformance::samples::app;
use crate::shared::conformance::{CROWD, LONG, together};
use crate::store::StoreError;

/// A scene has one user, who scanned it first.
pub(super) async fn one(store: &impl ScanStore) -> Result<(), Broken> {
    let scanned = scene();
    let first = user();
    open(store, &scanned, LONG).await?;
    let completes = "a scan completes an open scene";
    let complete = store.complete(&scanned, first.clone()).await;
    rule(completes, complete, |is_complete| *is_complete)?;

    let repeated = "a repeated scan of the same user succeeds, and changes nothing";
    let again = ScannedUser::new(first.appid.clone(), &*first.openid, !first.new_follower);
    let complete = store.complete(&scanned, again).await;
    rule(repeated, complete, |is_complete| *is_complete)?;
    rule(repeated, wait(store, &scanned).await, is(&first))?;

    let once = "a scene that has a user is completed by no other user, nor by one of another app";
    let in_other_app = ScannedUser::new(app(), &*first.openid, first.new_follower);
    let in_other_case = ScannedUser::new(
        first.appid.clone(),
        first.openid.to_uppercase(),
        first.new_follower,
    );
    for other in [user(), in_other_app, in_other_case] {
        let complete = store.complete(&scanned, other).await;
        rule(once, complete, |is_complete| !is_complete)?;
    }
    rule(once, wait(store, &scanned).await, is(&first))?;

    let crowded = scene();
    open(store, &crowded, LONG).await?;
    let scans = (0..CROWD).map(|_| {
        let scan = async {
            let user = user();
            let complete = store.complete(&crowded, user.clone()).await?;
            Ok(complete.then_some(user))
        };
        Box::pin(scan) as _
    });
    let scans: Result<Vec<_>, StoreError> = together(scans).await.into_iter().collect();
    let one = "of scans at the same time one completes the scene";
    let scans = scans.map(|scans| scans.into_iter().flatten().collect());
    let scans: Vec<ScannedUser> = rule(one, scans, |scans: &Vec<_>| scans.len() == 1)?;
    rule(one, wait(store, &crowded).await, |found| {
        found.as_slice() == scans
    })?;
    Ok(())
}
