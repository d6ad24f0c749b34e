//! QR codes with a scene: created, shown and scanned.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use ::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::json;

use super::scene::Request;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, empty, image};
use crate::sandbox::call::{Call, OpenCall};
use crate::sandbox::refusal::Refused;
use crate::sandbox::{picture, random};

/// The maximum number of permanent codes of an account, and of its temporary ones.
const CODES_MAX: usize = 100_000;
const LIFE: u64 = 60;
const LIFE_MAX: u64 = 2_592_000;

#[derive(Debug, Default)]
pub(in crate::sandbox) struct QrCodes(HashMap<String, Code>);

#[derive(Debug, Clone)]
struct Code {
    appid: AppId,
    scene: String,
    url: String,
    end: Option<SystemTime>,
}

impl Code {
    fn lives(&self, now: SystemTime) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}

impl QrCodes {
    fn live(&self, ticket: &str, now: SystemTime) -> Option<&Code> {
        self.0.get(ticket).filter(|code| code.lives(now))
    }

    /// Returns the scene of an app's code that has not expired.
    pub(in crate::sandbox) fn scene(
        &self,
        appid: &AppId,
        ticket: &str,
        now: SystemTime,
    ) -> Option<String> {
        let code = self.live(ticket, now)?;
        (code.appid == *appid).then(|| code.scene.clone())
    }

    /// `POST /cgi-bin/qrcode/create`
    pub(in crate::sandbox) fn create(&mut self, call: &Call<'_>) -> Answer {
        let body: Request = call.json()?;
        let (scene, permanent) = body.scene().ok_or(ErrCode::INVALID_ACTION_INFO)?;
        let life = body.expire_seconds.unwrap_or(LIFE);
        if !permanent && !(1..=LIFE_MAX).contains(&life) {
            return Err(Refused::new(40097, "invalid args, expire_seconds"));
        }

        let codes = &mut self.0;
        codes.retain(|_, code| code.lives(call.now));
        let of_app = |code: &&Code| code.appid == call.appid && code.end.is_none() == permanent;
        if permanent {
            // The platform returns the existing code for a known permanent scene.
            let known = codes
                .iter()
                .find(|(_, code)| of_app(code) && code.scene == scene);
            if let Some((ticket, code)) = known {
                return Ok(json!({ "ticket": ticket, "url": code.url }));
            }
        }
        if codes.values().filter(of_app).count() >= CODES_MAX {
            return Err(ErrCode::CODES_USED_UP.into());
        }
        let (ticket, url) = (
            random::ticket(),
            format!("http://weixin.qq.com/q/02{}", random::alphanumeric(22)),
        );
        let end = (!permanent).then(|| call.now + Duration::from_secs(life));
        let answer = match permanent {
            true => json!({ "ticket": ticket, "url": url }),
            false => json!({ "ticket": ticket, "expire_seconds": life, "url": url }),
        };
        let appid = call.appid.clone();
        let code = Code {
            appid,
            scene,
            url,
            end,
        };
        codes.insert(ticket, code);
        Ok(answer)
    }

    /// `GET /cgi-bin/showqrcode`: returns the image, or HTTP 404 for an unknown, expired or
    /// corrupted ticket.
    pub(in crate::sandbox) fn show(&self, call: &OpenCall<'_>) -> Response<Bytes> {
        let ticket = call.query.get("ticket").unwrap_or_default();
        let code = self.live(ticket, call.now);
        let Some(file) = code.and_then(|code| picture::png(&code.url)) else {
            return empty(StatusCode::NOT_FOUND);
        };
        // The platform's content type for its JPEG. The sandbox sends a PNG under it, because
        // clients detect the format from the bytes.
        image(file, HeaderValue::from_static("image/jpg"))
    }
}
