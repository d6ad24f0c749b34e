//! Calls a store that the application implements. It may be slow, and it may panic.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use crate::callback::error::Panicked;
use crate::callback::run::poll_work;
use crate::error::BoxError;
use crate::runtime::SharedRuntime;

/// How long a store may take while a push waits for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// Calls a store with a timeout. A slow store must not delay messages, and a panic in it must not
/// fail them.
pub(super) async fn within<T>(
    runtime: Option<&SharedRuntime>,
    call: impl Future<Output = Result<T, BoxError>> + Send,
) -> Result<T, BoxError> {
    let mut call = pin!(call);
    let call = poll_fn(|cx| {
        let polled = poll_work(call.as_mut(), cx);
        polled.map_err(|error| match error.is::<Panicked>() {
            true => "the store panicked".into(),
            false => error,
        })
    });
    match runtime {
        None => call.await,
        Some(runtime) => {
            let result = runtime.timeout(PATIENCE, call).await;
            result.unwrap_or_else(|| Err("the store timed out".into()))
        }
    }
}
