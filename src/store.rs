//! Calls a store that the application implements. It may be slow, and it may panic.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::error::BoxError;
use crate::panic::{Contained, Panicked};
use crate::runtime::SharedRuntime;

/// The error of a store: of a [`TokenStore`](crate::token::TokenStore), a
/// [`DedupStore`](crate::callback::dedup::DedupStore), a
/// [`PickUpStore`](crate::callback::deadline::pick_up::PickUpStore), a
/// [`CodeStore`](crate::oauth::CodeStore) or a [`ScanStore`](crate::scan_login::ScanStore). It is
/// logged with its causes.
///
/// ```
/// use tower_wechat::StoreError;
///
/// let error = StoreError::new("connection refused");
/// assert_eq!(error.to_string(), "the store failed: connection refused");
/// ```
#[derive(Debug)]
pub struct StoreError(BoxError);

impl StoreError {
    /// Wraps the store's own error. It must not print what is stored.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store failed: {}", self.0)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Calls a store with a timeout, if there is a runtime to measure it. A slow store must not delay its
/// callers, and a panic in it must not fail them.
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
