//! Stores late messages before they are acknowledged, with the feature `inbox`.

#[cfg(not(feature = "inbox"))]
mod absent;
#[cfg(feature = "inbox")]
mod kept;

#[cfg(not(feature = "inbox"))]
pub(super) use self::absent::{Spill, Spilled};
#[cfg(feature = "inbox")]
pub(super) use self::kept::{Spill, Spilled};

use crate::error::BoxError;
use crate::runtime::BoxFuture;

/// Completes when a message is stored, or cannot be stored in time.
pub(super) type Storing = BoxFuture<'static, Result<(), BoxError>>;
