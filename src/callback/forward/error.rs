//! The errors of forwarding.

use std::fmt;
use std::sync::Arc;

use crate::error::{BoxError, Error, ErrorKind};

/// The error of a forwarded push without a valid answer. The push is not answered with `success`,
/// so the platform retries it.
///
/// The error names the target. It contains neither the target's URL nor a key.
#[derive(Debug, Clone)]
pub struct ForwardError {
    target: Arc<str>,
    failure: Failure,
    source: Option<Error>,
}

/// Why forwarding to a target failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The target's limit of concurrent pushes is reached.
    Busy,
    /// Two attempts to connect failed.
    Connect,
    /// The target timed out. It may have handled the push.
    Timeout,
    /// The connection broke. The target may have handled the push.
    Transport,
    /// The target answered with an HTTP status other than 200.
    Status(u16),
    /// The target's answer is not a reply to the push.
    Answer(&'static str),
    /// The push cannot be encoded as a request: its openid is too long.
    Request,
}

impl ForwardError {
    pub(super) fn new(target: Arc<str>, failure: Failure) -> Self {
        Self {
            target,
            failure,
            source: None,
        }
    }

    /// Converts an error of the transport. Only an error of this crate is kept as the source: it is
    /// known not to contain the URL, whose query is signed.
    pub(super) fn transport(target: Arc<str>, error: BoxError) -> Self {
        let source = error.downcast::<Error>().ok().map(|error| *error);
        let failure = match source.as_ref().map(Error::kind) {
            Some(ErrorKind::Connect) => Failure::Connect,
            Some(ErrorKind::Timeout) => Failure::Timeout,
            Some(ErrorKind::Answer) => Failure::Answer("the body is too long"),
            _ => Failure::Transport,
        };
        Self {
            source,
            ..Self::new(target, failure)
        }
    }

    /// Returns the name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns what went wrong.
    pub fn failure(&self) -> Failure {
        self.failure
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "target {:?}: {}", self.target, self.failure)
    }
}

impl Failure {
    /// Returns the name of the failure, for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Status(_) => "status",
            Self::Answer(_) => "answer",
            Self::Request => "request",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many concurrent pushes"),
            Self::Connect => f.write_str("could not connect"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Transport => f.write_str("the connection broke"),
            Self::Status(status) => write!(f, "it answered HTTP {status}"),
            Self::Answer(why) => write!(f, "its answer is not a reply: {why}"),
            Self::Request => f.write_str("could not encode the push as a request"),
        }
    }
}

impl std::error::Error for ForwardError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
