//! The error of the stores that instances share.

use std::fmt;

use super::BoxError;

/// The error of a store: of a [`TokenStore`](crate::token::TokenStore), a
/// [`DedupStore`](crate::callback::dedup::DedupStore), a
/// [`PickUpStore`](crate::callback::deadline::pick_up::PickUpStore) or a
/// [`ScanStore`](crate::scan_login::ScanStore). It is logged with its causes.
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
