//! The callback.

/// Keys.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallbackKeys;
