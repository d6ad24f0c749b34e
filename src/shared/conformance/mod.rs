//! Tests for stores that an application implements.
//!
//! Each function checks the rules of one trait, and returns the first rule that is broken. It uses
//! fresh apps, users and scenes, so it may run on a store that is in use. Some rules concern time, so
//! a check takes some seconds.
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
mod tokens;

pub use self::broken::Broken;
pub use self::tokens::{token_leases, token_store};

use std::time::Duration;

use crate::app::AppId;

/// A life that is over after [`after`] it, and not before some commands have run.
const SHORT: Duration = Duration::from_millis(1500);

/// Waits until `life` is certainly over.
async fn after(life: Duration) {
    tokio::time::sleep(life + life / 3).await;
}

/// Returns the id of an app that no other check uses.
fn fresh_app() -> AppId {
    let digits: u64 = rand::random();
    let appid = AppId::new(format!("wx{digits:016x}"));
    // Sixteen hexadecimal digits always make a valid id.
    appid.unwrap_or_else(|_| unreachable!("an app id of 18 characters is valid"))
}
