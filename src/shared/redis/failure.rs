//! What went wrong with a command.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

#[derive(Debug)]
pub(super) enum Failure {
    /// The command missed its deadline.
    Timeout,
    /// Connecting took too long.
    Connect,
    /// The circuit is open.
    Open,
    Redis(RedisError),
}

/// Server errors that concern one command only. With all others, such as `OOM`, `READONLY`, `MISCONF`,
/// `BUSY` and `NOAUTH`, the server serves no command that writes.
const OF_COMMAND: [&str; 6] = [
    "ERR",
    "WRONGTYPE",
    "NOSCRIPT",
    "CROSSSLOT",
    "EXECABORT",
    "BUSYKEY",
];

/// Parts of the text with which a script reports such an error before Redis 7.
const IN_SCRIPT: [&str; 3] = ["OOM command", "READONLY", "MISCONF"];

impl Failure {
    pub(super) fn of(error: RedisError) -> Self {
        Self::Redis(error)
    }

    /// Returns whether other commands would fail too.
    pub(super) fn is_outage(&self) -> bool {
        let Self::Redis(error) = self else {
            return true;
        };
        match error.kind() {
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType | ErrorKind::Client => false,
            ErrorKind::Server(ServerErrorKind::NoPerm) => true,
            ErrorKind::Server(_) | ErrorKind::Extension => {
                let code = error.code().unwrap_or_default();
                let text = error.to_string();
                !OF_COMMAND.contains(&code) || IN_SCRIPT.iter().any(|part| text.contains(part))
            }
            _ => true,
        }
    }

    /// Returns the reason, as a label of metrics.
    #[cfg(feature = "metrics")]
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Open => "circuit_open",
            Self::Redis(error) if matches!(error.kind(), ErrorKind::Io) => "connection",
            Self::Redis(_) => "server",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("Redis did not answer in time"),
            Self::Connect => f.write_str("could not connect to Redis in time"),
            Self::Open => f.write_str("Redis is unavailable"),
            Self::Redis(error) => write!(f, "Redis failed: {error}"),
        }
    }
}

// The client's error is part of the text, so it is no source.
impl std::error::Error for Failure {}
