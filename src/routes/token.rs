//! `POST token`: returns an app's access token or ticket, for services in other languages.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use serde::{Deserialize, Serialize};
use tower::Service;

use super::caller::Caller;
use super::failure::{Failure, RetCode};
use super::json::{JsonRoute, JsonService};
use crate::body::Body;
use crate::client::Wechat;
use crate::error::{BoxError, Error};
use crate::runtime::{BoxFuture, Runtime};
use crate::secret::{Secret, serialize_exposed};

/// The shortest access key, in bytes.
const KEY_MIN: usize = 16;

/// Serves the apps' access tokens and tickets, so that services in other languages don't need the
/// secret or fetch competing tokens.
///
/// An access token allows everything that the app may do. It is therefore served to callers with an
/// access key only, and should not leave the private network.
///
/// The app's IP whitelist (IP 白名单, set in the 微信开发者平台) applies to every call with the token. It
/// must contain the addresses from which those services call the platform, in addition to the
/// address of this service. Otherwise their calls are refused with 40164.
///
/// The request is `{"source","appid"}` with an optional `kind`:
///
/// | `kind` | the body of the answer |
/// |---|---|
/// | `access_token`, or none | `appid`, `access_token`, `expires_in` |
/// | `jsapi_ticket`, `wx_card_ticket` | `appid`, `ticket`, `expires_in` |
///
/// `expires_in` is the remaining life in seconds. Request the token again after that time, or a
/// minute earlier. Answers come from the cache. When the platform rejects an access token (40001,
/// 40014, 42001), send that token as `refused`: it is replaced, unless it has already been.
///
/// Services in Rust can use [`TokenRouteSource`](crate::token::TokenRouteSource).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode, header};
/// use tower::ServiceExt;
/// use tower_wechat::Body;
/// use tower_wechat::routes::TokenRoute;
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// let tokens = TokenRoute::new(wechat, ["a key that only our services know"])?;
/// let request = Request::post("/token")
///     .header(header::CONTENT_TYPE, "application/json")
///     .header(header::AUTHORIZATION, "Bearer a key that only our services know")
///     .body(Body::from(r#"{"source":"shop","appid":"wx3cc8fd6963e31a32"}"#))?;
/// assert_eq!(tokens.oneshot(request).await?.status(), StatusCode::OK);
/// # Ok(())
/// # }
/// ```
///
/// The keys are set by [`new`](Self::new) only. No method removes them or adds shorter ones.
///
/// ```compile_fail
/// # let wechat = tower_wechat::sandbox::Sandbox::new().wechat();
/// # use tower_wechat::routes::TokenRoute;
/// let tokens = TokenRoute::new(wechat, ["a key that only our services know"]);
/// let tokens = tokens.unwrap().unprotected();
/// ```
#[derive(Debug, Clone)]
pub struct TokenRoute {
    service: JsonService<ServeToken>,
}

impl TokenRoute {
    /// Creates a service for all apps of `wechat` and callers with one of these keys.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no key, or for a key shorter
    /// than 16 bytes.
    pub fn new(
        wechat: Wechat,
        keys: impl IntoIterator<Item = impl Into<Secret>>,
    ) -> Result<Self, Error> {
        let keys: Vec<Secret> = keys.into_iter().map(Into::into).collect();
        let too_short = |key: &Secret| key.expose().len() < KEY_MIN;
        if keys.is_empty() || keys.iter().any(too_short) {
            return Err(Error::config(format!(
                "the token route requires an access key: give at least one key, of {KEY_MIN} bytes \
                 or more"
            )));
        }
        let runtime = wechat.runtime().clone();
        let service = JsonService::from_route(ServeToken { wechat }).access_keys(keys);
        Ok(Self {
            service: service.shared_runtime(runtime),
        })
    }

    /// As [`Routes::failures_as_200`](super::Routes::failures_as_200).
    #[must_use]
    pub fn failures_as_200(self) -> Self {
        Self {
            service: self.service.failures_as_200(),
        }
    }

    /// As [`JsonService::runtime`].
    #[must_use]
    pub fn runtime(self, runtime: impl Runtime) -> Self {
        Self {
            service: self.service.runtime(runtime),
        }
    }
}

impl<B> Service<Request<B>> for TokenRoute
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    /// Always ready: the returned future waits for what the request needs.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.service.call(request)
    }
}

/// The route of [`TokenRoute`].
#[derive(Debug, Clone)]
pub(super) struct ServeToken {
    wechat: Wechat,
}

/// The request of `token`.
#[derive(Debug, Deserialize)]
pub(super) struct TokenRequest {
    source: Option<String>,
    #[serde(alias = "app_id")]
    appid: Option<String>,
    flow_id: Option<String>,
    kind: Option<String>,
    refused: Option<Secret>,
}

/// The answer of `token`.
#[derive(Serialize)]
pub(super) struct TokenAnswer {
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<String>,
    appid: String,
    #[serde(flatten)]
    token: Kind,
    expires_in: u64,
}

#[derive(Serialize)]
enum Kind {
    #[serde(rename = "access_token", serialize_with = "serialize_exposed")]
    AccessToken(Secret),
    #[serde(rename = "ticket", serialize_with = "serialize_exposed")]
    Ticket(Secret),
}

/// Omits the token.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("appid", &self.appid)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

impl JsonRoute for ServeToken {
    const NAME: &'static str = "token";
    type Request = TokenRequest;
    type Answer = TokenAnswer;

    async fn answer(self, request: TokenRequest) -> Result<TokenAnswer, Failure> {
        let caller = Caller::check(request.source, request.appid, request.flow_id)?;
        let tokens = self.wechat.tokens();
        let kind = request.kind.as_deref().unwrap_or_default();
        let token = match (kind, &request.refused) {
            ("" | "access_token", Some(refused)) => tokens.renew(&caller.appid, refused).await,
            (_, Some(_)) => {
                return Err(Failure::parameter(
                    "refused is allowed with kind access_token only",
                ));
            }
            ("" | "access_token", None) => tokens.get(&caller.appid).await,
            ("jsapi_ticket", None) => tokens.ticket(&caller.appid).await,
            ("wx_card_ticket", None) => tokens.card_ticket(&caller.appid).await,
            _ => {
                return Err(Failure::parameter(
                    "kind must be access_token, jsapi_ticket or wx_card_ticket",
                ));
            }
        };
        let token = token.map_err(|error| Failure::from_error(error, RetCode::TOKEN))?;
        tracing::info!(
            source = caller.source,
            appid = caller.appid,
            kind,
            "served a token"
        );
        let secret = token.secret().clone();
        Ok(TokenAnswer {
            flow_id: caller.flow_id,
            appid: caller.appid,
            token: match kind {
                "" | "access_token" => Kind::AccessToken(secret),
                _ => Kind::Ticket(secret),
            },
            expires_in: token.expires_in(self.wechat.clock()).as_secs(),
        })
    }
}
