//! Records for the tests of stores.

use std::sync::Arc;

use super::key::CodeKey;
use super::record::CodeRecord;
use crate::api::oauth::{Profile, UserToken};
use crate::app::AppId;
use crate::error::{ErrCode, Error, Refusal};
use crate::oauth::signed_in::User;
use crate::secret::Secret;

impl CodeRecord {
    /// Returns the records of a user and of a refusal, with characters that a careless store
    /// changes.
    pub(crate) fn samples(appid: AppId, state: CodeKey) -> [Self; 2] {
        let openid = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M".to_owned();
        let token = UserToken {
            access_token: Secret::new("access"),
            expires_in: 7200,
            refresh_token: Secret::new("refresh"),
            openid: openid.clone(),
            scope: "snsapi_userinfo".to_owned(),
            is_snapshot_user: false,
            unionid: None,
        };
        let profile = Profile {
            openid,
            nickname: "小明 👋 \n\u{1}' \" \\ {}".to_owned(),
            ..Profile::default()
        };
        let user = User {
            appid,
            token,
            profile: Some(profile),
        };
        let refusal = Refusal::new(ErrCode::INVALID_CODE, "invalid code");
        [Ok(Arc::new(user)), Err(Error::platform(refusal))].map(|outcome| Self { state, outcome })
    }
}
