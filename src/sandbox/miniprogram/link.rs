//! Links that open a mini-program: URL schemes and URL links.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::expiry::Expiry;
use super::legal::is_legal;
use super::page::Pages;
use crate::app::AppId;
use crate::clock::unix;
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::Call;
use crate::sandbox::random;

/// The maximum number of links of all apps.
const LINKS_MAX: usize = 100_000;
const LINKS_USED_UP: ErrCode = ErrCode::new(44993);
const INVALID_VERSION: ErrCode = ErrCode::new(85402);

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Links(HashMap<String, Link>);

#[derive(Debug)]
struct Link {
    appid: AppId,
    info: Value,
}

#[derive(Deserialize, Default)]
struct Target {
    path: Option<String>,
    query: Option<String>,
    env_version: Option<String>,
}

impl Links {
    /// `POST /wxa/generatescheme`
    pub(in crate::sandbox) fn scheme(&mut self, pages: &Pages, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            jump_wxa: Target,
            #[serde(flatten)]
            expiry: Expiry,
        }

        let Body { jump_wxa, expiry } = call.json_or_malformed()?;
        let link = format!("weixin://dl/business/?t={}", random::alphanumeric(12));
        self.keep(link.clone(), pages, call, &jump_wxa, &expiry)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "openlink": link }))
    }

    /// `POST /wxa/generate_urllink`
    pub(in crate::sandbox) fn url_link(&mut self, pages: &Pages, call: &Call<'_>) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            #[serde(flatten)]
            target: Target,
            #[serde(flatten)]
            expiry: Expiry,
        }

        let Body { target, expiry } = call.json_or_malformed()?;
        let link = format!("https://wxaurl.cn/{}", random::alphanumeric(12));
        self.keep(link.clone(), pages, call, &target, &expiry)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "url_link": link }))
    }

    /// Returns the information about an app's link.
    pub(super) fn known(&self, appid: &AppId, link: &str) -> Result<Value, ErrCode> {
        let link = self.0.get(link);
        let link = link.filter(|link| link.appid == *appid);
        link.map(|link| link.info.clone())
            .ok_or(ErrCode::LINK_NOT_FOUND)
    }

    fn keep(
        &mut self,
        link: String,
        pages: &Pages,
        call: &Call<'_>,
        target: &Target,
        expiry: &Expiry,
    ) -> Result<(), ErrCode> {
        let path = target.path.as_deref().unwrap_or_default();
        let page = path.trim_start_matches('/');
        if !page.is_empty() && !pages.has_released(&call.appid, page) {
            return Err(ErrCode::INVALID_LINK_PATH);
        }
        let query = target.query.as_deref().unwrap_or_default();
        if query.len() > 1024 || !is_legal(query, "%") {
            return Err(ErrCode::INVALID_LINK_QUERY);
        }
        let version = target.env_version.as_deref().unwrap_or("release");
        if !["release", "trial", "develop"].contains(&version) {
            return Err(INVALID_VERSION);
        }
        let end = expiry.end(call.now)?;
        if self.0.len() >= LINKS_MAX {
            return Err(LINKS_USED_UP);
        }
        let info = json!({
            "appid": call.appid,
            "path": path,
            "query": query,
            "create_time": unix(call.now),
            "expire_time": unix(end),
            "env_version": version,
        });
        let appid = call.appid.clone();
        self.0.insert(link, Link { appid, info });
        Ok(())
    }
}
