//! The `[timeouts]` table: the time limits of calls to the platform.

use std::time::Duration;

use serde::Deserialize;
use tower_wechat::client::{ReqwestTransport, WechatBuilder};

use super::{Wrong, wrong};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeouts {
    connect_ms: Option<u64>,
    call_ms: Option<u64>,
}

impl Timeouts {
    pub(super) fn apply(&self, builder: WechatBuilder) -> Result<WechatBuilder, Wrong> {
        let mut builder = builder;
        if let Some(limit) = milliseconds("timeouts.connect_ms", self.connect_ms)? {
            let transport = ReqwestTransport::connecting_within(limit);
            let transport = transport.map_err(|error| wrong("timeouts", error.message()))?;
            builder = builder.transport(transport);
        }
        if let Some(limit) = milliseconds("timeouts.call_ms", self.call_ms)? {
            builder = builder.timeout(limit);
        }
        Ok(builder)
    }
}

pub(super) fn milliseconds(key: &str, given: Option<u64>) -> Result<Option<Duration>, Wrong> {
    match given {
        Some(ms) if !(1..=120_000).contains(&ms) => {
            let why = format!("must be 1 to 120000 milliseconds (it is {ms})");
            Err(wrong(key, why))
        }
        given => Ok(given.map(Duration::from_millis)),
    }
}
