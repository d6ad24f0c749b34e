//! The `[server]` table: the time limits of connections.

use std::time::Duration;

use serde::Deserialize;

use super::{Wrong, wrong};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    header_timeout: Option<u64>,
    idle_timeout: Option<u64>,
}

impl Server {
    pub(super) fn header_timeout(&self) -> Result<Duration, Wrong> {
        seconds("server.header_timeout", self.header_timeout, 10)
    }

    pub(super) fn idle_timeout(&self) -> Result<Duration, Wrong> {
        seconds("server.idle_timeout", self.idle_timeout, 60)
    }
}

fn seconds(key: &str, given: Option<u64>, default: u64) -> Result<Duration, Wrong> {
    match given.unwrap_or(default) {
        seconds @ 1..=3600 => Ok(Duration::from_secs(seconds)),
        seconds => {
            let why = format!("must be 1 to 3600 seconds (it is {seconds})");
            Err(wrong(key, why))
        }
    }
}
