//! The documented routes: JSON in, `{ret, body}` out, for callers in any language.
//!
//! | path below the mount | method | |
//! |---|---|---|
//! | `getwxuserinfo` | `POST` | a code of web OAuth for the user's profile: [`UserInfoService`] |
//! | `getwxqrcode` | `POST` | a QR code with a scene: [`QrcodeService`] |
//! | `sendwxtemplatemsg` | `POST` | a template message to a follower: [`TemplateMessageService`] |
//! | `getunlimitedqrcode` | `POST` | a mini-program's code as an image: [`UnlimitedQrcodeService`] |
//! | `getuserphone` | `POST` | a code of the phone-number button for the number: [`PhoneService`] |
//! | `token` | `POST` | an app's access token, with [`Routes::serve_tokens`] only: [`TokenService`] |
//! | `wxmsg` | `GET`, `POST` | the platform's pushes: [`Callback`], when one app receives them |
//! | `wxmsg/{appid}` | `GET`, `POST` | the same, for each app that receives them |
//!
//! The documented mount is `/v1/service/wx`. A router that takes the prefix off, such as axum's
//! `nest_service`, needs nothing more; for one that does not there is [`Routes::prefix`].
//!
//! # The envelope
//!
//! ```json
//! {"ret":{"code":0,"msg":"OK","request_id":"wxmsg_7Fq0ZkW1xB"},"body":{}}
//! ```
//!
//! Success is HTTP 200 with code 0. A failure has a status that fits, one of the codes below, a
//! message that says what to do, and `errcode`, `errmsg` and `rid` when the platform refused.
//!
//! | code | |
//! |---|---|
//! | 3584001 | anything else |
//! | 3584002 | a parameter is wrong |
//! | 3584004 | the token was not to be had |
//! | 3584005 | the app is not configured, or its secret is wrong |
//! | 3584006 | the user's profile was not to be had |
//! | 3584007 | the code was not to be had |
//! | 3584008 | the phone number was not to be had |
//! | 3584009 | the template message was not sent |
//!
//! `source` names the calling business and is required; `flow_id` is echoed; `app_id` is taken for
//! `appid`. The caller's `x-request-id` is used in place of a new one. It is on every log line of
//! the request, in the span `wechat.route`.

mod access;
mod envelope;
mod failure;
mod future;
mod json;
mod phone;
mod qrcode;
mod request_id;
mod template_message;
mod token;
mod unlimited_qrcode;
mod userinfo;

pub use self::failure::{Failure, RetCode};
pub use self::future::ResponseFuture;
pub use self::json::{JsonRoute, JsonService};
pub use self::phone::{Phone, PhoneAnswer, PhoneRequest, PhoneService};
pub use self::qrcode::{Qrcode, QrcodeAnswer, QrcodeRequest, QrcodeService};
pub use self::template_message::{
    TemplateMessage, TemplateMessageAnswer, TemplateMessageRequest, TemplateMessageService,
};
pub use self::token::{ServeToken, TokenAnswer, TokenRequest, TokenService};
pub use self::unlimited_qrcode::{
    UnlimitedQrcode, UnlimitedQrcodeAnswer, UnlimitedQrcodeRequest, UnlimitedQrcodeService,
};
pub use self::userinfo::{UserInfo, UserInfoAnswer, UserInfoRequest, UserInfoService};

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Ready;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use tower::{Layer, Service};

use self::access::AccessKeys;
use self::json::Options;
use self::request_id::RequestId;
use crate::app::AppId;
use crate::body::Body;
use crate::callback::deadline::{Deadline, DeadlineLayer};
use crate::callback::once::{Once, OnceLayer};
use crate::callback::{Callback, IntoReply, Message, Reply};
use crate::client::Wechat;
use crate::error::{BoxError, Error};
use crate::secret::Secret;

/// All documented routes as one service; made by [`Wechat::routes`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
/// use tower_wechat::{Body, Event, Message, Reply, handler_fn};
/// # let sandbox = tower_wechat::sandbox::Sandbox::new();
/// # let wechat = sandbox.wechat();
///
/// async fn on_message(message: Message) -> Reply {
///     match message.event() {
///         Event::Scan(scan) => Reply::text(format!("scene {}", scan.scene())),
///         _ => Reply::none(),
///     }
/// }
///
/// let routes = wechat.routes().on_message(handler_fn(on_message)).prefix("/v1/service/wx");
/// let request = Request::post("/v1/service/wx/nosuchroute").body(Body::empty())?;
/// assert_eq!(routes.oneshot(request).await?.status(), StatusCode::NOT_FOUND);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Routes<H> {
    wechat: Wechat,
    prefix: Arc<str>,
    options: Options,
    userinfo: UserInfo,
    tokens: Option<TokenService>,
    callbacks: Arc<BTreeMap<AppId, Callback<H>>>,
}

