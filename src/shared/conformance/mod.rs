//! Tests for stores that an application implements.
//!
//! | store | every store | a store that also implements |
//! |---|---|---|
//! | [`TokenStore`](crate::token::TokenStore) | [`token_store`] | leases: [`token_leases`] |
//! | [`DedupStore`](crate::callback::dedup::DedupStore) | [`dedup_store`] | `remember`: [`dedup_remember`] |
//! | [`CodeStore`](crate::oauth::CodeStore) | [`code_store`] | |
//! | [`ScanStore`](crate::scan_login::ScanStore) | [`scan_store`] | `close`: [`scan_close`] |
//! | [`PickUpStore`](crate::callback::deadline::pick_up::PickUpStore) | [`pick_up_store`] | |
//! | `InboxStore`, with the feature `inbox` | `inbox_store` | |
//!
//! Each function checks the rules of one trait, and returns the first rule that is broken. It uses
//! fresh apps, users and scenes, so it may run on a store that is in use. Some rules concern time, so
//! a check takes some seconds. It waits with the timer of tokio.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_wechat::shared::conformance::Broken> {
//! use tower_wechat::shared::conformance;
//! use tower_wechat::token::MemoryTokenStore;
//!
//! let store = MemoryTokenStore::new();
//! conformance::token_store(&store).await?;
//! conformance::token_leases(&store).await?;
//! # Ok(())
//! # }
//! ```

mod broken;
mod codes;
mod dedup;
#[cfg(feature = "inbox")]
mod inbox;
mod pick_up;
mod samples;
mod scans;
mod together;
mod tokens;

pub use self::broken::Broken;
pub use self::codes::code_store;
pub use self::dedup::{dedup_remember, dedup_store};
#[cfg(feature = "inbox")]
pub use self::inbox::inbox_store;
pub use self::pick_up::pick_up_store;
pub use self::scans::{scan_close, scan_store};
pub use self::tokens::{token_leases, token_store};

use std::time::Duration;

use self::together::together;
use crate::runtime::BoxFuture;

/// A life that is over after [`after`] it, and not before some commands have run.
const SHORT: Duration = Duration::from_millis(1500);

/// A life that does not end during a check.
const LONG: Duration = Duration::from_secs(3600);

/// How many calls a check makes at the same time.
const CROWD: usize = 8;

/// Waits until `life` is certainly over.
async fn after(life: Duration) {
    tokio::time::sleep(life + life / 3).await;
}

/// Runs independent checks at the same time, so that they wait at the same time. Returns the first
/// broken rule, in the order of the checks.
async fn all<'a>(
    checks: impl IntoIterator<Item = BoxFuture<'a, Result<(), Broken>>>,
) -> Result<(), Broken> {
    together(checks).await.into_iter().collect()
}
