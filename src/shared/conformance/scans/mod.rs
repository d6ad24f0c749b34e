//! The rules of a [`ScanStore`].

mod close;
mod ending;
mod users;
mod waits;

pub use self::close::scan_close;

use std::time::Duration;

use super::all;
use super::broken::{Broken, rule};
use super::samples::{app, openid};
use crate::scan_login::{ScanStore, ScannedUser};
use crate::store::StoreError;

/// How long a wait may take to end once it should. A store may poll.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a wait must go on before something ends it.
const STEP: Duration = Duration::from_millis(200);

/// Checks what every store must do: open scenes, complete them, and wait for their users.
///
/// # Errors
/// The first broken rule.
pub async fn scan_store(store: &impl ScanStore) -> Result<(), Broken> {
    all([
        Box::pin(waits::woken(store)) as _,
        Box::pin(users::one(store)) as _,
        Box::pin(ending::ends(store)) as _,
    ])
    .await
}

async fn open(store: &impl ScanStore, scene: &str, life: Duration) -> Result<(), Broken> {
    let opens = "a store that is not full opens a scene";
    rule(opens, store.open(scene, life).await, |is_open| *is_open)?;
    Ok(())
}

/// Waits for the user of a scene, for a bounded time.
async fn wait(store: &impl ScanStore, scene: &str) -> Result<Option<ScannedUser>, StoreError> {
    let answer = tokio::time::timeout(PATIENCE, store.wait(scene)).await;
    answer.unwrap_or_else(|_| Err(StoreError::new("the wait did not end")))
}

/// Returns whether a wait goes on. Drops it.
async fn goes_on(store: &impl ScanStore, scene: &str) -> Result<bool, StoreError> {
    let answer = tokio::time::timeout(STEP, store.wait(scene)).await;
    answer.map_or(Ok(true), |ended| ended.map(|_| false))
}

fn is(user: &ScannedUser) -> impl Fn(&Option<ScannedUser>) -> bool {
    move |found| found.as_ref() == Some(user)
}

fn user() -> ScannedUser {
    ScannedUser::new(app(), openid(), true)
}

/// Returns a scene that no other check uses.
fn scene() -> String {
    format!("conformance-{:032x}", rand::random::<u128>())
}
