//! The expiry of links.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::error::ErrCode;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LIFE_MIN: Duration = Duration::from_secs(60);
const LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Deserialize)]
pub(super) struct Expiry {
    #[serde(default)]
    expire_type: u8,
    expire_time: Option<u64>,
    expire_interval: Option<u32>,
}

impl Expiry {
    pub(super) fn end(&self, now: SystemTime) -> Result<SystemTime, ErrCode> {
        let end = match self.expire_type {
            0 => UNIX_EPOCH.checked_add(Duration::from_secs(self.expire_time.unwrap_or_default())),
            1 => now.checked_add(DAY.saturating_mul(self.expire_interval.unwrap_or_default())),
            _ => return Err(ErrCode::INVALID_ARGS),
        };
        end.filter(|end| {
            let life = end.duration_since(now).unwrap_or_default();
            (LIFE_MIN..=LIFE_MAX).contains(&life)
        })
        .ok_or(ErrCode::INVALID_LINK_EXPIRY)
    }
}
