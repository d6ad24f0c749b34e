//! `POST getwxuserinfo`: exchanges a code of web OAuth for the user's profile.

use serde::{Deserialize, Serialize};

use super::caller::{Caller, required_secret};
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::api::oauth::{self, Profile, UserToken};
use crate::client::Wechat;
use crate::oauth::profile_of;
use crate::secret::Secret;

/// Exchanges the code of a web OAuth redirect for the user's profile.
///
/// The request is `{"source","appid","code"}`. The answer is the profile in the
/// [envelope](super#the-envelope). `unionid` is taken from either of the platform's two answers.
/// `is_snapshot_user` is 1 for a virtual account: never bind anything to it. The profile is empty,
/// except for `openid`, when the platform returns none: for some virtual accounts, and for a user
/// who was asked for `snsapi_base` only.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::UserInfoService;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let login = UserInfoService::new(wechat.clone()).unprotected(); // protected by a login layer
/// let request = Request::post("/login/wechat")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"source":"shop","appid":"wx3cc8fd6963e31a32","code":"stale"}"#))?;
/// assert_eq!(login.oneshot(request).await?.status(), StatusCode::UNPROCESSABLE_ENTITY);
/// # Ok(())
/// # }
/// ```
pub type UserInfoService = JsonService<UserInfo>;

impl UserInfoService {
    /// Creates a service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        let runtime = wechat.runtime().clone();
        Self::from_route(UserInfo::new(wechat)).shared_runtime(runtime)
    }

    /// As [`Routes::expose_tokens`](super::Routes::expose_tokens).
    #[must_use]
    pub fn expose_tokens(mut self) -> Self {
        self.route.expose_tokens = true;
        self
    }
}

/// The route of [`UserInfoService`].
#[derive(Debug, Clone)]
pub struct UserInfo {
    wechat: Wechat,
    pub(super) expose_tokens: bool,
}

impl UserInfo {
    pub(super) fn new(wechat: Wechat) -> Self {
        Self {
            wechat,
            expose_tokens: false,
        }
    }
}

/// The request of `getwxuserinfo`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct UserInfoRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    code: Option<Secret>,
    flow_id: Option<String>,
}

/// The answer of `getwxuserinfo`. Unknown texts are empty.
#[derive(Serialize)]
#[non_exhaustive]
pub struct UserInfoAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    access_token: String,
    openid: String,
    refresh_token: String,
    nickname: String,
    sex: u8,
    province: String,
    city: String,
    country: String,
    headimgurl: String,
    unionid: String,
    is_snapshot_user: u8,
}

/// Omits the tokens and the profile.
impl std::fmt::Debug for UserInfoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInfoAnswer")
            .field("appid", &self.appid)
            .field("openid", &self.openid)
            .finish_non_exhaustive()
    }
}

impl JsonRoute for UserInfo {
    const NAME: &'static str = "getwxuserinfo";
    type Request = UserInfoRequest;
    type Answer = UserInfoAnswer;

    async fn answer(self, request: UserInfoRequest) -> Result<UserInfoAnswer, Failure> {
        let caller = Caller::check(request.source, request.appid, request.flow_id)?;
        let code = required_secret("code", request.code)?;

        let app = caller.app(&self.wechat)?;
        let token = app.call(oauth::ExchangeCode::new(code)).await;
        let token = token.map_err(|error| Failure::from_error(error, RetCode::TOKEN))?;
        let profile = profile_of(&app, oauth::GetUserInfo::new(&token), &token).await;
        let profile = profile.map_err(|error| Failure::from_error(error, RetCode::USER_INFO))?;
        tracing::debug!(
            source = caller.source,
            appid = caller.appid,
            "signed a user in"
        );
        Ok(UserInfoAnswer {
            flow_id: caller.flow_id,
            ..UserInfoAnswer::new(
                caller.appid,
                token,
                profile.unwrap_or_default(),
                self.expose_tokens,
            )
        })
    }
}

impl UserInfoAnswer {
    fn new(appid: String, token: UserToken, profile: Profile, expose_tokens: bool) -> Self {
        let exposed = |secret: &Secret| match expose_tokens {
            true => secret.expose().to_owned(),
            false => String::new(),
        };
        Self {
            flow_id: None,
            appid,
            access_token: exposed(&token.access_token),
            openid: token.openid,
            refresh_token: exposed(&token.refresh_token),
            nickname: profile.nickname,
            sex: profile.sex,
            province: profile.province,
            city: profile.city,
            country: profile.country,
            headimgurl: profile.headimgurl.unwrap_or_default(),
            unionid: token.unionid.or(profile.unionid).unwrap_or_default(),
            is_snapshot_user: token.is_snapshot_user.into(),
        }
    }
}
