//! Short links.

use serde::Deserialize;
use serde_json::json;

use super::page::Pages;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::random;

const INVALID_PAGE_URL: ErrCode = ErrCode::new(40066);

/// `POST /wxa/genwxashortlink`
pub(in crate::sandbox) fn make(pages: &Pages, call: &Call<'_>) -> Answer {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        page_url: String,
        page_title: Option<String>,
    }

    let Body {
        page_url,
        page_title,
    } = call.json_or_malformed()?;
    let page = page_url.split('?').next().unwrap_or_default();
    if page_url.len() > 1024 || !pages.has_released(&call.appid, page.trim_start_matches('/')) {
        return Err(INVALID_PAGE_URL.into());
    }
    let title: String = page_title.unwrap_or_default().chars().take(20).collect();
    let link = format!("#小程序://{title}/{}", random::alphanumeric(15));
    Ok(json!({ "errcode": 0, "errmsg": "ok", "link": link }))
}
