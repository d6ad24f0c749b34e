//! Links.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{is_legal, json};
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::platform::Query;
use crate::sandbox::random;
use crate::sandbox::refusal::Outcome;
use crate::sandbox::state::State;

const DAY: Duration = Duration::from_secs(24 * 3600);
const LIFE_MIN: Duration = Duration::from_secs(60);
const LIFE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// The most links at a time.
const LINKS_MAX: usize = 100_000;
const LINKS_USED_UP: ErrCode = ErrCode::new(44993);
const INVALID_VERSION: ErrCode = ErrCode::new(85402);
const INVALID_PAGE_URL: ErrCode = ErrCode::new(40066);

#[derive(Debug)]
pub(super) struct Link {
    appid: AppId,
    info: Value,
}

#[derive(Deserialize, Default)]
struct Target {
    path: Option<String>,
    query: Option<String>,
    env_version: Option<String>,
}

#[derive(Deserialize)]
struct Expiry {
    #[serde(default)]
    expire_type: u8,
    expire_time: Option<u64>,
    expire_interval: Option<u32>,
}

impl Expiry {
    fn end(&self, now: SystemTime) -> Result<SystemTime, ErrCode> {
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

impl State {
    /// `POST /wxa/generatescheme`
    pub(super) fn scheme(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            jump_wxa: Target,
            #[serde(flatten)]
            expiry: Expiry,
        }

        let appid = self.tokens.check(query.get("access_token"), now)?;
        let Body { jump_wxa, expiry } = json(body)?;
        let link = format!("weixin://dl/business/?t={}", random::text(12));
        self.keep(link.clone(), appid, &jump_wxa, &expiry, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "openlink": link }))
    }

    /// `POST /wxa/generate_urllink`
    pub(super) fn url_link(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            #[serde(flatten)]
            target: Target,
            #[serde(flatten)]
            expiry: Expiry,
        }

        let appid = self.tokens.check(query.get("access_token"), now)?;
        let Body { target, expiry } = json(body)?;
        let link = format!("https://wxaurl.cn/{}", random::text(12));
        self.keep(link.clone(), appid, &target, &expiry, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "url_link": link }))
    }

    /// `POST /wxa/genwxashortlink`
    pub(super) fn short_link(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            page_url: String,
            page_title: Option<String>,
        }

        let appid = self.tokens.check(query.get("access_token"), now)?;
        let Body {
            page_url,
            page_title,
        } = json(body)?;
        let page = page_url.split('?').next().unwrap_or_default();
        if page_url.len() > 1024 || !self.mini.has_released(&appid, page.trim_start_matches('/')) {
            return Err(INVALID_PAGE_URL);
        }
        let title: String = page_title.unwrap_or_default().chars().take(20).collect();
        let link = format!("#小程序://{title}/{}", random::text(15));
        Ok(json!({ "errcode": 0, "errmsg": "ok", "link": link }))
    }

    /// `POST /wxa/queryscheme`
    pub(super) fn query_scheme(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            scheme: String,
        }

        let Body { scheme } = json(body)?;
        let info = self.known(query, &scheme, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "scheme_info": info }))
    }

    /// `POST /wxa/query_urllink`
    pub(super) fn query_url_link(
        &mut self,
        query: &Query,
        body: &[u8],
        now: SystemTime,
    ) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            url_link: String,
        }

        let Body { url_link } = json(body)?;
        let info = self.known(query, &url_link, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "url_link_info": info }))
    }

    fn known(&self, query: &Query, link: &str, now: SystemTime) -> Result<Value, ErrCode> {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let link = self.mini.links.get(link);
        let link = link.filter(|link| link.appid == appid);
        link.map(|link| link.info.clone())
            .ok_or(ErrCode::LINK_NOT_FOUND)
    }

    fn keep(
        &mut self,
        link: String,
        appid: AppId,
        target: &Target,
        expiry: &Expiry,
        now: SystemTime,
    ) -> Result<(), ErrCode> {
        let path = target.path.as_deref().unwrap_or_default();
        let page = path.trim_start_matches('/');
        if !page.is_empty() && !self.mini.has_released(&appid, page) {
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
        let end = expiry.end(now)?;
        if self.mini.links.len() >= LINKS_MAX {
            return Err(LINKS_USED_UP);
        }
        let unix = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs()
        };
        let info = json!({
            "appid": appid,
            "path": path,
            "query": query,
            "create_time": unix(now),
            "expire_time": unix(end),
            "env_version": version,
        });
        self.mini.links.insert(link, Link { appid, info });
        Ok(())
    }
}
