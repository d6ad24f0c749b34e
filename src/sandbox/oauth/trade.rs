//! The calls that exchange a code or a refresh token.

use std::time::Duration;

use serde_json::{Value, json};

use super::grants::{Grant, Grants};
use crate::error::ErrCode;
use crate::sandbox::answer::Answer;
use crate::sandbox::call::OpenCall;
use crate::sandbox::directory::Directory;
use crate::sandbox::issued::Issued;
use crate::sandbox::random;

const TOKEN_LIFE: Duration = Duration::from_secs(7200);
const REFRESH_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

impl Grants {
    /// `GET /sns/oauth2/access_token`
    pub(in crate::sandbox) fn trade_code(
        &mut self,
        directory: &mut Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Answer {
        let (query, now) = (call.query, call.now);
        let appid = directory.check_secret(query.get("appid"), query.get("secret"))?;
        if query.get("grant_type") != Some("authorization_code") {
            return Err(ErrCode::INVALID_GRANT_TYPE.into());
        }
        let code = query.get("code").filter(|code| !code.is_empty());
        let code = code.ok_or(ErrCode::MISSING_CODE)?;
        let code = self
            .codes
            .get_mut(code)
            .filter(|code| code.grant.appid == appid);
        let code = code.ok_or(ErrCode::INVALID_CODE)?;
        if code.used {
            return Err(ErrCode::CODE_USED.into());
        }
        if code.grant.end <= now {
            return Err(ErrCode::CODE_EXPIRED.into());
        }
        // Marked only after all checks: a refused call does not use up the code.
        code.used = true;
        let grant = code.grant.until(now + TOKEN_LIFE);
        let refresh_token = format!("{}_{}", random::digits(2), random::alphanumeric(86));
        issued.note(&refresh_token);
        let token = self.user_token(issued, &grant);
        let remembered = (grant.until(now + REFRESH_LIFE), token.clone());
        self.refresh.insert(refresh_token.clone(), remembered);
        Ok(answer(directory, &grant, &token, &refresh_token))
    }

    /// `GET /sns/oauth2/refresh_token`: extends a valid access token, or replaces an expired one.
    pub(in crate::sandbox) fn refresh_token(
        &mut self,
        directory: &mut Directory,
        issued: &mut Issued,
        call: &OpenCall<'_>,
    ) -> Answer {
        let (query, now) = (call.query, call.now);
        let appid = query.get("appid").filter(|appid| !appid.is_empty());
        let appid = appid.ok_or(ErrCode::MISSING_APPID)?;
        directory.account(appid).ok_or(ErrCode::INVALID_APPID)?;
        if query.get("grant_type") != Some("refresh_token") {
            return Err(ErrCode::INVALID_GRANT_TYPE.into());
        }
        let refresh_token = query.get("refresh_token").filter(|token| !token.is_empty());
        let refresh_token = refresh_token.ok_or(ErrCode::MISSING_REFRESH_TOKEN)?;
        let found = self.refresh.get(refresh_token).cloned();
        let (grant, token) = found
            .filter(|(grant, _)| grant.appid.as_str() == appid)
            .ok_or(ErrCode::INVALID_REFRESH_TOKEN)?;
        if grant.end <= now {
            return Err(ErrCode::REFRESH_TOKEN_EXPIRED.into());
        }
        let renewed = grant.until(now + TOKEN_LIFE);
        let token = match self.tokens.get_mut(&token) {
            Some(live) if live.end > now => {
                live.end = renewed.end;
                token
            }
            _ => self.user_token(issued, &renewed),
        };
        let remembered = (grant, token.clone());
        self.refresh.insert(refresh_token.to_owned(), remembered);
        Ok(answer(directory, &renewed, &token, refresh_token))
    }

    fn user_token(&mut self, issued: &mut Issued, grant: &Grant) -> String {
        let token = format!("{}_{}", random::digits(2), random::alphanumeric(86));
        issued.note(&token);
        self.tokens.insert(token.clone(), grant.clone());
        token
    }
}

fn answer(directory: &mut Directory, grant: &Grant, token: &str, refresh_token: &str) -> Value {
    let mut answer = json!({
        "access_token": token,
        "expires_in": TOKEN_LIFE.as_secs(),
        "refresh_token": refresh_token,
        "scope": if grant.profile { "snsapi_userinfo" } else { "snsapi_base" },
    });
    let Some(fields) = answer.as_object_mut() else {
        return answer;
    };
    if let Some(person) = directory.person_mut(grant.person) {
        fields.insert("openid".to_owned(), person.openid(&grant.appid).into());
        if grant.profile {
            fields.insert("unionid".to_owned(), person.unionid.clone().into());
        }
        if person.snapshot {
            fields.insert("is_snapshotuser".to_owned(), 1.into());
        }
    }
    answer
}
