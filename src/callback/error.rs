//! Why a message was not handled.

use std::fmt;

use crate::error::BoxError;

/// A limit was reached: more messages are being worked on than is allowed.
///
/// [`Callback`](crate::Callback) answers 503 at once, wherever in the chain of sources the error
/// is, and the platform sends the push again. A handler of the host may fail with it too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overloaded {}

impl Overloaded {
    /// The error.
    pub fn new() -> Self {
        Self {}
    }

    /// Whether `error` is one, or has one among its sources.
    pub(crate) fn caused(error: &BoxError) -> bool {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&**error);
        while let Some(error) = source {
            if error.is::<Self>() {
                return true;
            }
            source = match error.downcast_ref::<HandlerError>() {
                Some(HandlerError(inner)) => Some(&**inner),
                None => error.source(),
            };
        }
        false
    }
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many messages are being worked on")
    }
}

impl std::error::Error for Overloaded {}

/// The error of a handler behind [`Dedup`](super::dedup::Dedup) or
/// [`Deadline`](super::deadline::Deadline): it prints and is as that error.
// A type without a lifetime: with `BoxError` in its place, the compiler cannot prove that a future
// with the service in it is `Send` ("implementation of `From` is not general enough").
pub struct HandlerError(BoxError);

impl HandlerError {
    /// Wraps the handler's own error, once.
    pub(crate) fn new(error: BoxError) -> Self {
        error.downcast().map_or_else(Self, |wrapped| *wrapped)
    }

    /// The handler's own error, or one such as [`Overloaded`].
    pub fn get_ref(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The same, taken out.
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

/// The handler panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler panicked")
    }
}

impl std::error::Error for Panicked {}

/// The handler, or a hook for late replies, ran for longer than it may.
#[derive(Debug)]
pub(crate) struct Outlived;

impl fmt::Display for Outlived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it ran for longer than max_life")
    }
}

impl std::error::Error for Outlived {}
