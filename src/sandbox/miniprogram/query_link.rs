//! The calls that query a link. They refuse a malformed body before an invalid token.

use serde::Deserialize;
use serde_json::json;

use super::link::Links;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::OpenCall;
use crate::sandbox::token::AppTokens;

impl Links {
    /// `POST /wxa/queryscheme`
    pub(in crate::sandbox) fn query_scheme(
        &self,
        tokens: &AppTokens,
        call: &OpenCall<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            scheme: String,
        }

        let Body { scheme } = call.json_or_malformed()?;
        let appid = tokens.check(call.query.get("access_token"), call.now)?;
        let info = self.known(&appid, &scheme)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "scheme_info": info }))
    }

    /// `POST /wxa/query_urllink`
    pub(in crate::sandbox) fn query_url_link(
        &self,
        tokens: &AppTokens,
        call: &OpenCall<'_>,
    ) -> Answer {
        #[derive(Deserialize)]
        struct Body {
            url_link: String,
        }

        let Body { url_link } = call.json_or_malformed()?;
        let appid = tokens.check(call.query.get("access_token"), call.now)?;
        let info = self.known(&appid, &url_link)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok", "url_link_info": info }))
    }
}
