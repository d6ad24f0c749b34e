//! Calls a store that the application implements. It may be slow, and it may panic.

mod error;
mod owner;

pub use self::error::StoreError;
pub use self::owner::Owner;

use std::future::Future;
use std::time::Duration;

use crate::panic::{Contained, Panicked};
use crate::runtime::SharedRuntime;

/// Calls a store with a timeout, if there is a runtime to measure it. A slow store must not delay
/// its callers, and a panic in it must not fail them.
///
/// `call` is an `async` block around the call, so that a panic before the store returns its future
/// is contained, too.
pub(crate) async fn within<T>(
    runtime: Option<&SharedRuntime>,
    patience: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let call = Contained::new(call);
    let answer = match runtime {
        None => Some(call.await),
        Some(runtime) => runtime.timeout(patience, call).await,
    };
    match answer {
        Some(Ok(answer)) => answer,
        Some(Err(Panicked)) => Err(StoreError::new("it panicked")),
        None => Err(StoreError::new("it did not answer in time")),
    }
}
