//! The errors of handlers.

use std::fmt;

use crate::callback::Rejection;
use crate::error::BoxError;

/// The error of a message beyond the limit of messages that are handled at once.
///
/// [`Callback`](crate::Callback) answers with 503, also if the error is only in the chain of
/// sources. The platform then retries the push. A handler may return this error too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overloaded {}

impl Overloaded {
    /// Creates the error.
    pub fn new() -> Self {
        Self {}
    }

    /// Returns whether `error` is an `Overloaded` or has one among its sources.
    pub(crate) fn caused(error: &BoxError) -> bool {
        find::<Self>(error).is_some()
    }
}

/// Returns the error of this type that `error` is or has among its sources.
pub(in crate::callback) fn find<E: std::error::Error + 'static>(error: &BoxError) -> Option<&E> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = match error.downcast_ref::<HandlerError>() {
            Some(HandlerError(inner)) => Some(&**inner),
            None => error.source(),
        };
    }
    None
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many messages are being handled")
    }
}

impl std::error::Error for Overloaded {}

/// The error of a handler behind [`Dedup`](super::dedup::Dedup) or
/// [`Deadline`](super::deadline::Deadline). Displays like the handler's error and has its sources.
// A type without a lifetime: with a plain `BoxError`, the compiler cannot prove that a future that
// contains the service is `Send` ("implementation of `From` is not general enough").
pub struct HandlerError(BoxError);

impl HandlerError {
    /// Wraps a handler's error. An error that is wrapped already stays as it is.
    pub(crate) fn new(error: BoxError) -> Self {
        error.downcast().map_or_else(Self, |wrapped| *wrapped)
    }

    /// Returns the handler's error, or an error of the layers such as [`Overloaded`].
    pub fn get_ref(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0
    }

    /// Returns the handler's error by value.
    pub fn into_inner(self) -> BoxError {
        self.0
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for HandlerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Another instance has seen the push: the callback must refuse it like one that it has seen.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Rejection);

impl Refused {
    /// Returns the reason, if `error` is a `Refused` or has one among its sources.
    pub(crate) fn caused(error: &BoxError) -> Option<Rejection> {
        find::<Self>(error).map(|refused| refused.0)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the push was refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

/// The handler panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler panicked")
    }
}

impl std::error::Error for Panicked {}

/// The handler, or the late-reply hook, exceeded `max_life`.
#[derive(Debug)]
pub(crate) struct Outlived;

impl fmt::Display for Outlived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("exceeded max_life")
    }
}

impl std::error::Error for Outlived {}
