//! What went wrong with a command.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

#[derive(Debug)]
pub(super) enum Failure {
    /// The command missed its deadline.
    Timeout,
    /// Connecting took too long.
    Connect,
    /// The circuit is open: the command was not sent.
    Open,
    Redis(RedisError),
}

/// Server errors that concern one command only. With all others, such as `OOM`, `READONLY`, `MISCONF`,
/// `BUSY` and `NOAUTH`, the server serves no command that writes.
const OF_COMMAND: [&str; 9] = [
    "ERR",
    "WRONGTYPE",
    "NOSCRIPT",
    "CROSSSLOT",
    "EXECABORT",
    "BUSYKEY",
    // The slot of the key is being moved to another node of a cluster.
    "TRYAGAIN",
    "ASK",
    "MOVED",
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
            Self::Connect => "connection",
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
            Self::Redis(error) => {
                let text = error.to_string();
                // The arguments of a command that the server does not know: keys and values.
                let text = text.split(", with args beginning with").next();
                write!(f, "Redis failed: {}", text.unwrap_or_default())
            }
        }
    }
}

// The client's error is part of the text, so it is no source.
impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(line: &str) -> Failure {
        let answer = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        Failure::of(answer.unwrap().extract_error().unwrap_err())
    }

    #[test]
    fn a_server_that_cannot_write_is_an_outage() {
        for line in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "READONLY You can't write against a read only replica.",
            "LOADING Redis is loading the dataset in memory",
            "MISCONF Redis is configured to save RDB snapshots",
            "BUSY Redis is busy running a script.",
            "NOREPLICAS Not enough good replicas to write.",
            "CLUSTERDOWN The cluster is down",
            "NOAUTH Authentication required.",
            "NOPERM this user has no permissions to run the 'evalsha' command",
            // Redis 6.2, from a script.
            "ERR Error running script (call to f_1): @user_script:1: -OOM command not allowed",
            "ERR Error running script (call to f_1): @user_script: 1: -READONLY You can't write",
        ] {
            assert!(failure(line).is_outage(), "{line}");
        }
    }

    #[test]
    fn an_error_of_one_command_is_no_outage() {
        for line in [
            "ERR wrong number of arguments for 'get' command",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "NOSCRIPT No matching script.",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "MOVED 9571 127.0.0.1:6379",
        ] {
            assert!(!failure(line).is_outage(), "{line}");
        }
    }

    #[test]
    fn the_arguments_of_an_unknown_command_are_not_printed() {
        let line = "ERR unknown command 'EVALSHA', with args beginning with: 'a' 'the-token'";
        let text = failure(line).to_string();
        assert!(
            text.contains("unknown command 'EVALSHA'") && !text.contains("the-token"),
            "{text}"
        );
    }
}
