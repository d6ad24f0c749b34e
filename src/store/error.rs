//! The error of a store.

use std::fmt;

use crate::error::BoxError;

/// The error of a store: of a [`TokenStore`](crate::token::TokenStore), a
/// [`DedupStore`](crate::callback::dedup::DedupStore), a
/// [`PickUpStore`](crate::callback::deadline::pick_up::PickUpStore), an `InboxStore` or a
/// [`ScanStore`](crate::scan_login::ScanStore). It is logged with its causes.
///
/// ```
/// use tower_wechat::StoreError;
///
/// let error = StoreError::new("connection refused");
/// assert_eq!(error.to_string(), "the store failed: connection refused");
/// ```
#[derive(Debug)]
pub struct StoreError {
    source: BoxError,
    is_logged: bool,
}

impl StoreError {
    /// Wraps the store's own error. It must not print what is stored.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
            is_logged: false,
        }
    }

    /// Wraps an error that the store has logged, for example once for an outage: the callers do not
    /// log it again.
    pub fn logged(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
            is_logged: true,
        }
    }

    /// Returns whether the store has logged the error.
    pub fn is_logged(&self) -> bool {
        self.is_logged
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store failed: {}", self.source)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.source()
    }
}
