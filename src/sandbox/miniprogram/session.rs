//! Sessions and phone numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::json;
use super::trade::Untradable;
use crate::api::miniprogram::session::SessionKey;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::platform::Query;
use crate::sandbox::refusal::Outcome;
use crate::sandbox::state::State;

const NO_SESSION: ErrCode = ErrCode::new(87007);
const INVALID_SIG_METHOD: ErrCode = ErrCode::new(87008);

impl State {
    /// `GET /sns/jscode2session`: each sign-in makes a new key.
    pub(super) fn code_to_session(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let appid = self.check_secret(query.get("appid"), query.get("secret"))?;
        if query.get("grant_type") != Some("authorization_code") {
            return Err(ErrCode::INVALID_GRANT_TYPE);
        }
        let code = query.get("js_code").filter(|code| !code.is_empty());
        let code = code.ok_or(ErrCode::MISSING_CODE)?;
        let traded = self.mini.logins.trade(code, &appid, now);
        let person = traded.map_err(|why| match why {
            Untradable::Used => ErrCode::CODE_USED,
            _ => ErrCode::INVALID_CODE,
        })?;
        let person = self.person_mut(person).ok_or(ErrCode::SYSTEM_BUSY)?;
        let (openid, unionid) = (person.openid(&appid), person.unionid.clone());
        let session_key = self.new_session(appid, &openid);
        Ok(json!({ "session_key": session_key, "openid": openid, "unionid": unionid }))
    }

    /// `GET /wxa/checksession`
    pub(super) fn check_session(&mut self, query: &Query, now: SystemTime) -> Outcome {
        self.signed_session(query, now)?;
        Ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    /// `GET /wxa/resetusersessionkey`
    pub(super) fn reset_session(&mut self, query: &Query, now: SystemTime) -> Outcome {
        let (appid, openid) = self.signed_session(query, now)?;
        let session_key = self.new_session(appid, &openid);
        let fields = json!({ "openid": openid, "session_key": session_key });
        Ok(fields)
    }

    /// The session whose key signed the query.
    fn signed_session(&self, query: &Query, now: SystemTime) -> Result<(AppId, String), ErrCode> {
        let appid = self.tokens.check(query.get("access_token"), now)?;
        let openid = query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        if query.get("sig_method") != Some("hmac_sha256") {
            return Err(INVALID_SIG_METHOD);
        }
        let session = (appid, openid.to_owned());
        let key = self.mini.sessions.get(&session).ok_or(NO_SESSION)?;
        if query.get("signature") != Some(&*SessionKey::new(key.as_str()).sign("")) {
            return Err(ErrCode::INVALID_SESSION_SIGNATURE);
        }
        Ok(session)
    }

    fn new_session(&mut self, appid: AppId, openid: &str) -> String {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        self.issued.note(&key);
        self.issued.note(&SessionKey::new(key.as_str()).sign(""));
        let session = (appid, openid.to_owned());
        self.mini.sessions.insert(session, key.clone());
        key
    }

    /// `POST /wxa/business/getuserphonenumber`
    pub(super) fn phone_number(&mut self, query: &Query, body: &[u8], now: SystemTime) -> Outcome {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            code: String,
            openid: Option<String>,
        }

        let appid = self.tokens.check(query.get("access_token"), now)?;
        let Body { code, openid } = json(body)?;
        let traded = self.mini.phones.trade(&code, &appid, now);
        let person = traded.map_err(|why| match why {
            Untradable::Foreign => ErrCode::INVALID_APPID,
            _ => ErrCode::INVALID_CODE,
        })?;
        let person = self.person_mut(person).ok_or(ErrCode::SYSTEM_BUSY)?;
        if openid.is_some_and(|openid| openid != person.openid(&appid)) {
            return Err(ErrCode::INVALID_OPENID);
        }
        let timestamp = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Ok(json!({
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": person.phone,
                "purePhoneNumber": person.phone,
                "countryCode": "86",
                "watermark": { "timestamp": timestamp, "appid": appid },
            },
        }))
    }
}
