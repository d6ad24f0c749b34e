//! Codes. The text that is returned is drawn by the caller.

use std::time::SystemTime;

use serde::Deserialize;

use super::{HOME, is_legal, json};
use crate::error::ErrCode;
use crate::sandbox::platform::Query;
use crate::sandbox::state::State;

/// The most codes with a path that an app may make.
const LIMITED_MAX: u32 = 100_000;

#[derive(Deserialize)]
struct Unlimited {
    #[serde(default)]
    scene: String,
    page: Option<String>,
    #[serde(default = "yes")]
    check_path: bool,
    #[serde(flatten)]
    style: Style,
}

#[derive(Deserialize)]
struct Limited {
    #[serde(default)]
    path: String,
    #[serde(flatten)]
    style: Style,
}

#[derive(Deserialize)]
struct Style {
    env_version: Option<String>,
    width: Option<u32>,
}

fn yes() -> bool {
    true
}

impl Style {
    fn check(&self) -> Result<(), ErrCode> {
        let version = self.env_version.as_deref().unwrap_or("release");
        let known = ["release", "trial", "develop"].contains(&version);
        let fits = (280..=1280).contains(&self.width.unwrap_or(430));
        if known && fits {
            return Ok(());
        }
        Err(ErrCode::INVALID_ARGS)
    }
}

impl State {
    /// `POST /wxa/getwxacodeunlimit`
    pub(super) fn unlimited_qrcode(
        &mut self,
        query: &Query,
        body: &[u8],
        now: SystemTime,
    ) -> Result<String, ErrCode> {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let asked: Unlimited = json(body)?;
        if !(1..=32).contains(&asked.scene.chars().count()) {
            return Err(ErrCode::INVALID_SCENE_LENGTH);
        }
        if !is_legal(&asked.scene, "") {
            return Err(ErrCode::INVALID_SCENE);
        }
        reserved(&asked.scene)?;
        asked.style.check()?;
        let page = asked.page.as_deref().filter(|page| !page.is_empty());
        let page = page.unwrap_or(HOME);
        let is_name = !page.starts_with('/') && !page.contains('?');
        if !is_name || asked.check_path && !self.mini.has_released(&appid, page) {
            return Err(ErrCode::INVALID_PAGE);
        }
        let scene: String = form_urlencoded::byte_serialize(asked.scene.as_bytes()).collect();
        Ok(format!("wxa://{appid}/{page}?scene={scene}"))
    }

    /// `POST /wxa/getwxacode` and `POST /cgi-bin/wxaapp/createwxaqrcode`
    pub(super) fn limited_qrcode(
        &mut self,
        query: &Query,
        body: &[u8],
        max: usize,
        now: SystemTime,
    ) -> Result<String, ErrCode> {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let asked: Limited = json(body)?;
        if !(1..=max).contains(&asked.path.len()) {
            return Err(ErrCode::INVALID_PATH);
        }
        reserved(&asked.path)?;
        asked.style.check()?;
        let made = self.mini.limited.entry(appid.clone()).or_default();
        if *made >= LIMITED_MAX {
            return Err(ErrCode::CODES_USED_UP);
        }
        *made += 1;
        Ok(format!("wxa://{appid}/{}", asked.path))
    }
}

fn reserved(text: &str) -> Result<(), ErrCode> {
    match text.contains("scancode_time") {
        true => Err(ErrCode::RESERVED_PARAMETER),
        false => Ok(()),
    }
}
