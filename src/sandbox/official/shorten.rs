//! Short keys.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;

use crate::app::AppId;
use crate::clock::unix;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::random;
use crate::sandbox::refusal::Refused;

const LIFE_MAX: u64 = 2_592_000;
/// The maximum number of keys.
const KEYS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct ShortKeys(HashMap<String, Kept>);

#[derive(Debug)]
struct Kept {
    appid: AppId,
    text: String,
    made: SystemTime,
    end: SystemTime,
}

impl ShortKeys {
    /// `POST /cgi-bin/shorten/gen`
    pub(in crate::sandbox) fn shorten(&mut self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            long_data: String,
            expire_seconds: Option<u64>,
        }

        let body: Body = call.json()?;
        if body.long_data.is_empty() || body.long_data.len() > 4096 {
            return Err(Refused::new(9_410_010, "long_data too long"));
        }
        let life = body.expire_seconds.unwrap_or(LIFE_MAX);
        if !(1..=LIFE_MAX).contains(&life) {
            return Err(Refused::new(9_410_011, "expire_seconds invalid"));
        }
        let keys = &mut self.0;
        keys.retain(|_, kept| kept.end > call.now);
        if keys.len() >= KEYS_MAX {
            return Err(crate::error::ErrCode::DAILY_QUOTA_REACHED.into());
        }
        let key = random::alphanumeric(15);
        let kept = Kept {
            appid: call.appid.clone(),
            text: body.long_data,
            made: call.now,
            end: call.now + Duration::from_secs(life),
        };
        keys.insert(key.clone(), kept);
        Ok(json!({ "errcode": 0, "errmsg": "ok", "short_key": key }))
    }

    /// `POST /cgi-bin/shorten/fetch`
    pub(in crate::sandbox) fn fetch(&self, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            short_key: String,
        }

        let body: Body = call.json()?;
        let kept = self.0.get(&body.short_key);
        let kept = kept.filter(|kept| kept.appid == call.appid && kept.end > call.now);
        let kept = kept.ok_or_else(|| Refused::new(9_410_012, "short_key not found"))?;
        let left = kept.end.duration_since(call.now).unwrap_or_default();
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            "long_data": kept.text,
            "create_time": unix(kept.made),
            "expire_seconds": left.as_secs(),
        }))
    }
}