/// Stands in [`Routes`] where no handler of messages has been set: `wxmsg` is then not found.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum NoHandler {}

impl Service<Message> for NoHandler {
    type Response = Reply;
    type Error = Infallible;
    type Future = Ready<Result<Reply, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match *self {}
    }

    fn call(&mut self, _: Message) -> Self::Future {
        match *self {}
    }
}

impl Routes<NoHandler> {
    pub(crate) fn new(wechat: Wechat) -> Self {
        Self {
            prefix: "".into(),
            options: Options {
                runtime: Some(wechat.runtime().clone()),
                ..Options::default()
            },
            userinfo: UserInfo::new(wechat.clone()),
            tokens: None,
            callbacks: Arc::default(),
            wechat,
        }
    }

    /// Hands the messages of every app that has callback keys to `handler`, each of them once, and
    /// answers `success` in its place when it takes longer than 4.5 seconds: see
    /// [`once`](crate::callback::once) and [`deadline`](crate::callback::deadline).
    ///
    /// A handler is a service of [`Message`]; an async function becomes one by
    /// [`handler_fn`](crate::handler_fn).
    pub fn on_message<H>(self, handler: H) -> Routes<Once<Deadline<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        self.on_message_within(DeadlineLayer::ack(), handler)
    }

    /// Does the same with a deadline of the host's: one that has a hook for late replies, holds the
    /// platform up, or counts its handlers for the shutdown.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::callback::deadline::DeadlineLayer;
    /// use tower_wechat::client::CustomerService;
    /// use tower_wechat::{Message, handler_fn};
    ///
    /// let deadline = DeadlineLayer::ack().late(CustomerService::new(wechat.clone()));
    /// let handler = handler_fn(|_: Message| async { "after some seconds of work" });
    /// let routes = wechat.routes().on_message_within(deadline, handler);
    /// ```
    pub fn on_message_within<H>(
        self,
        deadline: DeadlineLayer,
        handler: H,
    ) -> Routes<Once<Deadline<H>>>
    where
        H: Service<Message> + Clone + Send + 'static,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
        H::Future: Send,
    {
        let once = OnceLayer::new()
            .shared_clock(self.wechat.clock().clone())
            .shared_runtime(self.wechat.runtime().clone());
        let deadline = deadline.or_runtime(self.wechat.runtime());
        self.on_message_bare(once.layer(deadline.layer(handler)))
    }

    /// Hands every push to `handler` as it comes, also one that the platform sends again, and waits
    /// for as long as it takes. For a handler that has its own layers on.
    pub fn on_message_bare<H>(self, handler: H) -> Routes<H>
    where
        H: Service<Message> + Clone,
        H::Response: IntoReply,
        H::Error: Into<BoxError>,
    {
        let apps = self.wechat.entries().filter_map(|entry| {
            let recipient = entry.callback.clone()?.for_app(entry.appid.clone());
            let callback = Callback::new(recipient, handler.clone());
            Some((
                entry.appid.clone(),
                callback
                    .clock(self.wechat.clock().clone())
                    .shared_runtime(self.wechat.runtime().clone()),
            ))
        });
        let callbacks = Arc::new(apps.collect());
        Routes {
            wechat: self.wechat,
            prefix: self.prefix,
            options: self.options,
            userinfo: self.userinfo,
            tokens: self.tokens,
            callbacks,
        }
    }
}

