//! The calls that require a user's access token.

use serde_json::json;

use super::grants::{Grant, Grants};
use crate::error::ErrCode;
use crate::sandbox::answer::{Answer, done};
use crate::sandbox::call::OpenCall;
use crate::sandbox::directory::Directory;

impl Grants {
    /// `GET /sns/userinfo`
    pub(in crate::sandbox) fn user_info(
        &self,
        directory: &mut Directory,
        call: &OpenCall<'_>,
    ) -> Answer {
        let grant = self.check_grant(directory, call)?;
        if !grant.profile {
            return Err(ErrCode::API_UNAUTHORIZED.into());
        }
        let person = directory
            .person_mut(grant.person)
            .ok_or(ErrCode::INVALID_OPENID)?;
        Ok(json!({
            "openid": person.openid(&grant.appid),
            "nickname": person.nickname,
            "sex": 0,
            "language": "",
            "city": "",
            "province": "",
            "country": "",
            "headimgurl": person.headimgurl,
            "privilege": [],
            "unionid": person.unionid,
        }))
    }

    /// `GET /sns/auth`
    pub(in crate::sandbox) fn check_user_token(
        &self,
        directory: &mut Directory,
        call: &OpenCall<'_>,
    ) -> Answer {
        self.check_grant(directory, call)?;
        done()
    }

    fn check_grant(
        &self,
        directory: &mut Directory,
        call: &OpenCall<'_>,
    ) -> Result<Grant, ErrCode> {
        let (query, now) = (call.query, call.now);
        let token = query.get("access_token").filter(|token| !token.is_empty());
        let token = token.ok_or(ErrCode::MISSING_ACCESS_TOKEN)?;
        let openid = query.get("openid").filter(|openid| !openid.is_empty());
        let openid = openid.ok_or(ErrCode::MISSING_OPENID)?;
        let grant = self
            .tokens
            .get(token)
            .cloned()
            .ok_or(ErrCode::INVALID_CREDENTIAL)?;
        if grant.end <= now {
            return Err(ErrCode::ACCESS_TOKEN_EXPIRED);
        }
        let person = directory
            .person_mut(grant.person)
            .ok_or(ErrCode::INVALID_OPENID)?;
        if person.openid(&grant.appid) != openid {
            return Err(ErrCode::INVALID_OPENID);
        }
        Ok(grant)
    }
}
