//! Mini-program codes. Handlers return the text, and the caller draws it.

use std::collections::HashMap;

use serde::Deserialize;

use super::legal::is_legal;
use super::page::{HOME, Pages};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::call::Call;

/// The maximum number of codes with a path that an app may create.
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

/// `POST /wxa/getwxacodeunlimit`: returns the text of the code.
pub(in crate::sandbox) fn unlimited(pages: &Pages, call: &Call<'_>) -> Result<String, ErrCode> {
    let asked: Unlimited = call.json_or_malformed()?;
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
    if !is_name || asked.check_path && !pages.has_released(&call.appid, page) {
        return Err(ErrCode::INVALID_PAGE);
    }
    let scene: String = form_urlencoded::byte_serialize(asked.scene.as_bytes()).collect();
    Ok(format!("wxa://{}/{page}?scene={scene}", call.appid))
}

/// The number of codes with a path that each app has created.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct LimitedCodes(HashMap<AppId, u32>);

impl LimitedCodes {
    /// `POST /wxa/getwxacode` and `POST /cgi-bin/wxaapp/createwxaqrcode`: returns the text of the
    /// code. The path may have at most `max` bytes.
    pub(in crate::sandbox) fn make(
        &mut self,
        max: usize,
        call: &Call<'_>,
    ) -> Result<String, ErrCode> {
        let asked: Limited = call.json_or_malformed()?;
        if !(1..=max).contains(&asked.path.len()) {
            return Err(ErrCode::INVALID_PATH);
        }
        reserved(&asked.path)?;
        asked.style.check()?;
        let made = self.0.entry(call.appid.clone()).or_default();
        if *made >= LIMITED_MAX {
            return Err(ErrCode::CODES_USED_UP);
        }
        *made += 1;
        Ok(format!("wxa://{}/{}", call.appid, asked.path))
    }
}

/// Refuses `scancode_time`, a parameter that the platform reserves.
fn reserved(text: &str) -> Result<(), ErrCode> {
    match text.contains("scancode_time") {
        true => Err(ErrCode::RESERVED_PARAMETER),
        false => Ok(()),
    }
}