impl<H> Routes<H> {
    /// The part of the path that the host's server leaves in front, such as `/v1/service/wx`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = prefix.as_ref().trim_end_matches('/').into();
        self
    }

    /// Lets only callers with one of these keys use the JSON routes, as
    /// `Authorization: Bearer KEY`. `wxmsg` needs none: its pushes are signed.
    ///
    /// Without keys everyone who reaches the routes may use them.
    #[must_use]
    pub fn access_keys(mut self, keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        self.options.access = AccessKeys::new(keys);
        self
    }

    /// Answers every failure with HTTP 200, for callers that look at `ret.code` only.
    #[must_use]
    pub fn failures_as_200(mut self) -> Self {
        self.options.failures_as_200 = true;
        self
    }

    /// Changes the callbacks of all apps, for example their limits.
    ///
    /// ```
    /// # let sandbox = tower_wechat::sandbox::Sandbox::new();
    /// # let wechat = sandbox.wechat();
    /// use tower_wechat::{Message, handler_fn};
    ///
    /// let routes = wechat.routes().on_message(handler_fn(|_: Message| async { "hello" }));
    /// let routes = routes.callbacks(|callback| callback.body_limit(16 << 10));
    /// ```
    #[must_use]
    pub fn callbacks(mut self, change: impl Fn(Callback<H>) -> Callback<H>) -> Self
    where
        H: Clone,
    {
        let callbacks = self.callbacks.iter();
        let changed = callbacks.map(|(appid, callback)| (appid.clone(), change(callback.clone())));
        self.callbacks = Arc::new(changed.collect());
        self
    }

    /// Writes users' access and refresh tokens into answers, where they are empty otherwise.
    #[must_use]
    pub fn expose_tokens(mut self) -> Self {
        self.userinfo.expose_tokens = true;
        self
    }

    /// Serves the apps' access tokens and tickets at `token`, to callers with one of these keys;
    /// those of [`access_keys`](Self::access_keys) do not count there. See [`TokenService`].
    ///
    /// # Errors
    /// Those of [`TokenService::new`].
    pub fn serve_tokens(
        mut self,
        keys: impl IntoIterator<Item = impl Into<Secret>>,
    ) -> Result<Self, Error> {
        self.tokens = Some(TokenService::new(self.wechat.clone(), keys)?);
        Ok(self)
    }

    /// The callback that a path below the mount is of: the part after `wxmsg`.
    fn callback(&self, rest: &str) -> Option<&Callback<H>> {
        match rest.strip_prefix('/') {
            Some(appid) => self.callbacks.get(appid),
            // Which app is meant must be in the address when there are several.
            None if rest.is_empty() && self.callbacks.len() == 1 => self.callbacks.values().next(),
            None => None,
        }
    }
}

impl<B, H> Service<Request<B>> for Routes<H>
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
    H: Service<Message> + Clone,
    H::Response: IntoReply,
    H::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture<B, H>;

    /// Always ready: what a request needs is waited for in its own future.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = request.uri().path();
        let path = path.strip_prefix(&*self.prefix).unwrap_or_default();
        let route = path.strip_prefix('/').unwrap_or_default();
        if let Some(rest) = route.strip_prefix("wxmsg")
            && let Some(callback) = self.callback(rest)
        {
            return ResponseFuture::callback(callback.answer(request));
        }
        if route == ServeToken::NAME
            && let Some(tokens) = &self.tokens
        {
            let mut tokens = match self.options.failures_as_200 {
                true => tokens.clone().failures_as_200(),
                false => tokens.clone(),
            };
            return ResponseFuture::json(tokens.call(request));
        }
        let options = self.options.clone();
        match route {
            "getwxuserinfo" => {
                ResponseFuture::json(json::serve(self.userinfo.clone(), options, request))
            }
            "getwxqrcode" => {
                let route = Qrcode::new(self.wechat.clone());
                ResponseFuture::json(json::serve(route, options, request))
            }
            "sendwxtemplatemsg" => {
                let route = TemplateMessage::new(self.wechat.clone());
                ResponseFuture::json(json::serve(route, options, request))
            }
            "getunlimitedqrcode" => {
                let route = UnlimitedQrcode::new(self.wechat.clone());
                ResponseFuture::json(json::serve(route, options, request))
            }
            "getuserphone" => {
                let route = Phone::new(self.wechat.clone());
                ResponseFuture::json(json::serve(route, options, request))
            }
            _ => {
                let failure = Failure::new(
                    StatusCode::NOT_FOUND,
                    RetCode::OTHER,
                    "no such route: there are getwxuserinfo, getwxqrcode, getunlimitedqrcode, \
                     getuserphone, sendwxtemplatemsg, wxmsg (when exactly one app receives pushes) \
                     and wxmsg/{appid}",
                );
                let id = RequestId::of(&request);
                ResponseFuture::ready(envelope::failure(&failure, &id, false))
            }
        }
    }
}

impl<H> fmt::Debug for Routes<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("prefix", &self.prefix)
            .field("wxmsg", &self.callbacks.keys())
            .finish_non_exhaustive()
    }
}
