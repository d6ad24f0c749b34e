//! Sign-in sessions of mini-programs.

use std::collections::HashMap;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::trade::{Codes, Untradable};
use crate::api::miniprogram::session::SessionKey;
use crate::app::AppId;
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::{Call, OpenCall};
use crate::sandbox::directory::{Directory, PersonId};
use crate::sandbox::issued::Issued;

const NO_SESSION: ErrCode = ErrCode::new(87007);
const INVALID_SIG_METHOD: ErrCode = ErrCode::new(87008);

#[derive(Debug, Default)]
pub(in crate::sandbox) struct Sessions {
    logins: Codes,
    /// The current session keys, by app and OpenID.
    keys: HashMap<(AppId, String), String>,
}

impl Sessions {
    /// Issues a code of `wx.login`.
    pub(in crate::sandbox) fn login_code(
        &mut self,
        appid: &AppId,
        person: PersonId,
        now: SystemTime,
    ) -> String {
        self.logins.mint(appid, person, now)
    }

    /// Returns the key of a user's current session.
    pub(in crate::sandbox) fn key(&self, appid: &AppId, openid: &str) -> Option<&str> {
        let session = (appid.clone(), openid.to_owned());
        self.keys.get(&session).map(String::as_str)
    }

    /// `GET /sns/jscode2session`: each sign-in creates a new session key.
    pub(in crate::sandbox) fn sign_in(
        &mut self,
        directory: &mut Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Answer {
        let query = call.query;
        let appid = directory.check_secret(query.get("appid"), query.get("secret"))?;
        if query.get("grant_type") != Some("authorization_code") {
            return Err(ErrCode::INVALID_GRANT_TYPE.into());
        }
        let code = query.get("js_code").filter(|code| !code.is_empty());
        let code = code.ok_or(ErrCode::MISSING_CODE)?;
        let traded = self.logins.trade(code, &appid, call.now);
        let person = traded.map_err(|why| match why {
            Untradable::Used => ErrCode::CODE_USED,
            _ => ErrCode::INVALID_CODE,
        })?;
        let person = directory.person_mut(person).ok_or(ErrCode::SYSTEM_BUSY)?;
        let (openid, unionid) = (person.openid(&appid), person.unionid.clone());
        let session_key = self.renew(issued, appid, &openid);
        Ok(json!({ "session_key": session_key, "openid": openid, "unionid": unionid }))
    }

    /// `GET /wxa/checksession`
    pub(in crate::sandbox) fn check(&self, call: &Call<'_>) -> Answer {
        self.signed(call)?;
        done()
    }

    /// `GET /wxa/resetusersessionkey`
    pub(in crate::sandbox) fn reset(&mut self, issued: &mut Issued, call: &Call<'_>) -> Answer {
        let (appid, openid) = self.signed(call)?;
        let session_key = self.renew(issued, appid, &openid);
        let fields = json!({ "openid": openid, "session_key": session_key });
        Ok(fields)
    }

    /// Verifies the query's signature and returns the session that it belongs to.
    fn signed(&self, call: &Call<'_>) -> Result<(AppId, String), ErrCode> {
        let query = call.query;
        let openid = query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        if query.get("sig_method") != Some("hmac_sha256") {
            return Err(INVALID_SIG_METHOD);
        }
        let session = (call.appid.clone(), openid.to_owned());
        let key = self.keys.get(&session).ok_or(NO_SESSION)?;
        if query.get("signature") != Some(&*SessionKey::new(key.as_str()).sign("")) {
            return Err(ErrCode::INVALID_SESSION_SIGNATURE);
        }
        Ok(session)
    }

    fn renew(&mut self, issued: &mut Issued, appid: AppId, openid: &str) -> String {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        issued.note(&key);
        // The signature counts as a secret too: it authenticates calls for this session.
        issued.note(&SessionKey::new(key.as_str()).sign(""));
        let session = (appid, openid.to_owned());
        self.keys.insert(session, key.clone());
        key
    }
}
