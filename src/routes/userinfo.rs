//! `POST getwxuserinfo`: a code of web OAuth for the user's profile.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use serde::{Deserialize, Serialize};
use tower::Service;

use super::access::AccessKeys;
use super::envelope::{Failure, RetCode};
use super::json::{self, Options, Route, bounded, required};
use crate::api::oauth::{self, Profile, UserToken};
use crate::body::Body;
use crate::client::Wechat;
use crate::error::BoxError;
use crate::runtime::BoxFuture;
use crate::secret::Secret;

/// Trades the code with which a browser came back for the user's profile.
///
/// It takes `{"source","appid","code"}` and answers with the profile in the
/// [envelope](super#the-envelope). `unionid` comes from whichever of the platform's two answers
/// has it. `is_snapshot_user` is 1 for a virtual account: never bind anything to it.
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
/// let login = UserInfoService::new(wechat.clone());
/// let request = Request::post("/login/wechat")
///     .header(header::CONTENT_TYPE, "application/json")
///     .body(Body::from(r#"{"source":"shop","appid":"wx3cc8fd6963e31a32","code":"stale"}"#))?;
/// assert_eq!(login.oneshot(request).await?.status(), StatusCode::UNPROCESSABLE_ENTITY);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct UserInfoService {
    wechat: Wechat,
    options: Options,
    expose_tokens: bool,
}

impl UserInfoService {
    /// A service for all apps of `wechat`.
    pub fn new(wechat: Wechat) -> Self {
        Self {
            wechat,
            options: Options::default(),
            expose_tokens: false,
        }
    }

    /// As [`Routes::access_keys`](super::Routes::access_keys).
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.options.access = AccessKeys::new(keys);
        self
    }

    /// As [`Routes::failures_as_200`](super::Routes::failures_as_200).
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.options.failures_as_200 = true;
        self
    }

    /// As [`Routes::expose_tokens`](super::Routes::expose_tokens).
    #[must_use]
    pub fn expose_tokens(mut self) -> Self {
        self.expose_tokens = true;
        self
    }
}

impl<B> Service<Request<B>> for UserInfoService
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// Always ready: what a request needs is waited for in its own future.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        json::serve(self.clone(), self.options.clone(), request)
    }
}

#[derive(Deserialize)]
pub(super) struct UserInfoRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    code: Option<String>,
    flow_id: Option<String>,
}

#[derive(Serialize)]
pub(super) struct UserInfoAnswer {
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

impl Route for UserInfoService {
    const NAME: &'static str = "getwxuserinfo";
    type Request = UserInfoRequest;
    type Answer = UserInfoAnswer;

    async fn answer(self, request: UserInfoRequest) -> Result<UserInfoAnswer, Failure> {
        let source = required("source", request.source)?;
        bounded("source", &source)?;
        bounded("flow_id", request.flow_id.as_deref().unwrap_or_default())?;
        let appid = required("appid", request.appid)?;
        let code = required("code", request.code)?;

        let app = self
            .wechat
            .app(&appid)
            .map_err(|error| Failure::of(error, RetCode::APP))?;
        let token = app.call(oauth::AccessToken::new(code)).await;
        let token = token.map_err(|error| Failure::of(error, RetCode::TOKEN))?;
        let profile = app.call(oauth::UserInfo::of(&token)).await;
        let profile = profile.map_err(|error| Failure::of(error, RetCode::USER_INFO))?;
        tracing::debug!(source, appid, "signed a user in");
        Ok(UserInfoAnswer::new(
            request.flow_id,
            appid,
            token,
            profile,
            self.expose_tokens,
        ))
    }
}

impl UserInfoAnswer {
    fn new(
        flow_id: Option<String>,
        appid: String,
        token: UserToken,
        profile: Profile,
        expose_tokens: bool,
    ) -> Self {
        let exposed = |secret: &Secret| match expose_tokens {
            true => secret.expose().to_owned(),
            false => String::new(),
        };
        Self {
            flow_id,
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
