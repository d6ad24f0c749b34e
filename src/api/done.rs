//! An answer that says nothing but that it is one.

use serde::Deserialize;

/// The platform did what it was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Done {}
