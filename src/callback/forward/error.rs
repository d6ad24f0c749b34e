//! Why a target's answer cannot be passed on.

use std::fmt;
use std::sync::Arc;

use crate::error::{BoxError, Error, ErrorKind};

/// A push was handed on and nothing came back that could be passed on. The platform is not
/// answered with `success` for it, and sends it again.
///
/// It names the target, and holds neither its address nor a key.
#[derive(Debug, Clone)]
pub struct ForwardError {
    target: Arc<str>,
    failure: Failure,
    source: Option<Error>,
}

/// What went wrong between the forwarder and a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// As many pushes as it may get at once are on their way to it.
    Busy,
    /// It could not be reached, twice.
    Connect,
    /// It did not answer in time. It may have handled the push.
    Timeout,
    /// The connection broke. It may have handled the push.
    Transport,
    /// It answered with another HTTP status than 200.
    Status(u16),
    /// It answered with something that is not a reply to the push.
    Answer(&'static str),
    /// The push cannot be written as a request: its openid is too long.
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

    /// An error of the transport. Only an error of this crate's is kept: it is known to hold no
    /// address, which is signed.
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

    /// The name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What went wrong.
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
    /// Its name, for counters.
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
            Self::Busy => f.write_str("too many pushes are on their way to it"),
            Self::Connect => f.write_str("it could not be reached"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Transport => f.write_str("the connection broke"),
            Self::Status(status) => write!(f, "it answered HTTP {status}"),
            Self::Answer(why) => write!(f, "its answer is not a reply: {why}"),
            Self::Request => f.write_str("the push cannot be written as a request"),
        }
    }
}

impl std::error::Error for ForwardError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
